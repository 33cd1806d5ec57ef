/* A service of the test's own over a store of the test's own, asked in this very process. */
#ifndef ROLLCALL_TESTS_ASKING_H
#define ROLLCALL_TESTS_ASKING_H

#include "serve/service.h"

/* What its clock says, in milliseconds; requests take no time, and their ids are zeros. */
extern int64_t asking_now;

struct asking {
    char *dir;
    struct store *store;
    struct submitter submitter;
    struct service service;
    struct buf out;
};

/* The records, JSON Lines, are put in at `asking_now`; views in the site must outlive it. */
void asking_begin(struct asking *asking, const char *jsonl, const struct site *site);
void asking_end(struct asking *asking);

/* Asks what the text says: a request line without protocol, headers, and after an empty line the
 * body. Gives the whole CGI response, as a text, until the next. */
const char *asking_ask(struct asking *asking, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The number in a response's Status line. */
int asked_status(const char *response);

#endif
