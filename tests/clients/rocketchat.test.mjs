// @rocket.chat/api-client, which keeps credentials but does not log in: that is a plain request.
import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import test from 'node:test';
import { refusal, url } from './server.mjs';

// Node.js 18 has it, but not by this name; the client asks of every value it posts whether it is one.
globalThis.File ??= File;
const { RestClient } = await import('@rocket.chat/api-client');

async function login(resume) {
    const body = JSON.stringify({ resume });
    const headers = { 'Content-Type': 'application/json' };
    return fetch(`${url}/api/v1/login`, { method: 'POST', headers, body });
}

function clientWith(userId, authToken) {
    return new RestClient({ baseUrl: url, credentials: { 'X-User-Id': userId, 'X-Auth-Token': authToken } });
}

async function clientOf(resume) {
    const { status, data } = await (await login(resume)).json();
    assert.equal(status, 'success');
    assert.equal(data.authToken, resume);
    return clientWith(data.userId, data.authToken);
}

const sessionIds = (list) => list.sessions.map((session) => session.sessionId);

// The client rejects with the Response itself.
async function assertRefused(promise, status, expected) {
    const answer = await refusal(promise);
    assert.ok(answer instanceof Response, String(answer));
    const body = await answer.json();
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.equal(body.success, false);
    assert.equal(body.error, expected);
}

const assertStranger = (promise) => assertRefused(promise, 401, 'You must be logged in to do this.');
const assertNoAdmin = (promise) => assertRefused(promise, 403,
    'User does not have the permissions required for this action [error-unauthorized]');

test('Rocket.Chat: own sessions are listed, one is logged out, and it is gone from the list', async () => {
    const gil = await clientOf('gil-laptop-token');
    assert.equal((await gil.get('/v1/me')).username, 'gil');
    const list = await gil.get('/v1/sessions/list');
    assert.deepEqual(sessionIds(list), ['GiLaptop111111111', 'GiPhone1111111111']);
    assert.deepEqual([list.total, list.count, list.offset, list.success], [2, 50, 0, true]);
    assert.deepEqual(list.sessions.map((session) => session.current), [true, false]);
    assert.deepEqual(list.sessions[1].device,
        { type: 'mobile', name: 'Mobile Safari', longVersion: '17.4.1', os: { name: 'iOS', version: '17.4' }, version: '17.4' });

    const phone = await clientOf('gil-phone-token');
    assert.deepEqual(await gil.post('/v1/sessions/logout.me', { sessionId: 'GiPhone1111111111' }),
        { sessionId: 'GiPhone1111111111', success: true });
    assert.deepEqual(sessionIds(await gil.get('/v1/sessions/list')), ['GiLaptop111111111']);
    await assertStranger(phone.get('/v1/sessions/list'));
});

test('Rocket.Chat: filter, sort and paging arrive as the client encodes them', async () => {
    const ida = await clientOf('ida-token');
    const list = await ida.get('/v1/sessions/list',
        { filter: 'FIREFOX', sort: JSON.stringify({ 'device.os.name': 1, loginAt: -1 }), count: 1, offset: 0 });
    assert.deepEqual([sessionIds(list), list.total, list.count], [['idaLaptop11111111'], 1, 1]);
    assert.deepEqual(sessionIds(await ida.get('/v1/sessions/list', { filter: 'safari' })), []);
    await assertRefused(ida.get('/v1/sessions/list', { sort: JSON.stringify({ ip: 1 }) }), 400, 'error-invalid-sort-keys');
});

