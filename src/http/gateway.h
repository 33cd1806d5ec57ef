/* The boundary: requests come in and replies leave, by CGI or FastCGI; nothing else knows libfcgi.
 */
#ifndef ROLLCALL_HTTP_GATEWAY_H
#define ROLLCALL_HTTP_GATEWAY_H

#include "base/buf.h"
#include "base/err.h"
#include "http/request.h"

/* Answers one request: appends a whole CGI response to `out`. `env` and the body are valid during
 * the call. */
typedef void (*gateway_fn)(void *context, char *const *env, const struct body *body,
                           struct buf *out);

struct gateway_bounds {
    uint64_t most; /* requests to be answered; 0: no bound */
    int seconds; /* for a request, from its connection to the end of its answer, as base/deadline.h
                    has it; 0: no bound */
};

/* Accepts and answers one request after another on a listening FastCGI socket until gateway_stop
 * was called, or as many as may be are answered. A connection is closed after its answer, so that
 * none pins this process; the request body is read to its end. ERR_IO: the socket fails. */
enum err gateway_serve(int listen_fd, const struct gateway_bounds *bounds, gateway_fn answer,
                       void *context) MUST_CHECK;

/* From a signal handler: the request at hand is finished, no further one is accepted. */
void gateway_stop(void);

/* Answers the one plain CGI request of this process, in so many seconds as above: `env` in,
 * standard output. */
enum err gateway_cgi(char *const *env, int seconds, gateway_fn answer, void *context) MUST_CHECK;

#endif
