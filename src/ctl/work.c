#include "ctl/work.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"

static enum err begin(struct work *work, const struct ctl *ctl, enum store_mode mode)
{
    enum err err = ctl_open(ctl, mode, &work->store);
    if (err != ERR_OK)
        return err;
    work->now = clock_now();
    work->arena = arena_new(SIZE_MAX);
    err = work->arena ? snapshot_begin(work->store, &work->snapshot) : ERR_MEMORY;
    if (err != ERR_OK)
        ctl_fail("the store at %s cannot be read: %s", ctl->store_path, err_text(err));
    return err;
}

void work_stop_looking(struct work *work)
{
    if (work->snapshot)
        snapshot_end(work->snapshot);
    work->snapshot = NULL;
}

enum err work_begin(struct work *work, const struct ctl *ctl, enum store_mode mode)
{
    *work = (struct work){.alone = -1};
    return begin(work, ctl, mode);
}

enum err work_begin_alone(struct work *work, const struct ctl *ctl)
{
    int locked = -1;
    *work = (struct work){
        .alone = open(ctl->store_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
    };
    /* Without a folder there is no store: that is said when it is opened. */
    do
        locked = work->alone < 0 ? 0 : flock(work->alone, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    if (locked == 0)
        return begin(work, ctl, STORE_WRITE);
    ctl_fail("the store at %s cannot be locked: %s", ctl->store_path, strerror(errno));
    return ERR_IO;
}

int work_end(struct work *work, int code)
{
    if (work->snapshot)
        code = ctl_judge(work->snapshot, code);
    work_stop_looking(work);
    store_close(work->store);
    arena_free(work->arena);
    if (work->alone >= 0)
        close(work->alone);
    return code;
}

enum err work_look_again(struct work *work)
{
    work_stop_looking(work);
    enum err err = snapshot_begin(work->store, &work->snapshot);
    if (err != ERR_OK)
        ctl_fail("the store cannot be read: %s", err_text(err));
    return err;
}

enum err work_grant(struct work *work, const struct app *app, const struct wish *wish)
{
    work->caller = (struct caller){.app = *app, .use = KEY_ADMIN, .actor = STR("command-line")};
    /* Nobody is admitted, so that nothing is remembered of it. */
    return core_grant(NULL, work->snapshot, work->arena, &work->caller, wish, work->now,
                      &work->answer);
}

enum err work_write(struct work *work)
{
    struct answer *answer = &work->answer;
    enum err err = ERR_OK;
    if (answer->put_count)
        err =
            store_apply(work->store, answer->puts, answer->put_count, work->now, &answer->outcome);
    return err == ERR_OK ? core_settle(work->arena, &work->caller, answer) : err;
}
