// @ory/client: a user's own sessions through FrontendApi, everybody's through IdentityApi.
import assert from 'node:assert/strict';
import test from 'node:test';
import ory from '@ory/client';
import { refusal, url, uuid } from './server.mjs';

const ann = '8a0c8f0e-32a1-4c53-9d0e-5d5a41a6a001';
const cid = '8a0c8f0e-32a1-4c53-9d0e-5d5a41a6a003';
const dee = '8a0c8f0e-32a1-4c53-9d0e-5d5a41a6a004';
const frontend = new ory.FrontendApi(new ory.Configuration({ basePath: url }));
const admin = new ory.IdentityApi(new ory.Configuration({ basePath: url, accessToken: 'ory_pat_clients' }));
const laptop = { xSessionToken: 'ory_st_ann_laptop' };

const ids = (answer) => answer.data.map((session) => session.id);

async function listed(options) {
    return ids(await frontend.listMySessions({ ...laptop, ...options }));
}

// Where a Link header says the next page is; undefined on the last one.
function nextPageToken(answer) {
    const link = /<([^>]*)>; ?rel="next"/.exec(answer.headers.link);
    return link ? new URL(link[1], url).searchParams.get('page_token') : undefined;
}

// The ids of each page, followed by Link from the first one to the last.
async function pages(fetchPage) {
    const found = [];
    let pageToken;
    do {
        const answer = await fetchPage({ pageSize: 2, pageToken });
        found.push(ids(answer));
        pageToken = nextPageToken(answer);
    } while (pageToken && found.length < 9);
    return found;
}

function assertError(error, status, member, text) {
    assert.equal(error.response?.status, status, `${error.message}: ${JSON.stringify(error.response?.data)}`);
    assert.equal(error.response.data.error.code, status);
    assert.equal(error.response.data.error[member], text);
}

test('Ory: whoami by session token, by cookie and by bearer token', async () => {
    const { data, headers } = await frontend.toSession(laptop);
    assert.equal(data.id, uuid(101));
    assert.equal(data.active, true);
    assert.equal(data.identity.id, ann);
    assert.deepEqual(data.identity.traits, { email: 'ann@example.com' });
    assert.equal(data.devices[0].ip_address, '203.0.113.7');
    assert.equal(headers['x-kratos-authenticated-identity-id'], ann);
    const byCookie = await frontend.toSession({ cookie: 'ory_kratos_session=ory_st_ann_laptop' });
    assert.equal(byCookie.data.id, uuid(101));
    const byBearer = await frontend.toSession({}, { headers: { Authorization: 'Bearer ory_st_ann_laptop' } });
    assert.equal(byBearer.data.id, uuid(101));
});

test('Ory: own sessions are listed, one is revoked, and it is gone from the list', async () => {
    const first = await frontend.listMySessions(laptop);
    assert.deepEqual(ids(first), [uuid(102), uuid(103), uuid(104)]);
    assert.equal(first.headers['x-total-count'], '3');
    assert.deepEqual(await pages((page) => frontend.listMySessions({ ...laptop, ...page })), [
        [uuid(102), uuid(103)],
        [uuid(104)],
    ]);
    const revoked = await frontend.disableMySession({ id: uuid(102), ...laptop });
    assert.equal(revoked.status, 204);
    assert.deepEqual(await listed(), [uuid(103), uuid(104)]);
});

test('Ory: the current session cannot be revoked, and a foreign one is left alone', async () => {
    const own = await refusal(frontend.disableMySession({ id: uuid(101), ...laptop }));
    assertError(own, 400, 'message', 'cannot revoke current session');
    const malformed = await refusal(frontend.disableMySession({ id: 'BADUUID', ...laptop }));
    assertError(malformed, 400, 'message', 'uuid: incorrect UUID length 7 in string "BADUUID"');
    const foreign = await frontend.disableMySession({ id: uuid(111), ...laptop });
    assert.equal(foreign.status, 204);
    const { data } = await frontend.toSession({ xSessionToken: 'ory_st_ben' });
    assert.equal(data.active, true);
});

test('Ory: all other sessions are revoked at once', async () => {
    const { data } = await frontend.disableMyOtherSessions(laptop);
    // It counts those that had ended before, as Kratos does.
    assert.deepEqual(data, { count: 4 });
    assert.deepEqual(await listed(), []);
    assert.equal((await frontend.toSession(laptop)).data.active, true);
});

