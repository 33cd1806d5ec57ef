/* Sessions as rows of a table. */
#ifndef ROLLCALL_CTL_SESSION_ROWS_H
#define ROLLCALL_CTL_SESSION_ROWS_H

#include "ctl/table.h"
#include "store/store.h"

/* Says how many columns there are, and puts their headings. */
void session_headings(struct table *table);
void session_row(struct table *table, struct arena *arena, const struct app *app,
                 const struct found *found);

/* What the device is called: its model, or its program, and its operating system; the arena's. */
struct str session_device(struct arena *arena, const struct session *session);

#endif
