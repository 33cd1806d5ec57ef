/* A list that is looked at, page by page: each row is held against what is known of its session,
 * and in the end every session that was in it all along has been shown, once. */
#ifndef ROLLCALL_TESTS_SOAK_LIST_H
#define ROLLCALL_TESTS_SOAK_LIST_H

#include "soak.h"

struct list {
    const struct tenant *tenant;
    const struct person *person; /* NULL: everybody of the tenant */
    enum dialect dialect;
    unsigned shows; /* sessions in these states */
    const struct login *without;
    int64_t from; /* those that began then or later; 0: all */
    bool oldest_first;
    bool part; /* more sessions may be in the list than are shown */

    struct span when; /* from the first page to the last */
    size_t count;     /* rows so far */
    size_t unknown;   /* of these, sessions that nobody was told of */
    const struct login *last;
};

void list_begin(struct soak *soak, struct list *list);
/* A page was answered. */
void list_page(struct soak *soak, struct list *list);
/* A row of it, by the dialect's name of a session that is in one of these states. User and id may
 * be NULL where the row does not tell. NULL: it is not one we know, and may be there. */
struct login *list_row(struct soak *soak, struct list *list, const char *name, const char *user,
                       const uint8_t *id, unsigned states);
void list_end(struct soak *soak, struct list *list);
/* How many the answer says there are. */
void list_total(struct soak *soak, const struct list *list, int64_t total);

#endif
