/* What is looked for among the sessions of one app, and what was found. Vendor-free but for the
 * spelling in which ids are compared. */
#ifndef ROLLCALL_MODEL_QUERY_H
#define ROLLCALL_MODEL_QUERY_H

#include "model/app.h"
#include "model/pattern.h"
#include "model/session.h"
#include "model/user.h"

enum field {
    FIELD_ID,   /* the id's spelling, bytewise */
    FIELD_USER, /* the user's id, in the order of user_id_cmp */
    FIELD_STATUS,
    FIELD_CREATED,
    FIELD_LAST_ACTIVE,
    FIELD_UPDATED,
    FIELD_EXPIRES,
    FIELD_DEVICE_NAME, /* texts: bytewise; one that is absent comes first */
    FIELD_OS_NAME,
    FIELD_OS_VERSION,
    FIELD_USERNAME,
    FIELD_USER_NAME,
    FIELD_COUNT
};

/* How an id or user id stands to a condition's text. */
enum relation { RELATION_EQUAL, RELATION_BELOW, RELATION_ABOVE };

/* FIELD_ID, FIELD_USER: `relation` to `text`. FIELD_STATUS and instants: low <= value <= high,
 * where an empty range (low > high) holds for nothing. Other fields cannot be conditions. */
struct condition {
    enum field field;
    enum relation relation;
    struct str text;
    int64_t low, high;
};

struct order {
    enum field field;
    bool descending;
};

/* The place of a session in an app's list, newest first and then by ascending id: what follows it
 * is the next page, whatever came or went. */
struct mark {
    int64_t created;
    struct str id; /* as the query's vendor spells it */
    /* The session itself, for an id that was brought can be what another's is spelled like: what
     * follows it among those of one spelling follows the mark. NULL: none of them does. */
    const struct uuid *session;
};

enum { ORDERS_MAX = 8 };

struct query {
    enum vendor vendor;        /* whose spelling FIELD_ID, the pattern and ties go by */
    uint64_t user;             /* this user's sessions alone; 0: everybody's */
    const struct user *holder; /* that user, where the caller has read it already; or NULL */
    bool active_only;
    const struct uuid *without; /* a session to leave out, or NULL */
    const struct mark *after;   /* only what stands after it, or NULL; with no other order */
    const struct condition *conditions;
    size_t condition_count; /* all of them must hold */
    /* NULL, or searched for in device name, device type, operating system's name, spelled id and
     * user id, written one after another without a separator. */
    struct pattern *pattern;
    bool pattern_finds_users; /* ... or found in the username, or the name, of the user */
    struct order orders[ORDERS_MAX];
    size_t order_count;    /* 0: newest first */
    bool id_descending;    /* ties go by the spelled id; false: ascending */
    int64_t offset, limit; /* both >= 0 */
};

/* One session found, its status at the query's instant, and its holder. */
struct found {
    struct session session;
    struct user user;
    enum status status;
};

struct page {
    struct found *items; /* the arena's */
    size_t count;
    uint64_t total; /* how many match, whatever the page */
};

#endif
