#include "serve/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/gateway.h"
#include "model/secret.h"
#include "serve/service.h"

struct worker {
    const struct config *config;
    struct service service;
    struct store *store;
    bool complained;
};

/* A store that is not there yet, or was taken away, is looked for again with each request: until
 * then the answer is the dialect's 503. */
static void open_store(struct worker *worker)
{
    struct store_options options = {
        .path = worker->config->store, .mode = STORE_READ, .map_bytes = worker->config->map_bytes};
    enum err err = store_open(&options, &worker->store);
    if (err != ERR_OK && !worker->complained)
        log_error("store %s: %s", options.path,
                  err == ERR_NOT_FOUND ? "there is none" : err_text(err));
    worker->complained = err != ERR_OK;
    worker->service.store = worker->store;
}

static void answer(void *context, char *const *env, struct buf *out)
{
    struct worker *worker = context;
    if (!worker->store)
        open_store(worker);
    service_answer(&worker->service, env, out);
}

static enum err begin(struct worker *worker)
{
    if (!secret_begin()) {
        log_error("the system's random source does not work");
        return ERR_INTERNAL;
    }
    enum err err = service_begin(&worker->service, NULL, &worker->config->site);
    if (err == ERR_OK)
        open_store(worker);
    return err;
}

static void end(struct worker *worker)
{
    service_end(&worker->service);
    store_close(worker->store);
}

static void on_stop(int signal)
{
    (void)signal;
    gateway_stop();
}

static void handle_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    sigset_t none;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGHUP, SIG_IGN); /* a terminal's, or one meant for the master */
    signal(SIGUSR1, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int worker_serve(const struct config *config, int listen_fd)
{
    struct worker worker = {.config = config};
    handle_signals();
    enum err err = begin(&worker);
    if (err == ERR_OK)
        err = gateway_serve(listen_fd, config->requests_per_worker, answer, &worker);
    end(&worker);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int worker_cgi(const struct config *config)
{
    struct worker worker = {.config = config};
    enum err err = begin(&worker);
    if (err == ERR_OK)
        err = gateway_cgi(environ, answer, &worker);
    end(&worker);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
