#include "serve/owner.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/config.h"

static void take(struct owner *owner, const struct passwd *entry)
{
    owner->uid = entry->pw_uid;
    owner->gid = entry->pw_gid;
    owner->known = true;
    snprintf(owner->name, sizeof(owner->name), "%s", entry->pw_name);
}

static void take_number(struct owner *owner, uid_t uid, gid_t gid)
{
    const struct passwd *entry = getpwuid(uid);
    if (entry) {
        take(owner, entry);
        return;
    }
    owner->uid = uid;
    owner->gid = gid;
    snprintf(owner->name, sizeof(owner->name), "%u", (unsigned)uid);
}

/* Cuts names off until what is left is there. */
static bool stat_nearest(const char *path, struct stat *info)
{
    char place[PATH_MAX];
    int len = snprintf(place, sizeof(place), "%s", path);
    if (len < 0 || (size_t)len >= sizeof(place))
        return false;
    while (stat(place, info) != 0) {
        char *slash = strrchr(place, '/');
        if (errno != ENOENT || !slash || !place[1])
            return false;
        slash[slash == place] = '\0';
    }
    return true;
}

enum err owner_choose(const struct config *config, struct owner *owner)
{
    struct stat folder;
    *owner = (struct owner){.named = *config->user != '\0'};
    if (geteuid() != 0) {
        owner->uid = geteuid();
        owner->gid = getegid();
        return ERR_OK;
    }
    if (!owner->named) {
        bool found = stat_nearest(config->store, &folder);
        take_number(owner, found ? folder.st_uid : 0, found ? folder.st_gid : 0);
        return ERR_OK;
    }
    const struct passwd *entry = getpwnam(config->user);
    if (!entry) {
        log_error("user: there is no %s", config->user);
        return ERR_NOT_FOUND;
    }
    take(owner, entry);
    return ERR_OK;
}

static bool take_groups(const struct owner *owner)
{
    return owner->known ? initgroups(owner->name, owner->gid) == 0 : setgroups(0, NULL) == 0;
}

/* Whether it is that one in every way there is, and can be nobody else. */
static bool is(const struct owner *owner)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    return getresuid(&real, &effective, &saved) == 0 &&
           getresgid(&real_group, &effective_group, &saved_group) == 0 && real == owner->uid &&
           effective == owner->uid && saved == owner->uid && real_group == owner->gid &&
           effective_group == owner->gid && saved_group == owner->gid && setuid(0) != 0;
}

enum err owner_become(const struct owner *owner)
{
    if (geteuid() != 0 || owner->uid == 0)
        return ERR_OK;
    if (take_groups(owner) && setresgid(owner->gid, owner->gid, owner->gid) == 0 &&
        setresuid(owner->uid, owner->uid, owner->uid) == 0 && is(owner))
        return ERR_OK;
    log_error("cannot become %s: %s", owner->name, strerror(errno));
    return ERR_IO;
}
