#include <stdio.h>

#include "ctl/ctl.h"

static const struct argp argp = {
    .parser = ctl_parse_nothing,
    .doc = "Makes an empty store, folder and all. One that is there already is left as it is.",
    .children = ctl_children,
};

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct store *store = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, ctl);
    if (ctl_become_owner(ctl) != ERR_OK)
        return EXIT_FAILED;
    enum err err =
        store_open(&(struct store_options){.path = ctl->store_path, .mode = STORE_READ}, &store);
    bool is_new = err == ERR_NOT_FOUND;
    if (err != ERR_OK)
        err = ctl_open(ctl, is_new ? STORE_CREATE : STORE_READ, &store);
    if (err != ERR_OK)
        return EXIT_FAILED;
    store_close(store);
    printf(is_new ? "made an empty store at %s\n" : "there is a store at %s already\n",
           ctl->store_path);
    return EXIT_DONE;
}

const struct command ctl_init = {
    .name = "init",
    .summary = "make an empty store",
    .argp = &argp,
    .run = run,
};
