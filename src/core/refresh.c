/* Refresh tokens: who is let in by one, and what it is exchanged for. */
#include "model/refresh.h"
#include "base/clock.h"
#include "core/change.h"
#include "core/possession.h"

/* ---- possession ---- */

static enum err fault(struct caller *caller, const char *word)
{
    caller->fault = word;
    return ERR_UNAUTHORIZED;
}

/* The nonce is made with the app's signing key: no process has to tell another what it gave out. */
static enum err give_nonce(struct snapshot *snapshot, struct arena *arena, int64_t now,
                           struct caller *caller, struct str *jwk)
{
    char *nonce = arena_alloc(arena, SECRET_TEXT);
    enum err err = store_signing_key_of_app(snapshot, caller->app.number, jwk);
    if (err != ERR_OK)
        return err;
    if (!nonce)
        return ERR_MEMORY;
    nonce_make(*jwk, now / SECOND_MS, nonce);
    caller->nonce = (struct str){nonce, SECRET_TEXT};
    return ERR_OK;
}

static enum err check_proof(struct snapshot *snapshot, struct arena *arena,
                            const struct credential *credential, int64_t now, struct str jwk,
                            struct caller *caller)
{
    enum err err = proof_read(arena, credential->proof, credential->method, credential->urls,
                              now / SECOND_MS, &caller->proof);
    if (err != ERR_OK)
        return err == ERR_UNAUTHORIZED ? fault(caller, "invalid_dpop_proof") : err;
    if (!nonce_holds(jwk, now / SECOND_MS, caller->proof.nonce)) {
        caller->fault = "use_dpop_nonce";
        return ERR_INVALID; /* RFC 9449, 8: a token endpoint answers 400 */
    }
    err = store_proof(snapshot, caller->proof.id);
    if (err == ERR_OK)
        return fault(caller, "invalid_dpop_proof");
    caller->has_proof = true;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static bool is_required(const struct caller *caller, const struct refresh *refresh)
{
    struct str dpop = app_setting(&caller->app, SETTING_PROOF);
    return refresh->has_key || str_eq(dpop, STR("required"));
}

enum err possession_check(struct snapshot *snapshot, struct arena *arena,
                          const struct credential *credential, int64_t now,
                          const struct refresh *refresh, struct caller *caller)
{
    struct str jwk;
    enum err err = give_nonce(snapshot, arena, now, caller, &jwk);
    /* Of one that was used before two have a copy, and the key that what came of it is bound to may
     * be the thief's: it ends the session whoever brings it, by whatever proof. */
    if (err != ERR_OK || caller->spent)
        return err;
    if (credential->proof.len == 0)
        return is_required(caller, refresh) ? fault(caller, "missing_dpop_proof") : ERR_OK;
    err = check_proof(snapshot, arena, credential, now, jwk, caller);
    bool same = !refresh->has_key || secret_hash_equal(refresh->key, caller->proof.key);
    return err == ERR_OK && !same ? fault(caller, "dpop_key_mismatch") : err;
}

/* ---- rotation ---- */

static struct str successor_of(struct arena *arena, struct str token, const uint8_t *salt)
{
    char *text = arena_alloc(arena, SUCCESSOR_TEXT);
    if (!text)
        return STR_NONE;
    refresh_succeed(token, salt, text);
    return (struct str){text, SUCCESSOR_TEXT};
}

enum err change_refresh(struct change *change)
{
    struct answer *answer = change->answer;
    const struct caller *caller = answer->caller;
    struct put *put = change_plan(change, PUT_ROTATION);
    if (!put || !caller->has_session)
        return put ? ERR_INTERNAL : ERR_MEMORY;
    struct put_rotation *rotation = &put->rotation;
    *rotation = (struct put_rotation){.app = caller->app.number,
                                      .id = caller->session.id,
                                      .has_key = caller->has_proof,
                                      .has_proof = caller->has_proof};
    secret_random(rotation->salt, SALT_BYTES);
    struct str successor = successor_of(change->arena, caller->refresh_token, rotation->salt);
    if (!successor.ptr)
        return ERR_MEMORY;
    secret_hash(caller->refresh_token, rotation->presented);
    refresh_family(caller->refresh_token, rotation->family);
    secret_hash(successor, rotation->successor);
    memcpy(rotation->key, caller->proof.key, HASH_BYTES);
    memcpy(rotation->proof, caller->proof.id, HASH_BYTES);
    rotation->proof_until = (caller->proof.issued_s + 2 * PROOF_WINDOW_S) * SECOND_MS;
    answer->session = caller->session;
    answer->user = caller->user;
    answer->has_session = true;
    return ERR_OK;
}

/* One used before, outside the grace period, is as unknown as any other token; the session is over
 * by now. */
static enum err settle_rotation(struct arena *arena, struct caller *caller, struct answer *answer)
{
    switch (answer->outcome.rotation) {
    case ROTATION_DONE:
    case ROTATION_AGAIN:
        answer->refresh_token = successor_of(arena, caller->refresh_token, answer->outcome.salt);
        return answer->refresh_token.ptr ? ERR_OK : ERR_MEMORY;
    case ROTATION_AGAIN_OF_OLD:
        answer->refresh_token = successor_of(arena, caller->refresh_token, answer->outcome.salt);
        answer->refresh_token.len = SECRET_TEXT;
        return answer->refresh_token.ptr ? ERR_OK : ERR_MEMORY;
    case ROTATION_OTHER_KEY:
        return fault(caller, "dpop_key_mismatch");
    case ROTATION_USED_PROOF:
        return fault(caller, "invalid_dpop_proof");
    default:
        return ERR_UNAUTHORIZED;
    }
}

bool core_was_overtaken(const struct answer *answer)
{
    return answer->foreseen && answer->outcome.changed == 0;
}

enum err core_settle(struct arena *arena, struct caller *caller, struct answer *answer)
{
    if (answer->wish.verb == VERB_REFRESH)
        return settle_rotation(arena, caller, answer);
    bool none = answer->wish.some_must_be && answer->outcome.matched == 0;
    return none ? ERR_NOT_FOUND : ERR_OK;
}
