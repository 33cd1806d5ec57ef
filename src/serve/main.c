/* rollcalld: the pool under its master, a single FastCGI process, or one plain CGI request, by how
 * it was started. */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/owner.h"
#include "base/std.h"
#include "dialect/tally.h"
#include "serve/arguments.h"
#include "serve/config.h"
#include "serve/notify.h"
#include "serve/pool.h"
#include "serve/worker.h"
#include "store/store.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unreleased"
#endif

const char *argp_program_version = "rollcalld " PACKAGE_VERSION;

static bool is_cgi(void)
{
    return (getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD")) &&
           !listen_is_socket(STDIN_FILENO);
}

/* Who cannot write the log may answer all the same: the web server takes what is said on standard
 * error. */
static int answer_once(const struct config *config)
{
    struct owner owner;
    if (owner_choose(config->store, config->user, &owner) != ERR_OK ||
        owner_become(&owner) != ERR_OK)
        return EXIT_FAILURE;
    struct metrics *metrics = metrics_open(config->store, tally_layout());
    (void)log_open(config->log_file, config->access_log_file);
    int code = worker_cgi(config, metrics);
    metrics_close(metrics);
    return code;
}

static int serve_alone(const struct config *config, int listen_fd)
{
    struct metrics *metrics = metrics_open(config->store, tally_layout());
    notify_ready();
    int code = worker_serve(config, metrics, listen_fd, &(struct writer_link){-1, NULL}, 0);
    metrics_close(metrics);
    return code;
}

/* Descriptors that were handed over come first, and have been looked at. */
static enum err find_socket(const struct config *config, const struct handover *handover,
                            struct listener *listener)
{
    if (handover)
        *listener = handover->listener;
    enum err err = handover ? ERR_OK : listen_inherit(listener);
    if (err != ERR_NOT_FOUND)
        return err;
    if (*config->listen)
        return listen_open(config->listen, config->socket_mode, listener);
    log_error("nothing to listen on: set \"listen\", or hand over a listening socket");
    return ERR_NOT_FOUND;
}

/* Whoever this process is to be: a socket's file that was made here is his as well. */
static enum err become(const struct config *config, const struct listener *listener)
{
    struct owner owner;
    bool root = geteuid() == 0;
    enum err err = owner_choose(config->store, config->user, &owner);
    if (err == ERR_OK && root && owner.uid != 0 && listener)
        err = listen_give(listener, owner.uid, owner.gid);
    if (err == ERR_OK)
        err = owner_become(&owner);
    if (err == ERR_OK && root && owner.uid == 0 && !owner.named)
        log_warn("runs as root: the store is root's, and no \"user\" is named");
    return err;
}

/* Its predecessor's processes, which it has to do with, may be root's. */
static void stay(const struct config *config)
{
    struct owner owner;
    if (geteuid() == 0 && owner_choose(config->store, config->user, &owner) == ERR_OK &&
        owner.uid != 0)
        log_warn("upgrade: runs as root until it is started as %s", owner.name);
}

/* In this order: root may have to make the socket, while files of the log are for whom will open
 * them anew. Who takes over has no program to go back to. */
static enum err settle_in(const struct config *config, const struct handover *handover,
                          struct listener *listener)
{
    enum err err = find_socket(config, handover, listener);
    if (err != ERR_OK)
        return err;
    err = handover ? ERR_OK : become(config, listener);
    if (err == ERR_OK && !log_open(config->log_file, config->access_log_file))
        err = ERR_IO;
    if (handover)
        stay(config);
    if (err == ERR_OK || handover)
        err = confine_check(config);
    if (err == ERR_OK || handover)
        return ERR_OK;
    listen_close(listener);
    return ERR_IO;
}

static int serve(struct config *config, const struct arguments *arguments,
                 struct handover *handover)
{
    struct pool_start start = {arguments->config, arguments->argv, handover};
    struct listener listener;
    bool pooled = config->workers || handover;
    if (pooled)
        pool_block_signals();
    enum err err = settle_in(config, handover, &listener);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? USAGE : EXIT_FAILURE;
    log_info("listening on %s", listener.path[0]  ? listener.path
                                : *config->listen ? config->listen
                                                  : "the socket handed over");
    int code = pooled ? pool_run(config, &start, &listener) : serve_alone(config, listener.fd);
    listen_close(&listener);
    return code;
}

/* Whether a pool of this program could go on where another one's stops: two formats of a store
 * cannot be written side by side. */
static bool can_take_over(const struct config *config)
{
    struct store_options options = {
        .path = config->store, .mode = STORE_READ, .map_bytes = config->map_bytes};
    struct store *store = NULL;
    if (!log_open(config->log_file, config->access_log_file))
        return false;
    enum err err = store_open(&options, &store);
    store_close(store);
    if (err == ERR_OK || err == ERR_NOT_FOUND)
        return true;
    log_error("store %s: %s", config->store,
              err == ERR_VERSION ? "of another format than this program's; stop the other one first"
                                 : err_text(err));
    return false;
}

static int run(struct config *config, const struct arguments *arguments, struct handover *handover)
{
    if (arguments->check) {
        bool can = handover ? can_take_over(config) : become(config, NULL) == ERR_OK;
        config_print(config, stdout);
        can = confine_print(config, stdout) == ERR_OK && can;
        return can ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    /* Whoever reads the log may go away, and is no reason to. */
    signal(SIGPIPE, SIG_IGN);
    return is_cgi() ? answer_once(config) : serve(config, arguments, handover);
}

/* Taking over, it goes on with what it has printed when it was tried, whatever has become of the
 * file since then. */
static enum err load(const struct arguments *arguments, const struct handover *handover,
                     struct config *config)
{
    char path[32];
    if (!handover || arguments->check)
        return config_load(arguments->config, config);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", handover->config_fd);
    enum err err = config_load(path, config);
    close(handover->config_fd);
    return err;
}

/* Of a query without "=" a web server makes arguments (RFC 3875, 4.4): under CGI they may be
 * anybody's, whatever passes them on. */
static bool take_arguments(int argc, char **argv, struct arguments *arguments)
{
    if (!is_cgi())
        return argp_parse(&rollcalld_argp, argc, argv, 0, NULL, arguments) == 0;
    if (argc > 1)
        log_warn("under CGI no arguments are taken, which may be a client's: ROLLCALL_CONFIG names "
                 "a file");
    return true;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.argv = argv};
    struct config config;
    static struct handover handed;
    struct handover *handover = NULL;
    std_reserve();
    argp_err_exit_status = USAGE;
    if (!take_arguments(argc, argv, &arguments))
        return USAGE;
    if (arguments.take_over) {
        handover = &handed;
        if (handover_read(atoi(arguments.take_over), handover) != ERR_OK)
            return EXIT_FAILURE;
    }
    if (load(&arguments, handover, &config) != ERR_OK)
        return EXIT_FAILURE;
    int code = run(&config, &arguments, handover);
    config_free(&config);
    return code;
}
