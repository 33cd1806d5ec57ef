// The server under test, as tests/clients/run started it, and what the tests of all clients share.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { inspect } from 'node:util';

export const url = process.env.ROLLCALL_URL;

// A session of records.jsonl by its number there.
export const uuid = (number) => `c11e0000-0000-4000-8000-${String(number).padStart(12, '0')}`;

// A Prelude access token for a session, as the command line makes it.
export function accessToken(session) {
    const { ROLLCALL, ROLLCALL_STORE } = process.env;
    return execFileSync(ROLLCALL, ['--store', ROLLCALL_STORE, 'token', session], { encoding: 'utf8' }).trim();
}

// What a promise is rejected with; one that is kept fails the test.
export async function refusal(promise) {
    let answer;
    try {
        answer = await promise;
    } catch (error) {
        return error;
    }
    assert.fail(`not refused, but answered: ${inspect(answer?.data ?? answer)}`);
}
