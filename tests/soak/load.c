/* Clients that ask a pool for everything it can do, in all dialects, and hold each answer against
 * what they know: see soak.h.
 *
 *   soak-load --records CLIENTS
 *   soak-load SOCKET CLIENTS FOLDER
 *
 * The first prints the records they need in the store. The second runs until SIGTERM or SIGINT,
 * looks at everything once more, and prints figures; SIGUSR1 begins the next phase of these. Each
 * client keeps a ledger of what was acknowledged, FOLDER/<number>.log, a line each:
 *
 *   created|logged_out|revoked|perhaps UUID USER
 *
 * "perhaps" is a session that may have been ended: nobody answered, or it was about to be over. The
 * last line is "untold" and how many sessions were asked for in vain, which may be there. Exit code
 * 1, with a sentence on standard error, for an answer that is wrong. $ROLLCALL_SEED says what is
 * done. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"
#include "support/random.h"

enum { CLIENTS_MAX = 64, LOGINS_WANTED = 240, LOGINS_MOST = LOGINS_MAX - 100, PAUSE_MOST_MS = 12 };

/* ---- records ---- */

static void print_tenant(const struct tenant *tenant)
{
    printf("{\"kind\":\"app\",\"id\":\"%s\",\"session\":{\"lifetime_s\":%d,\"idle_s\":%d,"
           "\"retain_s\":%d,\"access_s\":30,\"touch_s\":%d},\"corbado\":{\"project_id\":\"pro-%s\"}"
           ",\"prelude\":{\"dpop\":\"optional\"},\"keys\":[{\"for\":\"corbado\",\"secret\":"
           "\"corbado1_%s\"},{\"for\":\"streambird\",\"secret\":\"sk_test_%s\"},{\"for\":\"admin\","
           "\"secret\":\"rk_%s\"}]}\n",
           tenant->name, (int)(tenant->lifetime / 1000), (int)(tenant->idle / 1000),
           (int)(tenant->retain / 1000), (int)(tenant->touch / 1000), tenant->name, tenant->name,
           tenant->name, tenant->name);
}

static void print_records(int clients)
{
    static struct soak soak;
    for (int i = 0; i < clients; i++) {
        soak = (struct soak){.number = i};
        soak_begin(&soak);
        /* All share the last one. */
        for (size_t k = 0; k < TENANTS - (i > 0); k++)
            print_tenant(&soak.tenants[k]);
        for (size_t k = 0; k < PERSONS - (i > 0); k++)
            printf("{\"kind\":\"user\",\"app\":\"%s\",\"id\":\"%s\",\"identifier\":"
                   "\"%s@example.com\",\"roles\":[\"%s\"]}\n",
                   soak.persons[k].tenant->name, soak.persons[k].id, soak.persons[k].id,
                   soak.persons[k].admin ? "admin" : "user");
    }
}

/* ---- a client ---- */

static void step(struct soak *soak)
{
    size_t dice = random_below(100);
    if (soak->login_count < LOGINS_MOST && dice < (soak->login_count < LOGINS_WANTED ? 30U : 12U))
        begin_session(soak);
    else if (dice < 62)
        do_something(soak);
    else if (dice < 92)
        look_at_something(soak);
    else
        refuse_something(soak);
    forget_gone(soak);
}

/* Its own part of the one sequence of random numbers, far from the others'. */
static void take_own_numbers(int number)
{
    random_begin();
    for (size_t i = 0; i < (size_t)number << 22; i++)
        (void)random_u64();
}

