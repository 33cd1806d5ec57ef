// @corbado/node-sdk: its generated calls on long and short sessions, its check of the latter, and the two calls of
// today's Backend API, for which it has no names yet, by its own HTTP client.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Config, SDK } from '@corbado/node-sdk';
import { ServerError } from '@corbado/node-sdk/errors';
import { refusal, url } from './server.mjs';

// These are not among the package's exports.
const inside = (path) => import(new URL(`node_modules/@corbado/node-sdk/esm/${path}`, import.meta.url));
const { SessionsApi } = await inside('generated/api.js');
const { Helper } = await inside('helpers/index.js');

function clientOf(secret, project = 'pro-7') {
    const sdk = new SDK(new Config(project, secret, url, url));
    return { sdk, http: sdk.axiosClient, api: new SessionsApi(undefined, '', sdk.axiosClient) };
}
const { sdk, http, api } = clientOf('corbado1_clients');
const web = { appType: 'web', identifierValue: 'new@example.com' };

async function list(params) {
    const { data } = await http.get('/sessions', { params });
    return data;
}

const statuses = (page) => page.sessions.map((session) => session.status);
const own = { sort: 'created:desc', filter: ['userID:eq:usr-100'] };

// The SDK's own view of an error.
async function serverError(promise) {
    const error = Helper.convertToServerError(await refusal(promise), 'test');
    assert.ok(error instanceof ServerError);
    assert.match(error.getRequestId(), /^req-/);
    return error;
}

async function assertInvalid(promise, message) {
    const error = await serverError(promise);
    assert.equal(error.getHttpStatusCode(), 400, error.message);
    assert.equal(error.getError().type, 'validation_error');
    assert.deepEqual(error.getValidationMessages(), [message]);
}

async function assertLoginError(promise) {
    const error = await serverError(promise);
    assert.equal(error.getHttpStatusCode(), 401, error.message);
    assert.equal(error.getError().type, 'login_error');
}

test('Corbado: sessions are listed, one is revoked, and the list says so', async () => {
    const before = await list(own);
    assert.deepEqual(statuses(before), ['active', 'active', 'active', 'logged_out']);
    assert.deepEqual(before.paging, { page: 1, totalPages: 1, totalItems: 4 });
    assert.equal(before.sessions[0].identifierValue, 'eve@example.com');
    const { sessionID } = before.sessions[1];
    const { data } = await http.post(`/sessions/${sessionID}/revoke`);
    assert.deepEqual(Object.keys(data), ['httpStatusCode', 'message', 'requestData', 'runtime']);
    assert.deepEqual([data.httpStatusCode, data.message], [200, 'OK']);
    assert.deepEqual(statuses(await list(own)), ['active', 'revoked', 'active', 'logged_out']);
    const revoked = await list({ filter: [...own.filter, 'status:eq:revoked'] });
    assert.deepEqual(revoked.sessions.map((session) => session.sessionID), [sessionID]);
});

test('Corbado: pages, and an empty sort as the SDK sends it', async () => {
    const second = await list({ ...own, sort: '', page: 2, pageSize: 3 });
    assert.deepEqual(statuses(second), ['logged_out']);
    assert.deepEqual(second.paging, { page: 2, totalPages: 2, totalItems: 4 });
    await assertInvalid(http.get('/sessions', { params: { sort: 'createdAt:desc' } }),
        'createdAt: not sortable by this column');
});

test('Corbado: an id that is nobody\'s, or none at all, cannot be revoked', async () => {
    await assertInvalid(http.post(`/sessions/${'0'.repeat(30)}/revoke`), 'sessionID: does not exist');
    await assertInvalid(http.post('/sessions/short/revoke'), 'sessionID: the length must be exactly 30');
});

