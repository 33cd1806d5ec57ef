#include "serve/worker.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/gateway.h"
#include "model/secret.h"
#include "serve/pool.h"
#include "serve/service.h"
#include "serve/watch.h"
#include "serve/way_out.h"

/* Who may not write by itself tries again no sooner than after that. */
#define RETRY_NS INT64_C(1000000000)

struct worker {
    const struct config *config;
    struct service service;
    struct store *store;
    struct submitter submitter;
    struct watch watch;
    pid_t master; /* 0: there is none */
    bool complained, confined, settled;
    int64_t tried_ns; /* when the store was opened, or was to be, for the last time */
};

static enum duty duty_of(const struct worker *worker)
{
    return worker->submitter.fd < 0 ? DUTY_ALONE : DUTY_WORKER;
}

/* Who writes by itself may find that it may not: then lists are still answered. */
static enum err open_as(struct worker *worker, struct store_options *options)
{
    options->mode = worker->submitter.fd < 0 ? STORE_WRITE : STORE_READ;
    enum err err = store_open(options, &worker->store);
    if (err != ERR_IO || options->mode == STORE_READ)
        return err;
    options->mode = STORE_READ;
    return store_open(options, &worker->store);
}

/* A store that is not there yet, or was taken away, is looked for again with each request: until
 * then the answer is the dialect's 503. */
static void open_store(struct worker *worker)
{
    struct store_options options = {.path = worker->config->store,
                                    .map_bytes = worker->config->map_bytes};
    worker->tried_ns = clock_monotonic_ns();
    enum err err = open_as(worker, &options);
    if (err != ERR_OK && !worker->complained)
        log_error("store %s: %s", options.path,
                  err == ERR_NOT_FOUND ? "there is none" : err_text(err));
    if (err == ERR_OK && worker->complained)
        log_info("store %s: is there", options.path);
    worker->complained = err != ERR_OK;
    if (worker->store && worker->confined && !worker->settled) {
        worker->settled = confine_settle(worker->config, duty_of(worker), worker->master) == ERR_OK;
        if (!worker->settled) {
            store_close(worker->store);
            worker->store = NULL;
        }
    }
    worker->service.store = worker->store;
    worker->submitter.store = options.mode == STORE_WRITE ? worker->store : NULL;
}

static void forget_store(struct worker *worker)
{
    worker->store = worker->service.store = worker->submitter.store = NULL;
}

/* Whether what kept a process that writes by itself from that may be over. A store that can be read
 * is not closed for less: it might not be to be had again. */
static bool might_write(const struct worker *worker)
{
    return worker->submitter.fd < 0 && !worker->submitter.store &&
           clock_monotonic_ns() - worker->tried_ns >= RETRY_NS &&
           store_may_be_written(worker->store);
}

/* A worker that has given up what it takes to open a store leaves that to the one after it. */
static void see_to_store(struct worker *worker)
{
    bool gone = worker->store && (!store_is_there(worker->store) || might_write(worker));
    if (gone) {
        store_close(worker->store);
        forget_store(worker);
    }
    if (gone && worker->confined && worker->master)
        gateway_stop();
    else if (!worker->store)
        open_store(worker);
}

/* ---- pages that are not there (store_open) ---- */

/* Others may well be answered from the pages there are; false where this process must end first. */
static bool rescue(struct worker *worker)
{
    log_error("store %s: is damaged, was cut short, or the disk cannot be read",
              worker->config->store);
    bool goes_on = store_abandon(worker->store);
    forget_store(worker);
    return goes_on;
}

static void answer(void *context, char *const *env, const struct body *body, struct buf *out)
{
    struct worker *worker = context;
    if (sigsetjmp(way_out, 0)) {
        (void)rescue(worker);
        buf_reset(out);
        service_refuse(&worker->service, env, ERR_CORRUPT, out);
        /* What was open where the request was left, be it a write, only the process's end ends. */
        gateway_stop();
        return;
    }
    way_out_open(true);
    see_to_store(worker);
    service_answer(&worker->service, env, body, out);
    way_out_open(false);
}

static enum err open_store_at_first(struct worker *worker)
{
    way_out_begin();
    if (sigsetjmp(way_out, 0))
        return rescue(worker) ? ERR_OK : ERR_CORRUPT;
    way_out_open(true);
    open_store(worker);
    way_out_open(false);
    return ERR_OK;
}

static enum err begin(struct worker *worker)
{
    if (!secret_begin()) {
        log_error("the system's random source does not work");
        return ERR_INTERNAL;
    }
    enum err err = service_begin(&worker->service, NULL, &worker->config->site, &worker->submitter);
    worker->watch.access_log = worker->config->access_log;
    worker->service.watch = &worker->watch;
    worker->service.guard = (struct guard){.throttle = &worker->watch.metrics->failures,
                                           .most = worker->config->failures_per_minute};
    worker->service.enrich.user_agents_path = worker->config->user_agents;
    worker->service.enrich.geo_path = worker->config->countries;
    if (err == ERR_OK)
        err = open_store_at_first(worker);
    if (err != ERR_OK)
        return err;
    worker->settled = worker->store != NULL;
    worker->confined = worker->config->confine != CONFINE_OFF;
    return confine(worker->config, duty_of(worker), worker->master, worker->settled);
}

static void end(struct worker *worker)
{
    service_end(&worker->service);
    submit_end(&worker->submitter);
    store_close(worker->store);
}

static void on_stop(int signal)
{
    (void)signal;
    gateway_stop();
}

static void on_rotation(int signal)
{
    (void)signal;
    log_reopen();
}

/* Where a signal has no handler, libfcgi takes it for a wish to stop: FCGX_Init puts its own there.
 */
static void handle_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct sigaction rotation = {.sa_handler = on_rotation, .sa_flags = SA_RESTART};
    sigset_t none;
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signal(SIGHUP, SIG_IGN); /* a terminal's, or one meant for the master */
    sigaction(SIGUSR1, &rotation, NULL);
    signal(SIGUSR2, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int worker_serve(const struct config *config, struct metrics *metrics, int listen_fd,
                 const struct writer_link *to_writer, pid_t master)
{
    struct worker worker = {.config = config,
                            .submitter = {.fd = to_writer->fd,
                                          .pressure = to_writer->pressure,
                                          .patient_most = (config->workers + 1) / 2,
                                          .metrics = metrics},
                            .watch.metrics = metrics,
                            .master = master};
    handle_signals();
    enum err err = begin(&worker);
    if (err == ERR_OK) {
        pool_tell_ready(master);
        struct gateway_bounds bounds = {config->requests_per_worker, config->request_seconds};
        err = gateway_serve(listen_fd, &bounds, answer, &worker);
    }
    end(&worker);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int worker_cgi(const struct config *config, struct metrics *metrics)
{
    struct worker worker = {
        .config = config, .submitter = {.fd = -1, .metrics = metrics}, .watch.metrics = metrics};
    enum err err = begin(&worker);
    if (err == ERR_OK)
        err = gateway_cgi(environ, config->request_seconds, answer, &worker);
    end(&worker);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
