/* FastCGI from the web server's side (FastCGI specification 1.0), one request a connection. */
#ifndef ROLLCALL_TESTS_FCGI_H
#define ROLLCALL_TESTS_FCGI_H

#include "base/buf.h"

/* A connection to a path or HOST:PORT; -1 with errno. */
int fcgi_connect(const char *target);

/* A request is appended in this order: its beginning, with params as NAME=VALUE up to a NULL; its
 * body, where it has one; its end. */
void fcgi_put_begin(struct buf *request, char *const *params);
void fcgi_put_body(struct buf *request, struct str body);
void fcgi_put_end(struct buf *request);

/* Sends all of it. False with errno. */
bool fcgi_send(int fd, struct str bytes);

/* Appends what the responder says, up to the end of its answer; whatever was there. False when that
 * end does not come: errno is 0 for a connection that was closed. */
bool fcgi_receive(int fd, struct buf *answer);

/* The number of the answer's Status line; 0 where it begins with none. */
int fcgi_status(const struct buf *answer);

#endif
