/* An answer before it is sent: status, headers, body. */
#ifndef ROLLCALL_HTTP_REPLY_H
#define ROLLCALL_HTTP_REPLY_H

#include "base/buf.h"
#include "base/json_out.h"
#include "base/str.h"

enum { REPLY_HEADERS_MAX = 24 };

struct reply_header {
    const char *name; /* a literal */
    struct str value; /* must outlive the reply; no line breaks (they are left out when sent) */
};

struct reply {
    int status;
    struct reply_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
    struct buf *body; /* the worker's, used again for every reply */
};

/* An empty 200 that writes into `body`, which is emptied. */
void reply_begin(struct reply *reply, struct buf *body);
/* Sets the status, forgets headers and body: the failure's way out of a half-made reply. */
void reply_restart(struct reply *reply, int status);
/* Adds a header; one too many is a fault of ours and marks the reply failed (body->failed). */
void reply_header(struct reply *reply, const char *name, struct str value);
/* Begins an answer in JSON, which no cache may keep: both headers, and a writer into the body. */
struct json_out reply_json(struct reply *reply);

/* The standard reason phrase ("Not Found"); "Unknown" for a number without one. */
const char *reply_reason(int status);
/* The statuses that have one, by their row: 0 at the end. And the row of a status, that of the end
 * for one without. */
int reply_status_at(size_t row);
size_t reply_status_row(int status);

/* Appends the whole CGI response: Status, headers, those that every answer has, no-store where no
 * Cache-Control was added, Content-Length, empty line, and unless `head_only` the body. */
void reply_write(const struct reply *reply, bool head_only, struct buf *out);

#endif
