/* Damage done to a store behind its back, straight through LMDB, and undone again. */
#ifndef ROLLCALL_TESTS_DAMAGE_H
#define ROLLCALL_TESTS_DAMAGE_H

#include "store/env.h"
#include "store/scene.h"

enum { ROW_MAX = 4096 };

/* A key and its value, copied out of a table. */
struct row {
    enum table table;
    char key[512], value[ROW_MAX];
    size_t key_len, value_len;
};

/* The `at`th row of the table; false when it has fewer. */
bool row_read(struct scene *scene, enum table table, size_t at, struct row *row);
/* Each in a transaction of its own. */
void row_write(struct scene *scene, const struct row *row);
void row_delete(struct scene *scene, const struct row *row);

#endif
