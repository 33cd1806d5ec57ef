/* Looking up what the command line names. What is not there is said. */
#ifndef ROLLCALL_CTL_FIND_H
#define ROLLCALL_CTL_FIND_H

#include "store/store.h"

/* A session that was named, its app and its holder. */
struct named {
    struct app app;
    struct session session;
    struct user user;
};

/* The one session of that id, which is its UUID, or the id as any vendor's clients spell it; in one
 * app alone where `app` is not NULL. ERR_NOT_FOUND: there is none; ERR_CONFLICT: more than one. */
enum err find_session(struct snapshot *snapshot, const char *id, const char *app,
                      struct named *named) MUST_CHECK;

enum err find_app(struct snapshot *snapshot, const char *id, struct app *app) MUST_CHECK;
enum err find_user(struct snapshot *snapshot, const struct app *app, const char *id,
                   struct user *user) MUST_CHECK;

#endif
