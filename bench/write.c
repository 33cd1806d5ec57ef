/* Writes as fast as they come, each on disk before it counts.
 *
 *   bench-writes WAY CLIENTS create MS FILE USERS   sessions of so many users; their ids go to FILE
 *   bench-writes WAY CLIENTS revoke MS FILE         those sessions, each once
 *   bench-writes WAY CLIENTS touch FIRST COUNT      whoami of the tokens token-FIRST on, each once
 *   bench-writes fsync FOLDER MS                    a page and fdatasync, one after another
 *
 * for so many milliseconds (MS), or until there is nothing left to be written.
 * WAY is pool:SOCKET, asked over FastCGI by so many clients at once, or alone:FOLDER, a store this
 * process writes to by itself, a transaction each. A touch is not waited for by who asks: all count
 * as done when a session that is begun after the last one is on disk, since a writer keeps the
 * order. Prints one JSON object: how many, how many a second, and how long the answers took. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/secret.h"
#include "store/store.h"
#include "support/client.h"

enum {
    CLIENTS_MAX = 256,
    WRITES_MAX = 2000000,
    NAME_TEXT = 40,
    WAIT_S = 30,
    PAGE_BYTES = 4096,
    FIRST_USER = 1000000000, /* of bench-gen's, which has an app "bench" */
    SPREAD = 7919            /* so that users come in no order */
};

/* A session's id, or its token. */
struct name {
    char text[NAME_TEXT];
};

static struct name names[WRITES_MAX];
static uint32_t took_us[WRITES_MAX];
static atomic_size_t begun, failed;

struct hand;
typedef bool (*write_fn)(struct hand *hand, size_t number);

struct hand {
    pthread_t thread;
    struct client client;
    write_fn write;
    int64_t deadline_ns; /* 0: none */
    size_t most;
};

static struct store *store;
static uint32_t app;
static size_t users;

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "bench-writes: %s\n", what);
    exit(EXIT_FAILURE);
}

static void user_of(size_t number, char *user)
{
    snprintf(user, NAME_TEXT, "usr-%zu", FIRST_USER + number * SPREAD % users);
}

/* ---- by way of a pool ---- */

static int ask(struct hand *hand, enum client_verb verb, const char *name)
{
    int fd = client_connect(&hand->client, WAIT_S);
    return fd < 0 ? 0 : client_ask(&hand->client, fd, verb, name);
}

static bool pool_create(struct hand *hand, size_t number)
{
    char user[NAME_TEXT];
    user_of(number, user);
    return ask(hand, CLIENT_CREATE, user) == 200 &&
           client_created(&hand->client, user, names[number].text);
}

static bool pool_revoke(struct hand *hand, size_t number)
{
    return ask(hand, CLIENT_REVOKE, names[number].text) == 200;
}

static bool pool_touch(struct hand *hand, size_t number)
{
    return ask(hand, CLIENT_WHOAMI, names[number].text) == 200;
}

/* ---- alone ---- */

static bool apply(const struct put *put)
{
    struct outcome outcome;
    return store_apply(store, put, 1, clock_now(), &outcome) == ERR_OK &&
           (put->kind == PUT_SESSION || outcome.changed == 1);
}

static bool alone_create(struct hand *hand, size_t number)
{
    char user[NAME_TEXT];
    struct session_draft draft;
    (void)hand;
    user_of(number, user);
    session_draft_begin(&draft);
    struct put put = {PUT_SESSION, .session = {.app_id = STR("bench"),
                                               .user_id = str_of(user),
                                               .draft = &draft,
                                               .fresh = true,
                                               .actor = STR("corbado")}};
    if (!apply(&put))
        return false;
    uuid_write(&draft.id, names[number].text);
    return true;
}

static bool alone_revoke(struct hand *hand, size_t number)
{
    struct put put = {
        PUT_ENDING,
        .ending = {.app = app, .has_id = true, .as = ENDING_REVOKED, .actor = STR("corbado")}};
    (void)hand;
    return uuid_parse_text(str_of(names[number].text), &put.ending.id) && apply(&put);
}

static bool alone_touch(struct hand *hand, size_t number)
{
    uint8_t hash[HASH_BYTES];
    struct snapshot *snapshot;
    struct session session;
    (void)hand;
    secret_hash(str_of(names[number].text), hash);
    if (snapshot_begin(store, &snapshot) != ERR_OK)
        return false;
    enum err err = store_session_by_token(snapshot, hash, &session);
    snapshot_end(snapshot);
    struct put put = {PUT_TOUCH, .touch = {.app = app,
                                           .id = session.id,
                                           .last_active = clock_now(),
                                           .expires = INSTANT_NONE}};
    return err == ERR_OK && apply(&put);
}

static void open_alone(const char *path)
{
    struct store_options options = {.path = path, .mode = STORE_WRITE};
    struct snapshot *snapshot = NULL;
    struct app found;
    if (!secret_begin() || store_open(&options, &store) != ERR_OK ||
        snapshot_begin(store, &snapshot) != ERR_OK ||
        store_app_by_id(snapshot, STR("bench"), &found) != ERR_OK)
        die("the store cannot be opened");
    app = found.number;
    snapshot_end(snapshot);
}

/* ---- a run ---- */

