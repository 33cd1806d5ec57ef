/* serve/writer: what comes to it that no worker of ours sends. */
#include "serve/writer.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/scratch.h"
#include "support/suite.h"

SUITE(serve_writer);

static char *dir;
static struct submitter submitter = {.patient_most = 1};
static pid_t writer;

static int serve(int fd)
{
    static struct metrics metrics;
    char path[256];
    struct config config = {
        .store = path, .log_file = "", .access_log_file = "", .confine = CONFINE_OFF};
    struct writer_link link = {.fd = fd};
    snprintf(path, sizeof(path), "%s/store", dir);
    return writer_serve(&config, &metrics, &link, 0);
}

static void begin(void)
{
    int pair[2];
    dir = scratch_dir();
    store_close(scratch_store(dir, "{\"kind\":\"app\",\"id\":\"acme\"}\n"));
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    writer = fork();
    cr_assert(writer >= 0);
    if (writer == 0) {
        close(pair[0]);
        _exit(serve(pair[1]));
    }
    close(pair[1]);
    submitter.fd = pair[0];
}

/* Once nobody is left who could send it ends by itself. */
static void end(void)
{
    int status;
    close(submitter.fd);
    cr_expect(waitpid(writer, &status, 0) == writer && status == 0);
    submit_end(&submitter);
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
