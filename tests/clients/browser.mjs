// What @prelude.so/js-sdk, written for browsers, looks for and Node.js has not. To be imported before it.
import { webcrypto } from 'node:crypto';
import { url } from './server.mjs';

// Its entries are properties of its own: the SDK lists them with Object.keys().
class Storage {
    getItem(key) {
        return Object.hasOwn(this, key) ? this[key] : null;
    }
    setItem(key, value) {
        this[key] = String(value);
    }
    removeItem(key) {
        delete this[key];
    }
}

// A browser has many tabs that lock each other out; here is only one.
const locks = { request: async (_name, _options, run) => run() };

function provide(name, value) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

provide('window', globalThis);
provide('isSecureContext', true);
provide('localStorage', new Storage());
provide('navigator', { userAgent: 'Node.js', locks });
globalThis.addEventListener ??= () => {};
// A global only from Node.js 20 on.
globalThis.crypto ??= webcrypto;
await import('fake-indexeddb/auto');

// What the SDK sent to a server, and the status of the answer.
export const sent = [];

// It speaks HTTPS with a host of its own for each app. That is led to the server under test, with what a proxy that
// ends TLS would add. All else goes where it is meant to go: the SDK reads what it brings along from data: addresses.
const network = globalThis.fetch;
provide('fetch', async (address, options = {}) => {
    const { protocol, host, pathname, search } = new URL(address);
    if (protocol !== 'https:')
        return network(address, options);
    const headers = { ...options.headers, 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': host };
    const answer = await network(url + pathname + search, { ...options, headers });
    sent.push(`${options.method ?? 'GET'} ${pathname}${search} ${answer.status}`);
    return answer;
});

// Leaves behind what a login would: from then on the SDK has an access token for that host.
export function logIn(host, token) {
    const expires = Math.floor(Date.now() / 1000) + 300;
    const body = { app_id: host, access_token: token, expires_at: expires };
    localStorage.setItem(`__preludejs__::${host}`, JSON.stringify({ body, expiresAt: expires }));
}

// The same for a refresh token, which the SDK keeps in a database of its own.
export function keepRefreshToken(host, token) {
    return new Promise((resolve, reject) => {
        const opening = indexedDB.open('prld', 2);
        opening.onupgradeneeded = () => {
            for (const name of ['dpop_keys', 'refresh_tokens'])
                opening.result.createObjectStore(name, { keyPath: 'domain' });
        };
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
            const change = opening.result.transaction('refresh_tokens', 'readwrite');
            change.objectStore('refresh_tokens')
                .put({ domain: host, refreshToken: token, refreshTokenExpiresAt: '' });
            change.onerror = () => reject(change.error);
            change.oncomplete = () => {
                opening.result.close();
                resolve();
            };
        };
    });
}