test('Rocket.Chat: one session in full, also when it has ended, but nobody else\'s', async () => {
    const gil = await clientOf('gil-laptop-token');
    const own = await gil.get('/v1/sessions/info', { sessionId: 'GiLaptop111111111' });
    assert.deepEqual([own.sessionId, own.host, own.logoutAt], ['GiLaptop111111111', 'chat.example.com', undefined]);
    const ended = await gil.get('/v1/sessions/info', { sessionId: 'GiOLd111111111111' });
    assert.match(ended.logoutAt, /^\d{4}-.*Z$/);
    const foreign = { sessionId: 'jonLaptop11111111' };
    await assertRefused(gil.get('/v1/sessions/info', foreign), 404, 'Session not found');
    await assertRefused(gil.post('/v1/sessions/logout.me', foreign), 404, 'Session not found');
    await assertRefused(gil.post('/v1/sessions/logout.me', {}), 400,
        "must have required property 'sessionId' [invalid-params]");
});

test('Rocket.Chat: a user who is no administrator is refused what is an administrator\'s', async () => {
    const jon = await clientOf('jon-token');
    const sessionId = 'HaPhone1111111111';
    await assertNoAdmin(jon.get('/v1/sessions/list.all'));
    await assertNoAdmin(jon.get('/v1/sessions/info.admin', { sessionId }));
    await assertNoAdmin(jon.post('/v1/sessions/logout', { sessionId }));
});

test('Rocket.Chat: an administrator lists all sessions, logs one out, and its holder is out', async () => {
    const ida = await clientOf('ida-token');
    const hal = await clientOf('hal-token');
    const sessionId = 'HaPhone1111111111';
    const before = await ida.get('/v1/sessions/list.all');
    assert.ok(sessionIds(before).includes(sessionId));
    assert.deepEqual(before.sessions.find((session) => session.sessionId === sessionId)._user,
        { username: 'hal', name: 'Hal' });
    const info = await ida.get('/v1/sessions/info.admin', { sessionId });
    assert.deepEqual([info.sessionId, info._user.username, info.success], [sessionId, 'hal', true]);
    assert.deepEqual(await ida.post('/v1/sessions/logout', { sessionId }), { sessionId, success: true });
    const after = await ida.get('/v1/sessions/list.all');
    assert.equal(after.total, before.total - 1);
    assert.ok(!sessionIds(after).includes(sessionId));
    await assertStranger(hal.get('/v1/sessions/list'));
});

test('Rocket.Chat: who logs out its own session is out, and cannot resume', async () => {
    const jon = await clientOf('jon-token');
    await jon.post('/v1/sessions/logout.me', { sessionId: 'jonLaptop11111111' });
    await assertStranger(jon.get('/v1/me'));
    await assertStranger(jon.post('/v1/sessions/logout.me', { sessionId: 'jonLaptop11111111' }));
    const again = await login('jon-token');
    assert.equal(again.status, 401);
    assert.equal((await again.json()).message, 'Unauthorized');
});

test('Rocket.Chat: 401 without credentials, with a wrong token, and with a token of somebody else', async () => {
    const strangers = [new RestClient({ baseUrl: url }), clientWith('gi1gi1gi1gi1gi1gi', 'no-such-token'),
        clientWith('idaidaidaidaidaid', 'gil-laptop-token')];
    for (const stranger of strangers) {
        await assertStranger(stranger.get('/v1/sessions/list'));
        await assertStranger(stranger.get('/v1/sessions/info', { sessionId: 'GiLaptop111111111' }));
        await assertStranger(stranger.get('/v1/sessions/list.all'));
        await assertStranger(stranger.get('/v1/sessions/info.admin', { sessionId: 'GiLaptop111111111' }));
        await assertStranger(stranger.post('/v1/sessions/logout.me', { sessionId: 'GiLaptop111111111' }));
        await assertStranger(stranger.post('/v1/sessions/logout', { sessionId: 'GiLaptop111111111' }));
    }
});

test('Rocket.Chat: the session in use is logged out by the call that is for that', async () => {
    const gil = await clientOf('gil-laptop-token');
    const { status, data } = await gil.post('/v1/logout', {});
    assert.deepEqual([status, data.message], ['success', "You've been logged out!"]);
    await assertStranger(gil.get('/v1/sessions/list'));
});
