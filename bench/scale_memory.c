/* What memory a process takes that asks for all of it: its own, and what it sees of the store's
 * file, which the system may take back whenever it likes. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scale.h"

enum { LOOK_US = 500 };

static atomic_bool done;
static uint64_t anonymous_most, file_most; /* KiB */

static void look(void)
{
    char line[128];
    uint64_t kib;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof(line), status)) {
        if (sscanf(line, "RssAnon: %" SCNu64, &kib) == 1 && kib > anonymous_most)
            anonymous_most = kib;
        if (sscanf(line, "RssFile: %" SCNu64, &kib) == 1 && kib > file_most)
            file_most = kib;
    }
    if (status)
        fclose(status);
}

/* A search gives its memory back when it is done: it has to be seen meanwhile. */
static void *watch(void *context)
{
    (void)context;
    while (!done) {
        look();
        usleep(LOOK_US);
    }
    return NULL;
}

static void ask_once(const struct request *request)
{
    struct answer answer;
    int64_t total, offsets[3];
    store_side_ask(request, 0, 0, &answer);
    total = (int64_t)answer.total;
    offsets[0] = 0;
    offsets[1] = total / 2;
    offsets[2] = total > PAGE_ITEMS ? total - PAGE_ITEMS : 0;
    for (size_t i = 0; i < 3; i++)
        store_side_ask(request, offsets[i], PAGE_ITEMS, &answer);
}

_Noreturn static void watch_itself(const char *store, const char *light, const char *heavy)
{
    pthread_t watcher;
    store_side_open(store, STORE_READ);
    if (pthread_create(&watcher, NULL, watch, NULL) != 0)
        die("no thread");
    requests_each(light, heavy, ask_once);
    done = true;
    pthread_join(watcher, NULL);
    look();
    printf("{\"family\":\"memory\",\"private_kib\":%" PRIu64 ",\"mapped_kib\":%" PRIu64 "}\n",
           anonymous_most, file_most);
    store_side_close();
    exit(EXIT_SUCCESS);
}

void measure_memory(const char *store, const char *light, const char *heavy)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        watch_itself(store, light, heavy);
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        die("memory was not measured");
}
