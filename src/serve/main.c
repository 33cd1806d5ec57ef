/* rollcalld: the pool under its master, a single FastCGI process, or one plain CGI request, by how
 * it was started. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <argp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/config.h"
#include "serve/listen.h"
#include "serve/pool.h"
#include "serve/worker.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unreleased"
#endif

const char *argp_program_version = "rollcalld " PACKAGE_VERSION;

enum { USAGE = 2, KEY_CHECK = 256 };

struct arguments {
    const char *config;
    bool check;
};

static error_t take_argument(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case KEY_CHECK:
        arguments->check = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected \"%s\"", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    char *options = NULL;
    size_t size = 0;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    FILE *out = open_memstream(&options, &size);
    if (!out)
        return NULL;
    fprintf(out, "Options of the configuration file, with their defaults; the environment variable "
                 "ROLLCALL_<OPTION> overrides each:\n\n");
    config_help(out);
    fclose(out);
    return options;
}

static const struct argp_option argp_options[] = {
    {"config", 'c', "FILE", 0, "read this configuration file", 0},
    {"check-config", KEY_CHECK, NULL, 0, "print the configuration in force and end", 0},
    {0},
};

static const struct argp argp = {
    .options = argp_options,
    .parser = take_argument,
    .doc = "Answers session lists by CGI and FastCGI.\v ",
    .help_filter = help_filter,
};

static bool is_cgi(void)
{
    return (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD")) &&
           !listen_is_socket(STDIN_FILENO);
}

static int serve(struct config *config, const char *path)
{
    struct listener listener;
    enum err err = ERR_OK;
    if (config->workers)
        pool_block_signals();
    if (!listen_inherit(&listener)) {
        if (!*config->listen) {
            log_error("nothing to listen on: set \"listen\", or hand over a listening socket");
            return USAGE;
        }
        err = listen_open(config->listen, config->socket_mode, &listener);
    }
    if (err != ERR_OK)
        return EXIT_FAILURE;
    log_info("listening on %s", listener.path[0]  ? listener.path
                                : *config->listen ? config->listen
                                                  : "the socket handed over");
    int code = config->workers ? pool_run(config, path, listener.fd)
                               : worker_serve(config, listener.fd, -1);
    listen_close(&listener);
    return code;
}

static int run(struct config *config, const struct arguments *arguments)
{
    if (arguments->check) {
        config_print(config, stdout);
        return EXIT_SUCCESS;
    }
    return is_cgi() ? worker_cgi(config) : serve(config, arguments->config);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    struct config config;
    argp_err_exit_status = USAGE;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0)
        return USAGE;
    if (config_load(arguments.config, &config) != ERR_OK)
        return EXIT_FAILURE;
    int code = run(&config, &arguments);
    config_free(&config);
    return code;
}
