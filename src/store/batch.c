/* store_apply: the one way anything is written. Many batches share a transaction, and so the wait
 * for the disk; each is a transaction within it, so that one that fails takes no other along. */
#include <stdlib.h>

#include "model/jwt.h"
#include "model/secret.h"
#include "store/index.h"
#include "store/writing.h"

void store_keep_still(struct store *store, bool still)
{
    store->still = still;
}

/* So many deadlines of a kind a transaction goes past at most, beside what it is about. */
enum { ADVANCE_MOST = 128 };

static enum err put_one(struct writing *writing, const struct put *put,
                        const struct signing *signing)
{
    switch (put->kind) {
    case PUT_APP:
        return writing_put_app(writing, &put->app, signing);
    case PUT_USER:
        return writing_put_user(writing, &put->user);
    case PUT_SESSION:
        return writing_put_session(writing, &put->session);
    case PUT_ENDING:
        return writing_end(writing, &put->ending);
    case PUT_TOUCH:
        return writing_touch(writing, &put->touch);
    case PUT_ROTATION:
        return writing_rotate(writing, &put->rotation);
    case PUT_LIFETIMES:
        return writing_put_lifetimes(writing, &put->lifetimes);
    case PUT_KEY:
        return writing_put_key(writing, &put->key);
    case PUT_SIGNING:
        return writing_put_signing(writing, &put->signing, signing);
    }
    return ERR_INTERNAL;
}

static enum err put_all(struct writing *writing, struct batch *batch,
                        const struct signing *signings)
{
    enum err err = ERR_OK;
    batch->outcome = (struct outcome){.at = 0};
    writing->outcome = &batch->outcome;
    writing->now = batch->now;
    for (size_t at = 0; err == ERR_OK && at < batch->count; at++) {
        err = put_one(writing, &batch->puts[at], &signings[at]);
        batch->outcome.at += err == ERR_OK;
    }
    return err;
}

static enum err put_within(struct writing *writing, MDB_txn *parent, struct batch *batch,
                           const struct signing *signings)
{
    uint32_t indexed = writing->indexed;
    int code = mdb_txn_begin(writing->store->env, parent, 0, &writing->txn);
    if (code != MDB_SUCCESS)
        return env_write_error(writing->store, code, "write");
    enum err err = put_all(writing, batch, signings);
    if (err == ERR_OK)
        return env_write_error(writing->store, mdb_txn_commit(writing->txn), "commit");
    mdb_txn_abort(writing->txn);
    writing->indexed = indexed; /* not an app that has gone with it */
    return err;
}

/* ERR_FULL ends it at once: with a larger map all of it is done again. */
static enum err put_batches(struct writing *writing, MDB_txn *txn, struct batch *batches,
                            size_t count, const struct signing *signings)
{
    for (size_t i = 0; i < count; signings += batches[i].count, i++) {
        writing->txn = txn;
        batches[i].err = count == 1 ? put_all(writing, &batches[i], signings)
                                    : put_within(writing, txn, &batches[i], signings);
        if (batches[i].err == ERR_FULL || (count == 1 && batches[i].err != ERR_OK))
            return batches[i].err;
    }
    return ERR_OK;
}

static int64_t latest(const struct batch *batches, size_t count)
{
    int64_t now = INT64_MIN;
    for (size_t i = 0; i < count; i++)
        now = batches[i].now > now ? batches[i].now : now;
    return now;
}

static enum err write_batches(struct writing *writing, struct batch *batches, size_t count,
                              const struct signing *signings)
{
    MDB_txn *txn;
    bool more;
    enum err err = env_begin_write(writing->store, &txn);
    if (err != ERR_OK)
        return err;
    writing->indexed = 0;
    err = put_batches(writing, txn, batches, count, signings);
    writing->txn = txn;
    if (err == ERR_OK && writing->indexed && !writing->store->still)
        err = index_advance(writing, writing->indexed, latest(batches, count), ADVANCE_MOST, &more);
    if (err == ERR_OK)
        return env_commit(writing->store, txn, "commit");
    mdb_txn_abort(txn);
    return err;
}

/* Makes the signing key that a new app will need. One made by somebody else in the meantime keeps
 * its own. */
static enum err make_signing(struct store *store, struct str app_id, struct signing *signing)
{
    struct snapshot *snapshot;
    struct app app;
    struct str jwk;
    enum err err = snapshot_begin(store, &snapshot);
    if (err != ERR_OK)
        return err;
    err = store_app_by_id(snapshot, app_id, &app);
    if (err == ERR_OK)
        err = store_signing_key_of_app(snapshot, app.number, &jwk);
    snapshot_end(snapshot);
    return err == ERR_NOT_FOUND ? jwk_generate(&signing->jwk, &signing->kid) : err;
}

static enum err make_signings(struct store *store, const struct batch *batches, size_t count,
                              struct signing *signings)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count; signings += batches[i].count, i++)
        for (size_t j = 0; err == ERR_OK && j < batches[i].count; j++)
            if (batches[i].puts[j].kind == PUT_APP)
                err = make_signing(store, batches[i].puts[j].app.app.id, &signings[j]);
            else if (batches[i].puts[j].kind == PUT_SIGNING)
                err = jwk_generate(&signings[j].jwk, &signings[j].kid);
    return err;
}

static void wipe_signings(struct signing *signings, size_t count)
{
    for (size_t i = 0; signings && i < count; i++) {
        if (signings[i].jwk.ptr)
            secret_wipe(signings[i].jwk.ptr, signings[i].jwk.cap);
        buf_free(&signings[i].jwk);
        buf_free(&signings[i].kid);
    }
    free(signings);
}

void store_apply_all(struct store *store, struct batch *batches, size_t count)
{
    struct writing writing = {.store = store};
    size_t puts = 0;
    for (size_t i = 0; i < count; i++)
        puts += batches[i].count;
    struct signing *signings = calloc(puts + 1, sizeof(*signings));
    enum err err = signings ? make_signings(store, batches, count, signings) : ERR_MEMORY;
    if (err == ERR_OK)
        err = write_batches(&writing, batches, count, signings);
    while (err == ERR_FULL && env_grow(store) == ERR_OK)
        err = write_batches(&writing, batches, count, signings);
    for (size_t i = 0; err != ERR_OK && i < count; i++)
        batches[i].err = err;
    wipe_signings(signings, puts);
    buf_free(&writing.record);
    buf_free(&writing.old);
}

enum err store_apply(struct store *store, const struct put *puts, size_t count, int64_t now,
                     struct outcome *outcome)
{
    struct batch batch = {.puts = puts, .count = count, .now = now};
    store_apply_all(store, &batch, 1);
    *outcome = batch.outcome;
    return batch.err;
}
