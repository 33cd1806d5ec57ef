/* Changes to sessions that are there: their end, their last activity. Both look at the session as
 * it is now, in the transaction, so that nothing that was ended meanwhile comes back. */
#include "base/clock.h"
#include "base/log.h"
#include "store/index.h"
#include "store/session_read.h"
#include "store/writing.h"

/* What a session becomes stands in the same place, with the same entries. */
static enum err rewrite(struct writing *writing, const struct session *session,
                        const struct session_draft *draft)
{
    struct place place = place_of(session);
    struct key key = key_of_session(&place);
    buf_reset(&writing->record);
    if (session->device)
        session_encode_beside(draft, session->device, &writing->record);
    else
        session_encode(draft, &writing->record);
    if (writing->record.failed)
        return ERR_MEMORY;
    struct snapshot snapshot = writing_view(writing);
    struct session after;
    enum err err = session_read(&snapshot, buf_view(&writing->record), &place, &after);
    if (err == ERR_OK)
        err = index_change(writing, session, &after);
    return err == ERR_OK
               ? writing_put(writing, TABLE_SESSIONS, key_view(&key), buf_view(&writing->record))
               : err;
}

static bool is_active(const struct writing *writing, const struct app *app,
                      const struct session *session)
{
    return session_status(session, app->idle_s * SECOND_MS, writing->now) == STATUS_ACTIVE;
}

static enum err end_one(struct writing *writing, const struct put_ending *wanted,
                        const struct session *session)
{
    struct session_draft draft;
    session_to_draft(session, &draft);
    draft.ending = wanted->as;
    draft.ended = writing->now;
    draft.updated = writing->now;
    enum err err = rewrite(writing, session, &draft);
    enum audit_event event = wanted->as == ENDING_LOGGED_OUT ? AUDIT_LOGGED_OUT : AUDIT_REVOKED;
    return err == ERR_OK ? audit_note(writing, session, event, wanted->actor) : err;
}

static enum err remove_one(struct writing *writing, const struct put_ending *wanted,
                           const struct session *session)
{
    enum err err = writing_remove_session(writing, session);
    return err == ERR_OK ? audit_note(writing, session, AUDIT_REMOVED, wanted->actor) : err;
}

/* When the session was over; INT64_MAX while it is not. */
static int64_t over_at(const struct session *session, const struct app *app, int64_t now)
{
    int64_t idle_ms = app->idle_s * SECOND_MS;
    switch (session_status(session, idle_ms, now)) {
    case STATUS_LOGGED_OUT:
    case STATUS_REVOKED:
        return session->ended;
    case STATUS_EXPIRED:
        return session->expires;
    case STATUS_INACTIVITY_REACHED:
        return session->last_active + idle_ms;
    default:
        return INT64_MAX;
    }
}

bool ending_is_past(const struct session *session, const struct app *app, int64_t at)
{
    int64_t over = over_at(session, app, at);
    return over <= at && at - over > app->retain_s * SECOND_MS;
}

/* Whether it comes to anything: the session may be another than when it was asked for. */
static bool is_to_change(const struct writing *writing, const struct put_ending *wanted,
                         const struct app *app, const struct session *session)
{
    if (wanted->as != ENDING_NONE)
        return is_active(writing, app, session);
    return !wanted->if_past || ending_is_past(session, app, wanted->past_at);
}

static enum err end_at(struct writing *writing, const struct put_ending *wanted,
                       const struct app *app, const struct session *session)
{
    writing->outcome->matched++;
    if (!is_to_change(writing, wanted, app, session))
        return ERR_OK;
    writing->outcome->changed++;
    return wanted->as == ENDING_NONE ? remove_one(writing, wanted, session)
                                     : end_one(writing, wanted, session);
}

/* Where sessions lie that are to be ended; a cursor would not outlive what is done to them. */
struct gathering {
    const struct writing *writing;
    const struct put_ending *wanted;
    const struct app *app;
    struct buf places;
};

/* It lets nobody in, and must not keep those that do from being ended. */
static enum err pass_over(const struct gathering *gathering, const struct uuid *id)
{
    char text[UUID_TEXT] = "whose key is damaged";
    if (id)
        uuid_write(id, text);
    log_warn("store: session %.*s of app %lu cannot be read, and is passed over", UUID_TEXT, text,
             (unsigned long)gathering->app->number);
    return ERR_OK;
}

static enum err gather_one(struct gathering *gathering, struct str key, struct str record)
{
    const struct put_ending *wanted = gathering->wanted;
    struct place place;
    struct session session;
    if (!place_of_session_key(key, &place))
        return pass_over(gathering, NULL);
    if (wanted->has_id && memcmp(&place.id, &wanted->id, sizeof(place.id)) == 0)
        return ERR_OK;
    struct snapshot snapshot = writing_view(gathering->writing);
    enum err err = session_read(&snapshot, record, &place, &session);
    if (env_is_damage(err))
        return pass_over(gathering, &place.id);
    if (err != ERR_OK)
        return err;
    bool changes = is_to_change(gathering->writing, wanted, gathering->app, &session);
    if (changes || (wanted->reach == REACH_USER && wanted->most == 0))
        buf_put(&gathering->places, &place, sizeof(place));
    return gathering->places.failed ? ERR_MEMORY : ERR_OK;
}

