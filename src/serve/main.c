/* rollcalld: the pool under its master, a single FastCGI process, or one plain CGI request, by how
 * it was started. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "serve/arguments.h"
#include "serve/config.h"
#include "serve/listen.h"
#include "serve/pool.h"
#include "serve/worker.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unreleased"
#endif

const char *argp_program_version = "rollcalld " PACKAGE_VERSION;

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
    if (argp_parse(&rollcalld_argp, argc, argv, 0, NULL, &arguments) != 0)
        return USAGE;
    if (config_load(arguments.config, &config) != ERR_OK)
        return EXIT_FAILURE;
    int code = run(&config, &arguments);
    config_free(&config);
    return code;
}
