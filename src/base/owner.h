/* Whose a program is that root has started: what lies in a folder of somebody else's is his to put
 * there, links to root's own files among it. */
#ifndef ROLLCALL_BASE_OWNER_H
#define ROLLCALL_BASE_OWNER_H

#include <sys/types.h>

#include "base/err.h"

struct owner {
    uid_t uid;
    gid_t gid;
    char name[64]; /* or the number of one without a name; of no use unless root asks */
    bool named;    /* by `user`, and not found by the folder */
    bool known;    /* has groups beside that one */
};

/* Who this process is to be: who it is already, unless that is root; then the one of that name, or
 * where `user` is "" the owner of the folder, or of the one above it that is there. ERR_NOT_FOUND,
 * logged: nobody has that name. */
enum err owner_choose(const char *folder, const char *user, struct owner *owner) MUST_CHECK;

/* Becomes that one, with his groups and none of root's, and without a way back. ERR_IO, logged. */
enum err owner_become(const struct owner *owner) MUST_CHECK;

/* The same for as long as files are opened; owner_return is the way back, and nothing where this
 * changed nothing. ERR_IO, logged: there is none to go. */
enum err owner_act_as(const struct owner *owner) MUST_CHECK;
void owner_return(void);

#endif
