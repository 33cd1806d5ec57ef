/* Clients of a pool whose processes are killed: each begins sessions, revokes some of them, and
 * keeps a log of what it asked and what it was told.
 *
 *   torture-load SOCKET CLIENTS FOLDER SEED
 *
 * Runs until SIGTERM or SIGINT. A client's log, FOLDER/<number>.log, has a line for each request
 * before it is sent, and another once its answer was read to its end or did not come:
 *
 *   intent create|revoke NAME
 *   answer create|revoke NAME STATUS [ID]
 *
 * NAME is a user that no other request begins a session for, or the UUID of the session to revoke;
 * STATUS is 0 where no answer came; ID is the new session's UUID. A server that cannot be reached
 * is waited for. Exit code 1, and a sentence on standard error, for an answer of 200 that does not
 * say what it must, and for one that does not come in time. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/client.h"

enum {
    CLIENTS_MAX = 256,
    KEPT = 64,   /* sessions a client knows that it may revoke */
    WAIT_S = 60, /* twice what a worker waits for a writer, and as much in the queue before */
    UUID_LINE = 37,
    USER_LINE = 64
};

/* A session as its owner names it, and as the log does. */
struct known {
    char id[CLIENT_ID_TEXT + 1];
    char uuid[UUID_LINE];
};

struct owner {
    pthread_t thread;
    struct client client;
    int number;
    unsigned random;
    long created;
    FILE *log;
    struct known kept[KEPT];
    unsigned kept_count;
};

static atomic_bool stopped;
static atomic_bool wrong;

static void complain(const struct owner *owner, const char *what, const char *name)
{
    fprintf(stderr, "torture-load: client %d: %s (%s)\n", owner->number, what, name);
    wrong = true;
}

/* A session's id as Corbado's clients see it: a number in digits of base 62. */
static bool id_to_uuid(const char *id, char *uuid)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    unsigned __int128 number = 0, most = ~(unsigned __int128)0;
    for (; *id; id++) {
        const char *digit = strchr(digits, *id);
        if (!digit || number > (most - (unsigned)(digit - digits)) / 62)
            return false;
        number = number * 62 + (unsigned)(digit - digits);
    }
    uint64_t high = (uint64_t)(number >> 64), low = (uint64_t)number;
    snprintf(uuid, UUID_LINE, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
             (unsigned long long)(low & 0xFFFFFFFFFFFF));
    return true;
}

/* Waits for the socket; -1 when told to stop meanwhile. */
static int reach(struct owner *owner)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    int fd = -1;
    while (!stopped && (fd = client_connect(&owner->client, WAIT_S)) < 0)
        nanosleep(&pause, NULL);
    return fd;
}

/* What is told of an answer that did not come: lost ones are what this is about, late ones are not.
 */
static void look_at_loss(const struct owner *owner, int status, const char *name)
{
    if (status == 0 && (errno == EAGAIN || errno == ENOMEM))
        complain(owner, strerror(errno), name);
}

static void create_one(struct owner *owner)
{
    char user[USER_LINE];
    struct known made = {.id = ""};
    int fd = reach(owner);
    if (fd < 0)
        return;
    snprintf(user, sizeof(user), "usr-%d-%ld", owner->number, ++owner->created);
    fprintf(owner->log, "intent create %s\n", user);
    int status = client_ask(&owner->client, fd, CLIENT_CREATE, user);
    look_at_loss(owner, status, user);
    if (status == 200 &&
        (!client_created(&owner->client, user, made.id) || !id_to_uuid(made.id, made.uuid)))
        complain(owner, "the answer shows no session", user);
    fprintf(owner->log, "answer create %s %d %s\n", user, status, made.uuid);
    if (status == 200)
        owner->kept[owner->kept_count++] = made;
}

/* One whose answer did not come is kept: it may be asked for again. */
static void revoke_one(struct owner *owner, unsigned which)
{
    const struct known *known = &owner->kept[which];
    int fd = reach(owner);
    if (fd < 0)
        return;
    fprintf(owner->log, "intent revoke %s\n", known->uuid);
    int status = client_ask(&owner->client, fd, CLIENT_REVOKE, known->id);
    look_at_loss(owner, status, known->uuid);
    fprintf(owner->log, "answer revoke %s %d\n", known->uuid, status);
    if (status == 200)
        owner->kept[which] = owner->kept[--owner->kept_count];
}

/* Two of three requests begin a session, as long as there is room to know it. */
static void *own(void *context)
{
    struct owner *owner = context;
    while (!stopped && !wrong) {
        bool full = owner->kept_count == KEPT;
        if (owner->kept_count && (full || rand_r(&owner->random) % 3 == 0))
            revoke_one(owner, (unsigned)rand_r(&owner->random) % owner->kept_count);
        else
            create_one(owner);
    }
    return NULL;
}

static bool begin(struct owner *owner, const char *folder)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%d.log", folder, owner->number);
    owner->log = fopen(path, "wx");
    if (!owner->log || setvbuf(owner->log, NULL, _IOLBF, 0) != 0)
        return false;
    return (errno = pthread_create(&owner->thread, NULL, own, owner)) == 0;
}

/* False when the log could not be written. */
static bool end(struct owner *owner)
{
    pthread_join(owner->thread, NULL);
    client_end(&owner->client);
    bool written = !ferror(owner->log);
    return fclose(owner->log) == 0 && written;
}

/* Waits for a signal or a client that found something wrong. */
static void wait_for_end(const sigset_t *signals)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    while (!wrong && sigtimedwait(signals, NULL, &pause) < 0)
        ;
    stopped = true;
}

int main(int argc, char **argv)
{
    static struct owner owners[CLIENTS_MAX];
    sigset_t signals;
    int count = argc == 5 ? atoi(argv[2]) : 0, begun = 0;
    bool good = true;
    if (count < 1 || count > CLIENTS_MAX) {
        fprintf(stderr, "usage: torture-load SOCKET CLIENTS FOLDER SEED\n");
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    for (; good && begun < count; begun += good) {
        owners[begun] = (struct owner){.client = {.socket = argv[1]},
                                       .number = begun,
                                       .random = (unsigned)atoi(argv[4]) + (unsigned)begun};
        good = begin(&owners[begun], argv[3]);
    }
    if (!good)
        perror("torture-load");
    else
        wait_for_end(&signals);
    stopped = true;
    while (begun > 0)
        good = end(&owners[--begun]) && good;
    return good && !wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}