static void be_client(int number, const char *socket, const char *folder, struct figures *figures)
{
    static struct soak soak;
    char path[4096];
    soak = (struct soak){.number = number, .socket = socket, .figures = figures};
    snprintf(path, sizeof(path), "%s/%d.log", folder, number);
    soak.ledger = fopen(path, "wx");
    if (!soak.ledger || setvbuf(soak.ledger, NULL, _IOLBF, 0) != 0)
        disagree(&soak, "%s cannot be written", path);
    take_own_numbers(number);
    soak_begin(&soak);
    while (!figures->stopped) {
        struct timespec pause = {.tv_nsec = (long)random_below(PAUSE_MOST_MS) * 1000000};
        step(&soak);
        nanosleep(&pause, NULL);
    }
    look_at_all(&soak);
    fprintf(soak.ledger, "untold %zu\n", soak.untold_count);
    bool written = !ferror(soak.ledger);
    if (fclose(soak.ledger) != 0 || !written)
        disagree(&soak, "%s cannot be written", path);
    soak_end(&soak);
    exit(EXIT_SUCCESS);
}

/* ---- figures ---- */

/* In milliseconds: the time that a part of all answers took at most. */
static double quantile(const atomic_ulong *times, double part)
{
    unsigned long all = 0, below = 0;
    for (int i = 0; i < STEPS_OF_TIME; i++)
        all += times[i];
    for (int i = 0; i < STEPS_OF_TIME; i++) {
        below += times[i];
        if (below && (double)below >= part * (double)all)
            return exp2((i + 1) / 8.0) / 1000;
    }
    return 0;
}

static void print_figures(const struct figures *figures)
{
    static const char *const names[PHASES] = {"with deaths", "without"};
    for (int phase = 0; phase < PHASES; phase++) {
        unsigned long all = 0;
        for (int i = 0; i < STATUS_MOST; i++)
            all += figures->statuses[phase][i];
        if (!all)
            continue;
        const atomic_ulong *times = figures->times[phase];
        printf("%s: %lu requests; p50 %.2f ms, p99 %.2f ms, the longest %.0f ms;", names[phase],
               all, quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1));
        for (int i = 0; i < STATUS_MOST; i++)
            if (figures->statuses[phase][i])
                printf(" %d: %lu (%.4f %%)", i, figures->statuses[phase][i],
                       100.0 * (double)figures->statuses[phase][i] / (double)all);
        putchar('\n');
    }
    printf("%lu sessions begun, %lu ended for sure, %lu asked for in vain of which %lu were seen; "
           "%lu rows held against the model, %lu requests refused that had to be\n",
           figures->created, figures->ended, figures->untold, figures->adopted, figures->rows,
           figures->refused);
}

/* ---- all of them ---- */

static bool all_well(int *left, int options)
{
    int status;
    bool well = true;
    while (*left > 0 && waitpid(-1, &status, options) > 0) {
        well = well && status == 0;
        --*left;
    }
    return well;
}

/* Until a signal, or until one of them is no more. */
static bool watch(struct figures *figures, const sigset_t *signals, int *left)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    int count = *left;
    bool well = true;
    while (well && *left == count) {
        int signal = sigtimedwait(signals, NULL, &pause);
        if (signal == SIGUSR1)
            figures->phase = PHASES - 1;
        else if (signal > 0)
            break;
        well = all_well(left, WNOHANG);
    }
    figures->stopped = true;
    return all_well(left, 0) && well;
}

static bool load(const char *socket, int clients, const char *folder)
{
    sigset_t signals;
    struct figures *figures =
        mmap(NULL, sizeof(*figures), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int left = 0;
    if (figures == MAP_FAILED)
        return false;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    for (; left < clients; left++) {
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            be_client(left, socket, folder, figures);
        }
        if (pid < 0)
            break;
    }
    bool all = left == clients, well = watch(figures, &signals, &left);
    print_figures(figures);
    munmap(figures, sizeof(*figures));
    return all && well;
}

int main(int argc, char **argv)
{
    bool records = argc == 3 && strcmp(argv[1], "--records") == 0;
    int clients = records || argc == 4 ? atoi(argv[2]) : 0;
    if (clients < 1 || clients > CLIENTS_MAX) {
        fprintf(stderr, "usage: soak-load --records CLIENTS | SOCKET CLIENTS FOLDER\n");
        return 2;
    }
    if (!records)
        return load(argv[1], clients, argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
    print_records(clients);
    return EXIT_SUCCESS;
}