/* Whoever is free takes the next one. */
static void *work(void *context)
{
    struct hand *hand = context;
    for (;;) {
        int64_t start = clock_monotonic_ns();
        if (hand->deadline_ns && start >= hand->deadline_ns)
            break;
        size_t number = begun++;
        if (number >= hand->most)
            break;
        failed += !hand->write(hand, number);
        took_us[number] = (uint32_t)((clock_monotonic_ns() - start) / 1000);
    }
    return NULL;
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void report(size_t count, int64_t took_ns)
{
    qsort(took_us, count, sizeof(*took_us), compare);
    printf("{\"count\":%zu,\"rate\":%.1f,\"median_ms\":%.3f,\"p99_ms\":%.3f}\n", count,
           (double)count * 1e9 / (double)took_ns, (double)took_us[count / 2] / 1e3,
           (double)took_us[count - count / 100 - 1] / 1e3);
}

/* Gives the number of writes done. */
static size_t run(const struct hand *model, int clients, write_fn last)
{
    static struct hand hands[CLIENTS_MAX];
    int64_t start = clock_monotonic_ns();
    for (int i = 0; i < clients; i++) {
        hands[i] = *model;
        hands[i].deadline_ns = model->deadline_ns ? start + model->deadline_ns : 0;
        if (pthread_create(&hands[i].thread, NULL, work, &hands[i]) != 0)
            die("no thread");
    }
    for (int i = 0; i < clients; i++)
        pthread_join(hands[i].thread, NULL);
    size_t count = begun < model->most ? begun : model->most;
    if (last && !last(&hands[0], count))
        die("the last write failed");
    int64_t took = clock_monotonic_ns() - start;
    for (int i = 0; i < clients; i++)
        client_end(&hands[i].client);
    if (failed || !count)
        die("writes failed");
    report(count, took);
    return count;
}

static size_t read_names(const char *path)
{
    size_t count = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        die(path);
    while (count < WRITES_MAX && fscanf(file, "%39s", names[count].text) == 1)
        count++;
    fclose(file);
    return count;
}

static void write_names(const char *path, size_t count)
{
    FILE *file = fopen(path, "w");
    if (!file)
        die(path);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\n", names[i].text);
    if (fclose(file) != 0)
        die(path);
}

/* ---- what is asked for ---- */

struct way {
    const char *prefix;
    write_fn create, revoke, touch;
};
static const struct way ways[] = {{"pool:", pool_create, pool_revoke, pool_touch},
                                  {"alone:", alone_create, alone_revoke, alone_touch}};

static const struct way *way_of(const char *word)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
        if (str_starts(str_of(word), str_of(ways[i].prefix)))
            return &ways[i];
    return NULL;
}

static size_t number_of(const char *word)
{
    int64_t number;
    if (!str_to_i64(str_of(word), &number) || number < 0 || number > WRITES_MAX)
        die("a number is expected");
    return (size_t)number;
}

static int create(const struct way *way, struct hand *hand, int clients, char **args)
{
    hand->write = way->create;
    hand->most = WRITES_MAX;
    hand->deadline_ns = (int64_t)number_of(args[0]) * 1000000;
    users = number_of(args[2]);
    write_names(args[1], run(hand, clients, NULL));
    return EXIT_SUCCESS;
}

static int revoke_all(const struct way *way, struct hand *hand, int clients, char **args)
{
    hand->write = way->revoke;
    hand->most = read_names(args[1]);
    hand->deadline_ns = (int64_t)number_of(args[0]) * 1000000;
    run(hand, clients, NULL);
    return EXIT_SUCCESS;
}

static int touch(const struct way *way, struct hand *hand, int clients, char **args)
{
    size_t first = number_of(args[0]);
    hand->write = way->touch;
    hand->most = number_of(args[1]);
    users = hand->most + 1;
    for (size_t i = 0; i < hand->most; i++)
        snprintf(names[i].text, NAME_TEXT, "token-%zu", first + i);
    run(hand, clients, way->create);
    return EXIT_SUCCESS;
}

static int sync_pages(const char *folder, size_t milliseconds)
{
    enum { PAGES = 4096 };
    static char page[PAGE_BYTES];
    char path[4096];
    size_t count = 0;
    snprintf(path, sizeof(path), "%s/fsync", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, PAGES * PAGE_BYTES) != 0)
        die(path);
    int64_t start = clock_monotonic_ns(), took = 0;
    for (; took < (int64_t)milliseconds * 1000000; took = clock_monotonic_ns() - start, count++) {
        off_t at = (off_t)(count * SPREAD % PAGES * PAGE_BYTES);
        memcpy(page, &count, sizeof(count));
        if (pwrite(fd, page, sizeof(page), at) != sizeof(page) || fdatasync(fd) != 0)
            die(path);
    }
    printf("{\"count\":%zu,\"rate\":%.1f}\n", count, (double)count * 1e9 / (double)took);
    close(fd);
    unlink(path);
    return EXIT_SUCCESS;
}

static int write_as_asked(int argc, char **argv)
{
    const struct way *way = way_of(argv[1]);
    struct hand hand = {.client = {.socket = strchr(argv[1], ':') + 1}};
    size_t clients = number_of(argv[2]);
    bool alone = way == &ways[1];
    if (clients < 1 || clients > (alone ? 1 : CLIENTS_MAX))
        die("so many clients are not to be had");
    if (alone)
        open_alone(hand.client.socket);
    if (argc == 7 && strcmp(argv[3], "create") == 0)
        return create(way, &hand, (int)clients, argv + 4);
    if (argc == 6 && strcmp(argv[3], "revoke") == 0)
        return revoke_all(way, &hand, (int)clients, argv + 4);
    if (argc == 6 && strcmp(argv[3], "touch") == 0)
        return touch(way, &hand, (int)clients, argv + 4);
    die("create, revoke or touch is expected");
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "fsync") == 0)
        return sync_pages(argv[2], number_of(argv[3]));
    if (argc < 6 || !way_of(argv[1])) {
        fprintf(stderr, "usage: bench-writes pool:SOCKET|alone:FOLDER CLIENTS create|revoke|touch "
                        "...\n       bench-writes fsync FOLDER MS\n");
        return 2;
    }
    int code = write_as_asked(argc, argv);
    store_close(store);
    return code;
}
