/* Stores that a call was left of: what that had in hand is in nobody's way. */
#include <sys/wait.h>
#include <unistd.h>

#include "store/env.h"
#include "store/scene.h"

SUITE(store_abandon);

static bool leave_write(struct scene *scene)
{
    MDB_txn *txn;
    return scene_open(scene, STORE_WRITE, 0) == ERR_OK &&
           env_begin_write(scene->store, &txn) == ERR_OK && !store_abandon(scene->store);
}

static bool leave_read(struct scene *scene)
{
    struct store_stat stat;
    return scene_open(scene, STORE_WRITE, 0) == ERR_OK &&
           snapshot_begin(scene->store, &scene->snapshot) == ERR_OK &&
           store_abandon(scene->store) && scene_open(scene, STORE_READ, 0) == ERR_OK &&
           store_stat(scene->store, &stat) == ERR_OK && stat.readers_behind == 0 &&
           stat.readers == 1;
}

/* A store that another process has left a call of, and so has ended; it is open here throughout. */
static struct scene left_scene(bool (*leave)(struct scene *scene))
{
    struct scene scene = scene_new(0);
    int status;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        scene.store = NULL;
        _exit(leave(&scene) ? 0 : 1);
    }
    cr_assert(waitpid(child, &status, 0) == child && status == 0);
    return scene;
}

Test(store_abandon, who_has_left_a_write_keeps_nobody_from_writing_once_it_has_ended, .timeout = 10)
{
    struct scene scene = left_scene(leave_write);
    scene_put(&scene, app_put("acme"));
    scene_sound(&scene);
    scene_end(&scene);
}

Test(store_abandon, who_has_left_a_read_may_open_it_again)
{
    struct scene scene = left_scene(leave_read);
    scene_put(&scene, app_put("acme"));
    scene_end(&scene);
}
