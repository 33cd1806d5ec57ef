/* What the process says about itself: /rollcall/health and /rollcall/metrics. Neither is there
 * unless the site is configured so. */
#ifndef ROLLCALL_SERVE_STATUS_H
#define ROLLCALL_SERVE_STATUS_H

#include "dialect/dialect.h"

struct service;

/* Whether the site has a route that the process answers by itself. */
bool status_is_there(const struct site *site, const struct route *route);

/* Answers such a route. ERR_UNAUTHORIZED. */
enum err status_answer(const struct service *service, const struct request *request,
                       const struct route *route, struct reply *reply) MUST_CHECK;

#endif
