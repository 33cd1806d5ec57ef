/* The index of an app that is being changed: what index_change.c and index_state.c share. */
#ifndef ROLLCALL_STORE_INDEX_CHANGING_H
#define ROLLCALL_STORE_INDEX_CHANGING_H

#include "store/index.h"

struct changing {
    struct writing *writing;
    struct snapshot view;
    struct index index;
    struct index_head head;
    int64_t idle_ms;
};

/* The index stays where it is. ERR_NOT_FOUND: no such app. */
enum err changing_begin(struct changing *changing, struct writing *writing,
                        uint32_t number) MUST_CHECK;
/* Puts what is said of the index as a whole. */
enum err changing_put_head(struct changing *changing) MUST_CHECK;
/* A session's state as the trees have it. */
unsigned changing_state(const struct changing *changing, const struct session *session);

#endif
