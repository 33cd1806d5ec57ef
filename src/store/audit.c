/* The audit trail: a line for every session that began, ended or got another end, written with it
 * in one transaction, and never written again. */
#include "base/bytes.h"
#include "store/cursor.h"
#include "store/writing.h"

/* A line's value: version, event, user in 8 bytes, the session's id, the actor to the end. */
enum { VERSION = 1, AT_USER = 2, AT_SESSION = 10, HEAD_BYTES = 26, KEY_BYTES = 20, AT_NUMBER = 12 };

const char *const audit_event_names[AUDIT_EVENT_END] = {
    [AUDIT_CREATED] = "created", [AUDIT_LOGGED_OUT] = "logged_out", [AUDIT_REVOKED] = "revoked",
    [AUDIT_REMOVED] = "removed", [AUDIT_EXTENDED] = "extended",
};

enum err audit_note(struct writing *writing, const struct session *session, enum audit_event event,
                    struct str actor)
{
    uint8_t head[HEAD_BYTES] = {VERSION, (uint8_t)event};
    struct key key = key_of_app(session->app);
    struct buf line = {0};
    uint64_t number;
    bytes_put_u64(head + AT_USER, session->user);
    memcpy(head + AT_SESSION, session->id.bytes, sizeof(session->id.bytes));
    enum err err = writing_next_number(writing, STR("audit"), &number);
    if (err != ERR_OK)
        return err;
    key_put_instant(&key, writing->now);
    key_put_u64(&key, number);
    buf_put(&line, head, sizeof(head));
    buf_str(&line, actor);
    err = line.failed ? ERR_MEMORY
                      : writing_put(writing, TABLE_AUDIT, key_view(&key), buf_view(&line));
    buf_free(&line);
    return err;
}

static bool read_line(struct str key, struct str value, struct audit_line *line)
{
    const uint8_t *at = (const uint8_t *)key.ptr, *head = (const uint8_t *)value.ptr;
    if (key.len != KEY_BYTES || value.len < HEAD_BYTES || head[0] != VERSION || head[1] == 0 ||
        head[1] >= AUDIT_EVENT_END)
        return false;
    *line = (struct audit_line){
        .number = bytes_u64(at + AT_NUMBER),
        .at = instant_of_key(at + APP_BYTES),
        .event = head[1],
        .app = bytes_u32(at),
        .user = bytes_u64(head + AT_USER),
        .actor = str_from(value, HEAD_BYTES),
    };
    memcpy(line->session.bytes, head + AT_SESSION, sizeof(line->session.bytes));
    return true;
}

struct audit_walk {
    store_audit_fn each;
    void *context;
};

static enum err walk_line(void *context, struct str key, struct str value)
{
    const struct audit_walk *walk = context;
    struct audit_line line;
    return read_line(key, value, &line) ? walk->each(walk->context, &line) : ERR_CORRUPT;
}

enum err store_each_audit(struct snapshot *snapshot, uint32_t app, int64_t since,
                          store_audit_fn each, void *context)
{
    struct audit_walk walk = {each, context};
    struct key prefix = key_of_app(app), first = prefix;
    key_put_instant(&first, since);
    return cursor_each_from(snapshot, TABLE_AUDIT, key_view(&prefix), key_view(&first), walk_line,
                            &walk);
}
