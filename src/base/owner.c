#include "base/owner.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

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

/* Cuts names off until what is left is there; of a relative path that is the folder at hand at the
 * last. */
static bool stat_nearest(const char *path, struct stat *info)
{
    char place[PATH_MAX];
    int len = snprintf(place, sizeof(place), "%s", path);
    if (len < 0 || (size_t)len >= sizeof(place))
        return false;
    while (stat(place, info) != 0) {
        char *slash = strrchr(place, '/');
        if (errno != ENOENT || strcmp(place, "/") == 0 || strcmp(place, ".") == 0)
            return false;
        if (slash)
            slash[slash == place] = '\0';
        else
            strcpy(place, ".");
    }
    return true;
}

enum err owner_choose(const char *folder, const char *user, struct owner *owner)
{
    struct stat info;
    *owner = (struct owner){.named = *user != '\0'};
    if (geteuid() != 0) {
        owner->uid = geteuid();
        owner->gid = getegid();
        return ERR_OK;
    }
    if (!owner->named) {
        bool found = stat_nearest(folder, &info);
        take_number(owner, found ? info.st_uid : 0, found ? info.st_gid : 0);
        return ERR_OK;
    }
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        log_error("user: there is no %s", user);
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

static enum err fail(const struct owner *owner)
{
    log_error("cannot become %s: %s", owner->name, strerror(errno));
    return ERR_IO;
}

enum err owner_become(const struct owner *owner)
{
    if (geteuid() != 0 || owner->uid == 0)
        return ERR_OK;
    if (take_groups(owner) && setresgid(owner->gid, owner->gid, owner->gid) == 0 &&
        setresuid(owner->uid, owner->uid, owner->uid) == 0 && is(owner))
        return ERR_OK;
    return fail(owner);
}

/* Root's, meanwhile; its other groups give it nothing, and are not kept. */
static bool away;
static gid_t own_gid;

enum err owner_act_as(const struct owner *owner)
{
    if (geteuid() != 0 || owner->uid == 0)
        return ERR_OK;
    own_gid = getegid();
    away = take_groups(owner) && setegid(owner->gid) == 0 && seteuid(owner->uid) == 0;
    return away ? ERR_OK : fail(owner);
}

void owner_return(void)
{
    if (away && seteuid(0) == 0 && setegid(own_gid) == 0)
        away = false;
}
