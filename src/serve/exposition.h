/* The counts as Prometheus reads them: its text format, version 0.0.4. */
#ifndef ROLLCALL_SERVE_EXPOSITION_H
#define ROLLCALL_SERVE_EXPOSITION_H

#include "base/buf.h"
#include "base/metrics.h"
#include "store/store.h"

/* Appends all of them. `stat` is NULL while there is no store to read. */
void exposition_put(const struct metrics *metrics, const struct store_stat *stat, struct buf *buf);

/* Appends a label's value: what would end it is escaped. */
void exposition_escape(struct str text, struct buf *buf);

#endif
