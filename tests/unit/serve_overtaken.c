/* Two requests about one session: what was looked at may be another by the time it is written, and
 * no answer shows what never was. */
#include <dlfcn.h>
#include <lmdb.h>

#include "base/clock.h"
#include "store/env.h"
#include "support/asking.h"
#include "support/suite.h"

SUITE(serve_overtaken);

#define ID "00000001-0000-7000-8000-000000000001"

static const char records[] =
    "{\"kind\":\"app\",\"id\":\"acme\",\"corbado\":{\"project_id\":\"pro\"},\"keys\":["
    "{\"for\":\"admin\",\"secret\":\"rk\"},{\"for\":\"streambird\",\"secret\":\"sk\"}]}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"id\":\"" ID "\",\"token\":\"one\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":\"two\"}\n";

static struct asking asking;
static bool is_overtaken; /* the next to write is */
static bool is_put_aside; /* the next to read is, by two who write once it has begun */
static int64_t now;
static int writes; /* transactions that were begun for that */

static void revoke(void)
{
    struct outcome outcome;
    struct put put = {PUT_ENDING,
                      .ending = {.app = 1, .has_id = true, .as = ENDING_REVOKED, .if_there = true}};
    cr_assert(uuid_parse_text(STR(ID), &put.ending.id));
    cr_assert_eq(store_apply(asking.store, &put, 1, now, &outcome), ERR_OK);
    cr_assert_eq(outcome.changed, 1);
}

/* In the place of LMDB's: whoever begins to write finds that another has just written. */
int mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    static int (*real)(MDB_env *, MDB_txn *, unsigned, MDB_txn **);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mdb_txn_begin");
    bool begins = !parent && !(flags & MDB_RDONLY);
    if (is_overtaken && begins) {
        is_overtaken = false;
        revoke();
    }
    writes += begins;
    return real(env, parent, flags, txn);
}

static void touch(void)
{
    struct outcome outcome;
    struct put put = {PUT_TOUCH, .touch = {.app = 1, .expires = INSTANT_NONE}};
    put.touch.last_active = now += SECOND_MS;
    cr_assert(uuid_parse_text(STR(ID), &put.touch.id));
    cr_assert_eq(store_apply(asking.store, &put, 1, now, &outcome), ERR_OK);
}

int mdb_txn_renew(MDB_txn *txn)
{
    static int (*real)(MDB_txn *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "mdb_txn_renew");
    int code = real(txn);
    if (is_put_aside) {
        is_put_aside = false;
        touch();
        touch();
    }
    return code;
}

/* The answer's status, and what stands in it. */
static void expect(const char *request, int status, const char *word)
{
    now = asking_now = INT64_C(1767225600000);
    asking_begin(&asking, records, &(struct site){.public_url = STR("https://auth.example")});
    is_overtaken = true;
    now = asking_now += 1000;
    const char *response = asking_ask(&asking, "%s", request);
    cr_expect_not(is_overtaken, "%s", request);
    cr_expect_eq(asked_status(response), status, "%s: %s", request, response);
    cr_expect_not_null(strstr(response, word), "%s: %s", request, response);
    asking_end(&asking);
}

Test(serve_overtaken, an_answer_shows_what_there_is)
{
    expect("DELETE /rollcall/v1/sessions/" ID "?as=logged_out\nAuthorization: Bearer rk\n", 200,
           "\"status\":\"revoked\"");
}

Test(serve_overtaken, nothing_is_made_longer_that_is_over)
{
    expect("POST /v1/auth/sessions/verify\nAuthorization: Bearer sk\n"
           "Content-Type: application/json\n\n{\"session_token\":\"one\"}",
           404, "");
}

/* A clock that was set back is nobody who came first. */
Test(serve_overtaken, what_there_is_nothing_to_change_of_is_not_tried_again)
{
    now = asking_now = INT64_C(1767225600000);
    asking_begin(&asking, records, &(struct site){.public_url = STR("https://auth.example")});
    asking_now -= 60000;
    writes = 0;
    const char *response =
        asking_ask(&asking, "POST /rollcall/v1/sessions/" ID "/touch\nAuthorization: Bearer rk\n");
    cr_expect_eq(asked_status(response), 200, "%s", response);
    cr_expect_not_null(strstr(response, "\"updated_at\":\"2026-01-01T00:00:00.000Z\""), "%s",
                       response);
    cr_expect_eq(writes, 1, "%d writes", writes);
    asking_end(&asking);
}

/* As behind a read-only mount of a store that is written elsewhere: with a lock all of it is
 * answered for. */
static void expect_unlocked(const char *request, int status)
{
    uint64_t sessions;
    struct store_stat stat;
    for (int unlocked = 0; unlocked < 2; unlocked++) {
        now = asking_now = INT64_C(1767225600000);
        asking_begin(&asking, records, &(struct site){.public_url = STR("https://auth.example")});
        cr_assert_eq(store_stat(asking.store, &stat), ERR_OK);
        sessions = stat.sessions;
        asking.store->unlocked = unlocked;
        is_put_aside = true;
        const char *response = asking_ask(&asking, "%s", request);
        cr_expect_not(is_put_aside, "%s", request);
        cr_expect_eq(asked_status(response), unlocked ? 503 : status, "%s: %s", request, response);
        asking.store->unlocked = false;
        cr_assert_eq(store_stat(asking.store, &stat), ERR_OK);
        cr_expect_eq(stat.sessions, sessions + (status == 201 && !unlocked));
        asking_end(&asking);
    }
}

Test(serve_overtaken, who_has_no_lock_answers_nothing_that_others_have_written_over)
{
    expect_unlocked("GET /rollcall/v1/sessions\nAuthorization: Bearer rk\n", 200);
    expect_unlocked("GET /rollcall/v1/sessions\nAuthorization: Bearer wrong\n", 401);
    expect_unlocked("GET /rollcall/v1/sessions/" ID "0\nAuthorization: Bearer rk\n", 404);
    expect_unlocked("POST /rollcall/v1/sessions\nAuthorization: Bearer rk\n"
                    "Content-Type: application/json\n\n{\"user\":\"bob\"}",
                    201);
}
