// @prelude.so/js-sdk, in what stands in for a browser.
import assert from 'node:assert/strict';
import test from 'node:test';
import { keepRefreshToken, logIn, sent } from './browser.mjs';
import { accessToken, refusal, url, uuid } from './server.mjs';

const { PrldErrors, PrldSessionClient } = await import('@prelude.so/js-sdk/session');

// A client of its own host, and so with a store of its own, that holds that access token.
let hosts = 0;
function clientWith(token) {
    const domain = `host-${++hosts}.session.example`;
    if (token !== undefined)
        logIn(domain, token);
    return new PrldSessionClient({ domain });
}

const clientOf = (number) => clientWith(accessToken(uuid(number)));
const ids = (list) => list.sessions.map((session) => session.id);

// Being refused, the SDK tries to get itself a new access token, once; without success, it says so.
async function assertUnauthorized(client, call, request) {
    sent.length = 0;
    const error = await refusal(call(client));
    assert.ok(error instanceof PrldErrors.Unauthorized, String(error));
    const went = sent.map((line) => line.replace(/(refresh) 4\d\d$/, '$1 4xx'));
    assert.deepEqual(went, [`${request} 401`, 'POST /v1/session/refresh 4xx']);
}

const list = (client) => client.listSessions();
const revokeAll = (client) => client.revokeSessions('all');
const listRequest = 'GET /v1/session/me/list';
const revokeRequest = 'POST /v1/session/me/revoke?target=all';

test('Prelude: sessions are listed, one is revoked, and it is gone from the list', async () => {
    const kay = clientOf(401);
    const before = await kay.listSessions();
    assert.deepEqual([before.total, before.limit, before.offset, before.sessions.length], [4, 10, 0, 4]);
    const created = before.sessions.map((session) => session.created_at);
    assert.deepEqual(created, [...created].sort().reverse());
    const [own, phone] = before.sessions;
    assert.equal(own.id, await kay.getSessionId());
    assert.deepEqual([own.device_type, own.device_model, own.os_version, own.country_code],
        ['desktop', 'PC', 'Windows 10', 'FR']);
    assert.deepEqual([phone.device_type, phone.device_model, phone.os_version, phone.country_code],
        ['mobile', 'iPhone 15 Pro', 'iOS 17.4', 'US']);

    const elsewhere = clientOf(402);
    assert.equal((await elsewhere.listSessions()).total, 4);
    await kay.revokeSessions('session', phone.id);
    const after = await kay.listSessions();
    assert.equal(after.total, 3);
    assert.deepEqual(ids(after), ids(before).filter((id) => id !== phone.id));
    await assertUnauthorized(elsewhere, list, listRequest);
});

test('Prelude: pages, and a page that cannot be', async () => {
    const kay = clientOf(401);
    const all = await kay.listSessions({ limit: 100 });
    const page = await kay.listSessions({ limit: 1, offset: 1 });
    assert.deepEqual(page, { sessions: [all.sessions[1]], total: 3, limit: 1, offset: 1 });
    assert.deepEqual(await kay.listSessions({ offset: 99 }), { sessions: [], total: 3, limit: 10, offset: 99 });
    for (const wrong of [{ limit: 0 }, { limit: 101 }, { offset: -1 }]) {
        const error = await refusal(kay.listSessions(wrong));
        assert.ok(error instanceof PrldErrors.BadRequest, String(error));
    }
});

test('Prelude: a session that is not there, or somebody else\'s, is not found', async () => {
    const kay = clientOf(401);
    const mia = clientOf(421);
    for (const id of [await mia.getSessionId(), 'ses_00000000000000000000000000', 'nonsense']) {
        const error = await refusal(kay.revokeSessions('session', id));
        assert.ok(error instanceof PrldErrors.NotFound, String(error));
    }
    assert.equal((await mia.listSessions()).total, 1);
});

test('Prelude: all other sessions are revoked at once', async () => {
    const kay = clientOf(401);
    await kay.revokeSessions('others');
    const left = await kay.listSessions();
    assert.deepEqual(ids(left), [await kay.getSessionId()]);
});

test('Prelude: who revokes its own session, or all of them, is out', async () => {
    const lou = [clientOf(411), clientOf(412)];
    const token = accessToken(uuid(411));
    await lou[0].revokeSessions('mine');
    assert.equal((await lou[1].listSessions()).total, 1);
    // The SDK has forgotten its token; the token itself is no good any more, either.
    await assertUnauthorized(lou[0], list, listRequest);
    await assertUnauthorized(clientWith(token), list, listRequest);
    await lou[1].revokeSessions('all');
    await assertUnauthorized(lou[1], list, listRequest);
});

test('Prelude: 401 without a token, with nonsense for one, and with one of a changed signature', async () => {
    const good = accessToken(uuid(421));
    const changed = good.slice(0, -6) + (good.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA');
    for (const token of [undefined, 'nonsense', changed]) {
        await assertUnauthorized(clientWith(token), list, listRequest);
        await assertUnauthorized(clientWith(token), revokeAll, revokeRequest);
    }
    assert.equal((await clientWith(good).listSessions()).total, 1);
});

// What an application's own login code does: it begins a session, and hands the refresh token on.
async function begin(user) {
    const answer = await fetch(`${url}/rollcall/v1/sessions`, {
        method: 'POST',
        headers: { Authorization: 'Bearer rk_clients' },
        body: JSON.stringify({ user }),
    });
    assert.equal(answer.status, 201);
    return (await answer.json()).credentials.refresh_token;
}

// Last, since it is the SDK's one host that the server is known by.
test('Prelude: a refresh token is used up for the next one, with proofs, until logout', async () => {
    const domain = 'prelude.session.example';
    await keepRefreshToken(domain, await begin('nia'));
    const nia = new PrldSessionClient({ domain });
    sent.length = 0;
    // Without an access token the SDK is refused, is asked for a nonce, and goes on by itself.
    assert.equal((await nia.listSessions()).total, 1);
    assert.deepEqual(sent, [`${listRequest} 401`, 'POST /v1/session/refresh 400',
        'POST /v1/session/refresh 200', `${listRequest} 200`]);
    for (let round = 0; round < 3; round++) {
        nia.invalidateCache();
        sent.length = 0;
        await nia.refresh();
        assert.deepEqual(sent, ['POST /v1/session/refresh 200']);
    }
    assert.equal((await nia.listSessions()).total, 1);
    sent.length = 0;
    await nia.logout();
    assert.deepEqual(sent, ['POST /v1/session/revoke 204']);
    await assertUnauthorized(nia, list, listRequest);
});
