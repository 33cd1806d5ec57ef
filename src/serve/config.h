/* The daemon's configuration: one file (libconfuse's syntax), each option overridable by the
 * environment variable ROLLCALL_<OPTION>. */
#ifndef ROLLCALL_SERVE_CONFIG_H
#define ROLLCALL_SERVE_CONFIG_H

#include <stdio.h>
#include <sys/types.h>

#include "base/err.h"
#include "http/request.h"
#include "model/secret.h"
#include "serve/confine.h"
#include "serve/watch.h"

enum { LIST_MAX = 16, WORKERS_MAX = 256 };

struct config {
    void *source; /* what the texts below belong to */
    const char *store, *listen, *user, *user_agents, *countries, *log_file, *access_log_file;
    enum confine_mode confine;
    mode_t socket_mode;
    int workers;
    uint64_t requests_per_worker;
    int request_seconds, drain_seconds;
    int64_t failures_per_minute;
    size_t map_bytes;
    struct str cookie_names[LIST_MAX], cors_origins[LIST_MAX];
    struct network proxies[LIST_MAX];
    enum access_log access_log;
    bool has_status_token;
    uint8_t status_token[HASH_BYTES];
    struct site site;
};

/* Reads the file, then the environment. `path` NULL: $ROLLCALL_CONFIG, or else the installed place,
 * where no file is no error. What is wrong is logged as `file:line: reason` and gives ERR_INVALID.
 * Sets the log's level. The caller ends *config with config_free. */
enum err config_load(const char *path, struct config *config) MUST_CHECK;
void config_free(struct config *config);
/* Puts a fresh one in its place, which is empty then. */
void config_replace(struct config *config, struct config *fresh);

/* Every option in force, in the file's syntax. */
void config_print(const struct config *config, FILE *out);

#endif
