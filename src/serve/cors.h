/* Who else's pages may ask: the Fetch standard's CORS protocol, for the origins that are
 * configured.
 */
#ifndef ROLLCALL_SERVE_CORS_H
#define ROLLCALL_SERVE_CORS_H

#include "http/reply.h"
#include "serve/route.h"

/* Whether it is a browser asking beforehand; then the reply is that answer. */
bool cors_preflight(const struct request *request, const struct match *match, struct reply *reply);

/* Whether a browser that asks does so for a page of this very site, or of a configured origin, or
 * for its user. What is no browser says neither who it asks for nor whence, and may. */
bool cors_is_trusted(const struct request *request);

/* Adds to an answer what lets a page of a configured origin read it. */
void cors_add(const struct request *request, const struct match *match, struct reply *reply);

#endif
