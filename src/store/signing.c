/* The keys that an app signs with: the one of now, and those before it, as long as they verify. */
#include "store/writing.h"

/* Makes the key that was made ahead the one the app signs with. */
static enum err put_signer(struct writing *writing, uint32_t app, const struct signing *signing)
{
    struct key number = key_of_app(app);
    struct str kid = buf_view(&signing->kid);
    if (kid.len == 0)
        return ERR_INTERNAL;
    buf_reset(&writing->record);
    buf_str(&writing->record, key_view(&number));
    buf_str(&writing->record, buf_view(&signing->jwk));
    if (writing->record.failed)
        return ERR_MEMORY;
    enum err err = writing_put(writing, TABLE_SIGNING, kid, buf_view(&writing->record));
    return err == ERR_OK ? writing_put(writing, TABLE_SIGNERS, key_view(&number), kid) : err;
}

static enum err find_signer(const struct writing *writing, uint32_t app, struct str *kid)
{
    struct key number = key_of_app(app);
    return env_get(writing->txn, writing->store, TABLE_SIGNERS, key_view(&number), kid);
}

enum err signing_put_first(struct writing *writing, uint32_t app, const struct signing *signing)
{
    struct str there;
    enum err err = find_signer(writing, app, &there);
    return err == ERR_NOT_FOUND ? put_signer(writing, app, signing) : err;
}

static enum err retire(struct writing *writing, uint32_t app, int64_t until)
{
    struct str kid;
    struct key kept = {.len = 0}, instant = {.len = 0};
    enum err err = find_signer(writing, app, &kid);
    if (err == ERR_OK && kid.len > KEY_MAX)
        err = ERR_CORRUPT;
    if (err != ERR_OK)
        return err;
    key_put(&kept, kid); /* what LMDB gave is gone with the next put */
    key_put_u64(&instant, (uint64_t)until);
    return writing_put(writing, TABLE_RETIRED, key_view(&kept), key_view(&instant));
}

/* ---- forgetting all of them ---- */

static enum err gather(void *context, struct str kid, struct str jwk)
{
    struct buf *keys = context;
    struct key key = {.len = 0};
    (void)jwk;
    if (kid.len > KEY_MAX)
        return ERR_CORRUPT;
    key_put(&key, kid);
    buf_put(keys, &key, sizeof(key));
    return keys->failed ? ERR_MEMORY : ERR_OK;
}

static enum err forget(struct writing *writing, uint32_t app)
{
    struct snapshot snapshot = writing_view(writing);
    struct buf keys = {0};
    enum err err = store_each_signing_key(&snapshot, app, gather, &keys);
    const struct key *key = (const struct key *)(const void *)keys.ptr;
    for (size_t left = keys.len / sizeof(*key); err == ERR_OK && left > 0; left--, key++) {
        err = writing_delete(writing, TABLE_RETIRED, key);
        if (err == ERR_OK)
            err = writing_delete(writing, TABLE_SIGNING, key);
    }
    buf_free(&keys);
    return err;
}

enum err writing_put_signing(struct writing *writing, const struct put_signing *wanted,
                             const struct signing *signing)
{
    struct snapshot snapshot = writing_view(writing);
    struct app app;
    enum err err = store_app_by_id(&snapshot, wanted->app_id, &app);
    if (err == ERR_OK)
        err = wanted->at_once ? forget(writing, app.number)
                              : retire(writing, app.number, wanted->keep_until);
    return err == ERR_OK ? put_signer(writing, app.number, signing) : err;
}
