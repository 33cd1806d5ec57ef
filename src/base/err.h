/* The one error idiom: functions that can fail return enum err, ERR_OK being zero.
 * One table (err.c) gives every code its word, its HTTP status and a plain sentence; only replies
 * read the status. Foreign errors (LMDB, jansson, errno) are translated where they enter. */
#ifndef ROLLCALL_BASE_ERR_H
#define ROLLCALL_BASE_ERR_H

#include "base/str.h"

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
    ERR_OK = 0,
    ERR_MALFORMED,    /* a path, query, header or body that cannot be read at all */
    ERR_INVALID,      /* it can be read, and a value in it is not allowed */
    ERR_UNAUTHORIZED, /* no credential, or none that lets anybody in */
    ERR_FORBIDDEN,    /* let in, but not to this */
    ERR_AAL,          /* let in, but a second factor is called for */
    ERR_CROSS_SITE,   /* a browser has lent the credential to another site's page */
    ERR_NOT_FOUND,    /* no such object */
    ERR_NO_ROUTE,     /* no such path */
    ERR_NO_METHOD,    /* the path exists, the method does not */
    ERR_CONFLICT,     /* already taken by another object */
    ERR_INACTIVE,     /* the user is not active, and gets no session */
    ERR_LIMIT,        /* the user has as many sessions as the app allows */
    ERR_ENDED,        /* the session is not in the state that is asked for */
    ERR_TOO_LARGE,    /* over a limit of ours */
    ERR_LONG_URI,     /* a path or query over its limit */
    ERR_HEADERS,      /* a header over its limit, or all of them together */
    ERR_RATE,         /* too many credentials that let nobody in have come from there */
    ERR_RUNAWAY,      /* a pattern ran over its match limit */
    ERR_MARK,         /* a list is to go on where we never said that a page of it ended */
    ERR_MEMORY,
    ERR_IO,
    ERR_FULL,    /* disk or map full */
    ERR_BUSY,    /* out of reader slots, or the store is locked */
    ERR_LATE,    /* a request's time was up before it was done */
    ERR_CORRUPT, /* bytes in the store that we did not write */
    ERR_VERSION, /* a store or record of a version we do not read */
    ERR_INTERNAL,
    ERR_COUNT
};

/* A failure on its way to somebody: what kind, where, and in which words. Views must outlive it. */
struct failure {
    enum err err;
    const char *code; /* the dialect's own code for it, or NULL for the dialect's default */
    struct str field; /* the parameter or key at fault; empty when there is none */
    struct str text;  /* one sentence; empty for the table's own */
    struct str nonce; /* for a proof of possession that comes with the next try; or empty */
    /* ERR_RATE and what is a 503: after how many seconds another try may be worth it. ERR_RATE: how
     * many failures a minute are put up with. */
    int64_t retry_s, most;
    const void *more; /* what else the dialect that made it has to say, for its `fail`; or NULL */
};

/* The word for logs and machine-readable output: "not_found". Never NULL. */
const char *err_word(enum err err);
/* The HTTP status a reply with this error carries, 200 for ERR_OK. */
int err_status(enum err err);
/* One plain English sentence without a final stop. Never NULL. */
const char *err_text(enum err err);

#endif