static bool is_enough(const struct gathering *gathering)
{
    const struct put_ending *wanted = gathering->wanted;
    size_t count = gathering->places.len / sizeof(struct place);
    return wanted->reach == REACH_APP && count >= wanted->most;
}

static enum err gather(struct gathering *gathering)
{
    const struct put_ending *wanted = gathering->wanted;
    const struct writing *writing = gathering->writing;
    struct key prefix = wanted->reach == REACH_APP ? key_of_app(wanted->app)
                                                   : key_of_user(wanted->app, wanted->user);
    MDB_val key = env_val(key_view(&prefix)), value;
    MDB_cursor *cursor;
    int code = mdb_cursor_open(writing->txn, writing->store->tables[TABLE_SESSIONS], &cursor);
    if (code != MDB_SUCCESS)
        return env_error(code, "walk");
    enum err err = ERR_OK;
    for (code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
         code == MDB_SUCCESS && err == ERR_OK && !is_enough(gathering) &&
         str_starts(env_str(key), key_view(&prefix));
         code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
        err = gather_one(gathering, env_str(key), env_str(value));
    mdb_cursor_close(cursor);
    if (err == ERR_OK && code != MDB_SUCCESS && code != MDB_NOTFOUND)
        err = env_error(code, "walk");
    return err;
}

static enum err end_all(struct writing *writing, const struct put_ending *wanted,
                        const struct app *app)
{
    struct snapshot snapshot = writing_view(writing);
    struct gathering gathering = {writing, wanted, app, {0}};
    enum err err = gather(&gathering);
    const struct buf *places = &gathering.places;
    const struct place *place = (const struct place *)(const void *)places->ptr;
    for (size_t left = places->len / sizeof(*place); err == ERR_OK && left > 0; left--, place++) {
        struct session session;
        err = session_at(&snapshot, place, &session);
        if (err == ERR_OK)
            err = end_at(writing, wanted, app, &session);
    }
    buf_free(&gathering.places);
    return err;
}

enum err writing_end(struct writing *writing, const struct put_ending *wanted)
{
    struct snapshot snapshot = writing_view(writing);
    struct app app;
    struct session session;
    enum err err = store_app(&snapshot, wanted->app, &app);
    if (err != ERR_OK || wanted->reach != REACH_ONE)
        return err == ERR_OK ? end_all(writing, wanted, &app) : err;
    err = store_session(&snapshot, wanted->app, &wanted->id, &session);
    if (err == ERR_NOT_FOUND && wanted->if_there)
        return ERR_OK;
    return err == ERR_OK ? end_at(writing, wanted, &app, &session) : err;
}

/* A user's sessions lie newest first: those to go are the last ones that are active. */
static enum err end_oldest(struct writing *writing, const struct put_ending *wanted,
                           const struct app *app, const struct buf *places, size_t excess)
{
    struct snapshot snapshot = writing_view(writing);
    const struct place *place = (const struct place *)(const void *)places->ptr;
    size_t count = places->len / sizeof(*place);
    enum err err = ERR_OK;
    for (size_t i = count - excess; err == ERR_OK && i < count; i++) {
        struct session session;
        err = session_at(&snapshot, &place[i], &session);
        if (err == ERR_OK)
            err = end_at(writing, wanted, app, &session);
    }
    return err;
}

enum err writing_make_room(struct writing *writing, const struct app *app, uint64_t user)
{
    /* As if all of them were to be ended: so only those that would change are gathered. */
    struct put_ending wanted = {.app = app->number,
                                .reach = REACH_USER,
                                .user = user,
                                .most = UINT32_MAX,
                                .as = ENDING_REVOKED,
                                .actor = STR("session-limit")};
    struct gathering gathering = {writing, &wanted, app, {0}};
    if (app->max_per_user == 0)
        return ERR_OK;
    enum err err = gather(&gathering);
    size_t count = gathering.places.len / sizeof(struct place), most = (size_t)app->max_per_user;
    if (err == ERR_OK && count >= most)
        err = app->ends_oldest
                  ? end_oldest(writing, &wanted, app, &gathering.places, count - most + 1)
                  : ERR_LIMIT;
    buf_free(&gathering.places);
    return err;
}

enum err writing_touch(struct writing *writing, const struct put_touch *wanted)
{
    struct snapshot snapshot = writing_view(writing);
    struct app app;
    struct session session;
    struct session_draft draft;
    enum err err = store_app(&snapshot, wanted->app, &app);
    if (err == ERR_OK)
        err = store_session(&snapshot, wanted->app, &wanted->id, &session);
    if (err != ERR_OK)
        return err;
    int64_t end = wanted->expires;
    if (end == INSTANT_NONE)
        end = instant_later(session.expires, wanted->later_ms);
    else if (wanted->only_later && end < session.expires)
        end = session.expires;
    bool moves = end != session.expires;
    bool later = wanted->last_active > session.last_active;
    writing->outcome->matched++;
    if (!is_active(writing, &app, &session) || (!moves && !later))
        return ERR_OK;
    writing->outcome->changed++;
    session_to_draft(&session, &draft);
    draft.last_active = later ? wanted->last_active : session.last_active;
    draft.expires = end;
    draft.updated = writing->now;
    err = rewrite(writing, &session, &draft);
    return err == ERR_OK && moves ? audit_note(writing, &session, AUDIT_EXTENDED, wanted->actor)
                                  : err;
}
