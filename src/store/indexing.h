/* Making an index of many records at once: what they have in its tables is gathered, sorted, and
 * put at the tables' ends. The tables are empty when it begins. */
#ifndef ROLLCALL_STORE_INDEXING_H
#define ROLLCALL_STORE_INDEXING_H

#include "store/env.h"

struct indexing_options {
    struct snapshot view; /* the transaction it is done in */
    int64_t now;          /* as of which sessions have their states */
    const char *dir;      /* of temporary files */
    size_t memory;        /* bytes, about */
    /* Is told of two that claim one entry, and the first has it; NULL: that is ERR_CONFLICT. Two
     * sessions of one id are ERR_CONFLICT in any case. */
    store_report_fn report;
    uint64_t users, sessions;   /* about how many there will be, for `progress` alone */
    store_progress_fn progress; /* or NULL */
    void *context;              /* of both */
};

struct indexing;

/* Takes out everything that an index is made of; without `apps`, but what apps' own records have.
 */
enum err indexing_clear(const struct snapshot *view, bool apps) MUST_CHECK;

/* The caller ends *indexing with indexing_end or indexing_drop. */
enum err indexing_begin(const struct indexing_options *options,
                        struct indexing **indexing) MUST_CHECK;
void indexing_drop(struct indexing *indexing);

/* What comes next is of this app; apps come in the order of their numbers. NULL: no more come, and
 * what is looked up by an app's entries can be. */
enum err indexing_app(struct indexing *indexing, const struct app *app) MUST_CHECK;
enum err indexing_user(struct indexing *indexing, const struct user *user) MUST_CHECK;
/* A session of the app, and its user; *device is its device's number. Nothing of either is looked
 * at once the transaction has been written to. */
enum err indexing_session(struct indexing *indexing, const struct session *session,
                          const struct user *user, uint32_t *device) MUST_CHECK;
/* An entry that is not of one app's sessions and users; an entry_fn, `context` being the indexing.
 */
enum err indexing_entry(void *context, enum table table, const struct key *key,
                        struct str value) MUST_CHECK;

/* Writes what was gathered, and ends it whatever comes of that. */
enum err indexing_end(struct indexing *indexing) MUST_CHECK;

#endif
