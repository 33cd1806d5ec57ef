/* core: what was planned as of a snapshot, and written after others have written. */
#include <criterion/criterion.h>

#include "core/core.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(core_change);

static const char records[] =
    "{\"kind\":\"app\",\"id\":\"acme\"}\n"
    "{\"kind\":\"user\",\"app\":\"acme\",\"id\":\"ann\"}\n"
    "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":\"secret\"}\n";

enum { ARENA_BYTES = 1 << 20 };

static const int64_t now = INT64_C(1767225600000);

/* The plan of the holder of "secret" to end what the wish says; the answer's, in the arena. */
static void plan(struct store *store, struct arena *arena, struct wish wish, struct answer *answer,
                 struct caller *caller)
{
    struct core *core = core_new();
    struct snapshot *snapshot;
    const struct credential credential = {
        .kind = CREDENTIAL_TOKENS, .tokens = {STR("secret")}, .token_count = 1};
    wish.verb = VERB_END;
    wish.as = ENDING_REVOKED;
    cr_assert_eq(snapshot_begin(store, &snapshot), ERR_OK);
    cr_assert_eq(core_admit(core, snapshot, arena, &credential, now, caller), ERR_OK);
    cr_assert_eq(core_grant(core, snapshot, arena, caller, &wish, now, answer), ERR_OK);
    snapshot_end(snapshot);
    core_free(core);
}

/* What is written when somebody else has removed the session in between. */
static enum err written_late(struct wish wish)
{
    char *dir = scratch_dir();
    struct store *store = scratch_store_at(dir, records, now);
    struct arena *arena = arena_new(ARENA_BYTES);
    struct answer answer = {.now = 0};
    struct caller caller;
    struct outcome outcome;
    plan(store, arena, wish, &answer, &caller);
    struct put removal = {PUT_ENDING, .ending = {.app = caller.app.number,
                                                 .reach = REACH_ONE,
                                                 .has_id = true,
                                                 .id = caller.session.id,
                                                 .as = ENDING_NONE}};
    cr_assert_eq(store_apply(store, &removal, 1, now, &outcome), ERR_OK);
    enum err err = store_apply(store, answer.puts, answer.put_count, now, &outcome);
    arena_free(arena);
    store_close(store);
    scratch_remove(dir);
    return err;
}

Test(core_change, who_ends_his_own_session_is_not_told_that_another_was_faster)
{
    enum err err = written_late((struct wish){.target = TARGET_SELF});
    cr_expect_eq(err, ERR_OK, "%s", err_word(err));
    err = written_late((struct wish){.target = TARGET_OTHERS, .scope = SCOPE_CALLER});
    cr_expect_eq(err, ERR_OK, "%s", err_word(err));
}
