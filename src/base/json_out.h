/* JSON written as it is told, straight into a buffer: no tree in between. Members and elements get
 * their commas here; the caller keeps begin and end paired. jansson reads JSON; this alone writes
 * it. */
#ifndef ROLLCALL_BASE_JSON_OUT_H
#define ROLLCALL_BASE_JSON_OUT_H

#include "base/buf.h"
#include "base/str.h"

struct json_out {
    struct buf *buf;
    bool comma; /* the next value or key follows another */
};

static inline struct json_out json_begin(struct buf *buf)
{
    return (struct json_out){buf, false};
}

void json_object_begin(struct json_out *json);
void json_object_end(struct json_out *json);
void json_array_begin(struct json_out *json);
void json_array_end(struct json_out *json);

/* A member's key, written as it is: a C literal that needs no escape. */
void json_key(struct json_out *json, const char *key);

/* Values. Text is escaped; bytes that are not UTF-8 are written as U+FFFD, so that what comes out
 * is JSON whatever went in. */
void json_text(struct json_out *json, struct str text);
void json_i64(struct json_out *json, int64_t value);
void json_bool(struct json_out *json, bool value);
void json_none(struct json_out *json); /* null; jansson has taken the name json_null */
/* JSON that is well-formed already, written as it is. */
void json_raw(struct json_out *json, struct str raw);

/* A key and its value in one call. */
void json_member_text(struct json_out *json, const char *key, struct str text);
void json_member_i64(struct json_out *json, const char *key, int64_t value);
void json_member_bool(struct json_out *json, const char *key, bool value);

/* Instants as JSON strings, in the forms of clock.h. */
void json_instant_seconds(struct json_out *json, int64_t instant);
void json_instant_millis(struct json_out *json, int64_t instant);
void json_instant_short(struct json_out *json, int64_t instant);

#endif
