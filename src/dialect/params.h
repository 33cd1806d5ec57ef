/* What dialects share in reading parameters. */
#ifndef ROLLCALL_DIALECT_PARAMS_H
#define ROLLCALL_DIALECT_PARAMS_H

#include "http/request.h"

/* The first parameter of that name as an integer from `low` to `high`; `*value` stays as it was
 * when there is none. False when it is something else. */
bool param_integer(const struct request *request, const char *name, int64_t low, int64_t high,
                   int64_t *value);

#endif