test('Ory: 401 for no token, an unknown one, and one of a session that was revoked', async () => {
    const whoami = 'No valid session credentials found in the request.';
    const others = 'No valid session cookie found.';
    assertError(await refusal(frontend.toSession()), 401, 'reason', whoami);
    for (const xSessionToken of ['ory_st_nobody', 'ory_st_ann_phone', 'ory_st_ann_gone']) {
        assertError(await refusal(frontend.toSession({ xSessionToken })), 401, 'reason', whoami);
        assertError(await refusal(frontend.listMySessions({ xSessionToken })), 401, 'reason', others);
        assertError(await refusal(frontend.disableMyOtherSessions({ xSessionToken })), 401, 'reason', others);
        const id = uuid(101);
        assertError(await refusal(frontend.disableMySession({ id, xSessionToken })), 401, 'reason', others);
    }
    assert.equal((await frontend.toSession(laptop)).data.active, true);
});

test('Ory: the administrator lists all sessions, page by page, active ones, and with what belongs to them', async () => {
    const all = [uuid(121), uuid(122), uuid(123), uuid(124), uuid(125)];
    const plain = await admin.listSessions();
    assert.deepEqual(ids(plain), all);
    assert.deepEqual([plain.data[0].identity, plain.data[0].devices], [null, null]);
    assert.deepEqual((await pages((page) => admin.listSessions(page))).flat(), all);
    assert.deepEqual(ids(await admin.listSessions({ active: false })), [uuid(123)]);
    const expanded = await admin.listSessions({ active: true, expand: ['identity', 'devices'] });
    assert.deepEqual(ids(expanded), [uuid(121), uuid(122), uuid(124), uuid(125)]);
    assert.equal(expanded.data[0].identity.id, cid);
    assert.equal(expanded.data[0].devices[0].user_agent, 'curl');
});

test('Ory: the administrator revokes one session, and it stays as an inactive one', async () => {
    const before = await admin.getSession({ id: uuid(122), expand: ['identity'] });
    assert.deepEqual([before.data.active, before.data.identity.id], [true, cid]);
    assert.deepEqual(before.data.identity.metadata_admin, { crm: 'A-7' });
    assert.equal((await admin.disableSession({ id: uuid(122) })).status, 204);
    assert.equal((await admin.getSession({ id: uuid(122) })).data.active, false);
    assert.deepEqual(ids(await admin.listSessions({ active: false })), [uuid(122), uuid(123)]);
    assert.equal((await admin.disableSession({ id: uuid(122) })).status, 204);
    const unknown = await refusal(admin.disableSession({ id: uuid(999) }));
    assertError(unknown, 404, 'message', 'Unable to locate the resource');
});

test('Ory: the administrator extends a session', async () => {
    const before = await admin.getSession({ id: uuid(124) });
    const extended = await admin.extendSession({ id: uuid(124) });
    assert.ok([200, 204].includes(extended.status), `status ${extended.status}`);
    const after = await admin.getSession({ id: uuid(124) });
    const days = (Date.parse(after.data.expires_at) - Date.parse(before.data.expires_at)) / 86400e3;
    assert.ok(days > 28, `${before.data.expires_at} became ${after.data.expires_at}`);
});

test('Ory: the administrator lists the sessions of an identity, and deletes them', async () => {
    const listOf = async (id, options) => ids(await admin.listIdentitySessions({ id, ...options }));
    assert.deepEqual(await listOf(cid), [uuid(121), uuid(122), uuid(123)]);
    assert.deepEqual(await listOf(cid, { active: true }), [uuid(121)]);
    assert.equal((await admin.deleteIdentitySessions({ id: cid })).status, 204);
    assert.deepEqual(await listOf(cid), []);
    assert.deepEqual(ids(await admin.listSessions()), [uuid(124), uuid(125)]);
    assert.deepEqual(await listOf(dee), [uuid(124), uuid(125)]);
    const again = await refusal(admin.deleteIdentitySessions({ id: cid }));
    assertError(again, 404, 'message', 'Unable to locate the resource');
});

test('Ory: 401 for an administrator with no key, a wrong one, and a session token', async () => {
    for (const accessToken of [undefined, 'ory_pat_wrong', 'ory_st_ann_laptop']) {
        const wrong = new ory.IdentityApi(new ory.Configuration({ basePath: url, accessToken }));
        const message = 'The request could not be authorized';
        assertError(await refusal(wrong.listSessions()), 401, 'message', message);
        assertError(await refusal(wrong.disableSession({ id: uuid(125) })), 401, 'message', message);
        assertError(await refusal(wrong.deleteIdentitySessions({ id: dee })), 401, 'message', message);
    }
    assert.equal((await admin.getSession({ id: uuid(125) })).data.active, true);
});
