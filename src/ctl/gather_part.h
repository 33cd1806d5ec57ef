/* What one of the processes does that gather.h speaks of. */
#ifndef ROLLCALL_CTL_GATHER_PART_H
#define ROLLCALL_CTL_GATHER_PART_H

#include <stdatomic.h>
#include <sys/types.h>

#include "base/frames.h"
#include "ctl/gather.h"

/* How far it is: shared with the process that waits for it. */
struct gather_pace {
    _Atomic uint64_t rows, bytes;
};

/* What it says in its first frame; its items follow, a frame each, and an empty one at the end. */
struct gather_result {
    enum err err;
    uint64_t users, sessions, bytes;
};

struct gather_part {
    pid_t pid;         /* 0: there is none */
    uint64_t from, to; /* counted through all files, one behind the other */
    struct gather_pace *pace;
    struct frame_reader reader;
    bool ready; /* it has said its result */
    bool ended; /* it has no more items */
    struct str item;
};

/* Reads the part and writes what is in it to that pipe. */
enum err gather_part_run(const struct gather *gather, const struct gather_part *self,
                         int fd) MUST_CHECK;

/* Reads an item. */
bool gather_part_item(struct str item, struct gathered *gathered);

#endif
