/* A table for a terminal: columns as wide as their widest cell. */
#ifndef ROLLCALL_CTL_TABLE_H
#define ROLLCALL_CTL_TABLE_H

#include "base/buf.h"

enum { COLUMNS_MAX = 12 };

/* Zeroed but for `columns` before the first cell; ended with table_end. */
struct table {
    size_t columns; /* at most COLUMNS_MAX */
    size_t cells;
    size_t widths[COLUMNS_MAX]; /* in characters */
    struct buf texts;           /* each cell's, ended by a NUL */
};

/* The next cell, row by row; made visible as ctl_put_visible does. */
void table_cell(struct table *table, struct str text);
void table_instant(struct table *table, int64_t instant);
/* Writes all rows to standard output; false when out of memory. */
bool table_print(const struct table *table);
void table_end(struct table *table);

#endif
