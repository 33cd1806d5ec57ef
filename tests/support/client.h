/* What an application asks of a pool, straight over FastCGI, one request a connection: sessions
 * begun and revoked as Corbado's clients do it, and used as Ory Kratos' do. The store has an app of
 * project "pro-bench" with Corbado's key "corbado1_bench". */
#ifndef ROLLCALL_TESTS_CLIENT_H
#define ROLLCALL_TESTS_CLIENT_H

#include "base/buf.h"

/* Digits of a session's id. */
enum { CLIENT_ID_TEXT = 30 };

/* Begins zeroed, but for the socket. */
struct client {
    const char *socket; /* a path or HOST:PORT; not owned */
    struct buf request, answer;
};

/* Begins a session of a user, revokes one by its id, uses one by its token. */
enum client_verb { CLIENT_CREATE, CLIENT_REVOKE, CLIENT_WHOAMI };

/* A connection to the pool on which an answer is waited for so long at most; -1 with errno. */
int client_connect(const struct client *client, int wait_s);

/* Sends the request on the connection, reads the whole answer and closes. Gives the answer's
 * status; 0 with errno where none came to its end (0: the connection was closed). */
int client_ask(struct client *client, int fd, enum client_verb verb, const char *name);

/* Whether the last answer shows an active session of that user; its id, and a NUL, go to `id`. */
bool client_created(const struct client *client, const char *user, char *id);

void client_end(struct client *client);

#endif
