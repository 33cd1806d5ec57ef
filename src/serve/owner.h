/* Whose a daemon is that root has started: it needs nothing of root's once it listens. */
#ifndef ROLLCALL_SERVE_OWNER_H
#define ROLLCALL_SERVE_OWNER_H

#include <sys/types.h>

#include "base/err.h"

struct config;

struct owner {
    uid_t uid;
    gid_t gid;
    char name[64]; /* or the number of one without a name; of no use unless root asks */
    bool named;    /* by the configuration, and not found by the store's folder */
    bool known;    /* has groups beside that one */
};

/* Who this process is to be: who it is already, unless that is root; then the one that the
 * configuration names, or the owner of the store's folder, or of the folder above that is there.
 * ERR_NOT_FOUND, logged: nobody has that name. */
enum err owner_choose(const struct config *config, struct owner *owner) MUST_CHECK;

/* Becomes that one, with his groups and none of root's, and without a way back. ERR_IO, logged. */
enum err owner_become(const struct owner *owner) MUST_CHECK;

#endif
