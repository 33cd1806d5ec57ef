/* One who asks the service as a web server does: CGI variables and a body in, bytes out. */
#ifndef ROLLCALL_TESTS_MODEL_CLIENT_H
#define ROLLCALL_TESTS_MODEL_CLIENT_H

#include <jansson.h>

#include "serve/service.h"

enum { VARIABLES_MAX = 16, JOURNAL_LENGTH = 12 };

struct client {
    struct store *store;
    struct submitter submitter;
    struct service service;
    struct arena *arena; /* of the request at hand */
    struct str cookie_name;
    int64_t now; /* the clock is held there */

    /* The request that is put together, and in words. */
    char *variables[VARIABLES_MAX + 1];
    size_t variable_count;
    struct str body;
    struct str words;

    /* The answer. */
    struct buf answer;
    int status;
    struct str headers;
    json_t *json; /* its body; NULL when that is none */

    char *journal[JOURNAL_LENGTH]; /* what was asked last, a line each */
    size_t asked;
};

/* The store stays the caller's. One client at a time: the clock is held for all of the process. */
void client_begin(struct client *client, struct store *store);
void client_end(struct client *client);
/* What time it is for whoever is asked from now on. */
void client_hold_clock(struct client *client, int64_t now);

/* A request is put together and sent. */
void client_request(struct client *client, const char *method, const char *target, ...)
    __attribute__((format(printf, 3, 4)));
void client_header(struct client *client, const char *name, const char *value, ...)
    __attribute__((format(printf, 3, 4)));
void client_json(struct client *client, const char *body, ...)
    __attribute__((format(printf, 2, 3)));
/* The status; all else of the answer is then in *client, until the next request. */
int client_send(struct client *client);

/* What was done otherwise, for the journal. */
void client_note(struct client *client, const char *words);

/* The value of a header of the answer; empty when there is none. */
struct str client_answer_header(const struct client *client, const char *name);
/* A member of the answer's body; NULL when there is none. */
const json_t *client_member(const struct client *client, const char *name);

/* An access token of ours for that session of that app, of now: the caller's to free; NULL when no
 * such session is there. */
char *client_access_token(struct client *client, const char *app_id, const uint8_t *id);

/* Writes the UUID that Ory's API knows a user by. */
void client_identity(const char *app_id, const char *user_id, char *out);

#endif
