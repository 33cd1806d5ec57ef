#include <inttypes.h>
#include <stdio.h>

#include "ctl/ctl.h"

static const struct argp argp = {
    .parser = ctl_parse_nothing,
    .doc = "Looks whether every record has its index entries, every index entry its record, and "
           "whether counts agree.\vWhat is wrong is said on standard error, a line each; the exit "
           "code is then 1.",
    .children = ctl_children,
};

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
    struct store *store;
    uint64_t faults = 0;
    argp_parse(&argp, argc, argv, 0, NULL, ctl);
    if (ctl_open(ctl, STORE_READ, &store) != ERR_OK)
        return EXIT_FAILED;
    enum err err = store_check(store, ctl_report, NULL, &faults);
    store_close(store);
    if (err != ERR_OK)
        return ctl_fail("the check came to no end: %s", err_text(err));
    if (faults)
        return ctl_fail("%" PRIu64 " %s", faults, faults == 1 ? "fault" : "faults");
    printf("nothing is wrong\n");
    return EXIT_DONE;
}
