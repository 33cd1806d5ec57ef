/* Rocket.Chat's offset, count, filter and sort parameters, as strict as its own server is. */
#ifndef ROLLCALL_DIALECT_ROCKETCHAT_QUERY_H
#define ROLLCALL_DIALECT_ROCKETCHAT_QUERY_H

#include "base/err.h"
#include "http/request.h"
#include "model/pattern.h"
#include "model/query.h"

/* What an answer states of the paging: both as in force, offset as given. */
struct rocketchat_paging {
    int64_t offset, count;
};

/* Fills in the query; ERR_INVALID with the first rule that fails in *failure. Among the sessions of
 * one user, sorting by user changes nothing: `of_all` says that it is about everybody's. */
enum err rocketchat_query_read(const struct request *request, enum pattern_kind filter_kind,
                               bool of_all, struct query *query,
                               struct failure *failure) MUST_CHECK;

/* The paging alone, of a request that rocketchat_query_read took. */
struct rocketchat_paging rocketchat_paging_read(const struct request *request);

#endif
