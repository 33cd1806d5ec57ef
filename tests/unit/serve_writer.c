/* serve/writer: what comes to it that no worker of ours sends. */
#include "serve/writer.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/suite.h"

SUITE(serve_writer);

static char *dir;
static struct submitter submitter = {.patient_most = 1};
static pid_t writer;
static struct metrics *metrics;

static int serve(int fd)
{
    char path[256];
    struct config config = {
        .store = path, .log_file = "", .access_log_file = "", .confine = CONFINE_OFF};
    struct writer_link link = {.fd = fd};
    snprintf(path, sizeof(path), "%s/store", dir);
    return writer_serve(&config, metrics, &link, 0);
}

static void begin(void)
{
    int pair[2];
    dir = scratch_dir();
    store_close(scratch_store(dir, "{\"kind\":\"app\",\"id\":\"acme\"}\n"));
    metrics =
        mmap(NULL, sizeof(*metrics), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(metrics, MAP_FAILED);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    writer = fork();
    cr_assert(writer >= 0);
    if (writer == 0) {
        close(pair[0]);
        _exit(serve(pair[1]));
    }
    close(pair[1]);
    submitter.fd = pair[0];
    submitter.metrics = metrics;
}

/* Once nobody is left who could send it ends by itself. */
static void end(void)
{
    int status;
    close(submitter.fd);
    cr_expect(waitpid(writer, &status, 0) == writer && status == 0);
    submit_end(&submitter);
    munmap(metrics, sizeof(*metrics));
    scratch_remove(dir);
}

static void expect_answer(void)
{
    const struct put touch = {.kind = PUT_TOUCH, .touch = {.app = 1}};
    struct outcome outcome;
    enum err err = submit(&submitter, &touch, 1, 0, &outcome);
    cr_expect_eq(err, ERR_NOT_FOUND, "%s", err_word(err));
}

/* A worker can do that for all of them. */
Test(serve_writer, it_ends_where_the_way_to_it_is_shut, .timeout = 20)
{
    begin();
    expect_answer();
    cr_expect_eq(shutdown(submitter.fd, SHUT_WR), 0);
    int status;
    cr_expect(waitpid(writer, &status, 0) == writer && status == 0);
    close(submitter.fd);
    submit_end(&submitter);
    munmap(metrics, sizeof(*metrics));
    scratch_remove(dir);
}

Test(serve_writer, an_empty_message_is_none_and_not_the_end, .timeout = 20)
{
    begin();
    expect_answer();
    cr_expect_eq(send(submitter.fd, "", 0, MSG_NOSIGNAL), 0);
    expect_answer();
    end();
}

/* It need not rest for that: under load it never does. */
Test(serve_writer, what_was_sent_to_one_that_died_does_not_wait, .timeout = 20)
{
    begin();
    count_add(&metrics->batches_sent, 7);
    expect_answer();
    expect_answer();
    cr_expect_eq(metrics_queue(metrics), 0, "%lu wait", (unsigned long)metrics_queue(metrics));
    end();
}
