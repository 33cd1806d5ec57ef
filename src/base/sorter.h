/* Sorts more byte strings than memory holds: what does not fit goes, sorted, to a temporary file,
 * and is merged from there. Equal ones come out in the order they went in. */
#ifndef ROLLCALL_BASE_SORTER_H
#define ROLLCALL_BASE_SORTER_H

#include "base/err.h"
#include "base/str.h"

/* <0, 0, >0. */
typedef int (*sorter_cmp_fn)(struct str a, struct str b);

struct sorter_options {
    const char *dir; /* of the temporary file, which has no name; the caller's */
    size_t memory;   /* bytes, about; a single string that is longer may take more */
    /* At the front of each string, so many bytes that are the same in all; the order of the eight
     * bytes behind them is that of the strings. Sorting is so much the faster, the more of them
     * these eight bytes tell apart. */
    size_t same;
    sorter_cmp_fn cmp; /* of strings that are so far equal; NULL: bytewise */
};

struct sorter;

/* The caller owns *sorter and ends it with sorter_free. */
enum err sorter_new(const struct sorter_options *options, struct sorter **sorter) MUST_CHECK;
void sorter_free(struct sorter *sorter);

/* Copies it. ERR_FULL, ERR_IO: of the temporary file. */
enum err sorter_add(struct sorter *sorter, struct str bytes) MUST_CHECK;
/* No more are added; what memory was taken for them is given back where it is not needed. */
enum err sorter_sort(struct sorter *sorter) MUST_CHECK;
/* The next in order, a view until the one after it. ERR_NOT_FOUND: there are no more. */
enum err sorter_next(struct sorter *sorter, struct str *bytes) MUST_CHECK;

/* Begins anew, without any strings. */
void sorter_reset(struct sorter *sorter);

#endif