test('Corbado: a long session is made, read, refreshed and revoked', async () => {
    const { data: made } = await api.longSessionCreate('usr-300', web);
    assert.equal(made.longSessionID.length, 30);
    assert.deepEqual([made.userID, made.identifierValue, made.status], ['usr-300', 'new@example.com', 'active']);
    assert.match(made.expires, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    assert.deepEqual((await api.longSessionGet(made.longSessionID)).data, made);
    assert.deepEqual((await api.userLongSessionGet('usr-300', made.longSessionID)).data, made);

    const short = { appType: 'web', issuer: url };
    const { data: token } = await api.shortSessionCreate('usr-300', made.longSessionID, short);
    assert.deepEqual(await sdk.sessions().validateToken(token.value), { userId: 'usr-300', fullName: '' });

    const { data: ended } = await api.longSessionUpdate('usr-300', made.longSessionID, { status: 'revoked' });
    assert.deepEqual(ended, { ...made, status: 'revoked' });
    assert.equal((await api.longSessionGet(made.longSessionID)).data.status, 'revoked');
    const page = await list({ filter: ['userID:eq:300'] });
    assert.deepEqual(statuses(page), ['revoked']);
    await assertInvalid(api.shortSessionCreate('usr-300', made.longSessionID, short), 'longSessionID: is not active');
    await assertInvalid(api.longSessionUpdate('usr-300', made.longSessionID, { status: 'active' }),
        'status: cannot be set');
});

test('Corbado: the SDK refuses a short session of another issuer, and one that was tampered with', async () => {
    const { data: made } = await api.longSessionCreate('usr-301', web);
    const elsewhere = { appType: 'web', issuer: 'https://elsewhere.example' };
    const { data: foreign } = await api.shortSessionCreate('usr-301', made.longSessionID, elsewhere);
    assert.equal((await refusal(sdk.sessions().validateToken(foreign.value))).name, 'INVALID_ISSUER');
    const { data: token } = await api.shortSessionCreate('usr-301', made.longSessionID, { appType: 'web', issuer: url });
    const [header, payload] = foreign.value.split('.');
    const forged = [header, payload, token.value.split('.')[2]].join('.');
    assert.equal((await refusal(sdk.sessions().validateToken(forged))).name, 'JWT_INVALID');
});

test('Corbado: a long session of another user, or an incomplete one, is refused', async () => {
    const { data: made } = await api.longSessionCreate('usr-302', web);
    await assertInvalid(api.userLongSessionGet('usr-200', made.longSessionID), 'longSessionID: does not exist');
    await assertInvalid(api.longSessionGet('0'.repeat(30)), 'longSessionID: does not exist');
    await assertInvalid(api.longSessionCreate('usr-302', { appType: 'web', identifierValue: '' }),
        'identifierValue: cannot be blank');
    await assertInvalid(api.longSessionUpdate('usr-302', made.longSessionID, { status: 'asleep' }),
        'status: must be a valid value');
});

test('Corbado: 401 for a wrong secret and for another project, in every call', async () => {
    const { sessions } = await list({ filter: ['userID:eq:usr-200'] });
    const id = sessions[0].sessionID;
    for (const wrong of [clientOf('corbado1_wrong'), clientOf('corbado1_clients', 'pro-8')]) {
        await assertLoginError(wrong.http.get('/sessions'));
        await assertLoginError(wrong.http.post(`/sessions/${id}/revoke`));
        await assertLoginError(wrong.api.longSessionCreate('usr-200', web));
        await assertLoginError(wrong.api.longSessionGet(id));
        await assertLoginError(wrong.api.userLongSessionGet('usr-200', id));
        await assertLoginError(wrong.api.longSessionUpdate('usr-200', id, { status: 'revoked' }));
        await assertLoginError(wrong.api.shortSessionCreate('usr-200', id, { appType: 'web', issuer: url }));
    }
    assert.deepEqual(statuses(await list({ filter: ['userID:eq:usr-200'] })), ['active']);
});

test('Corbado: what is not served is told in the way the SDK reads', async () => {
    const error = await refusal(sdk.users().get('usr-100'));
    assert.ok(error instanceof ServerError, String(error));
    assert.equal(error.getHttpStatusCode(), 404);
    assert.equal(error.getError().type, 'not_found');
});
