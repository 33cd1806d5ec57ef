#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ctl.h"
#include "ctl/top_frame.h"
#include "dialect/tally.h"

enum { KEY_ONCE = 0x100, INTERVAL_MAX = 3600, MS_IN_SECOND = 1000 };

struct options {
    struct ctl *ctl;
    int64_t interval;
    bool once;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options->ctl;
        return 0;
    case 'i':
        if (!str_to_i64(str_of(arg), &options->interval) || options->interval < 1 ||
            options->interval > INTERVAL_MAX)
            argp_error(state, "--interval: seconds from 1 to %d are expected", INTERVAL_MAX);
        return 0;
    case KEY_ONCE:
        options->once = true;
        return 0;
    default:
        return ctl_parse_nothing(key, arg, state);
    }
}

static const struct argp_option option_rows[] = {
    {"interval", 'i', "SECONDS", 0, "How long from one look to the next (default 1)", 0},
    {"once", KEY_ONCE, NULL, 0, "Print all that was counted so far, and end", 0},
    {0},
};
static const struct argp argp = {
    .options = option_rows,
    .parser = parse,
    .doc = "Shows what the daemon does: requests a second by dialect, route and status, how long "
           "they take, its processes, writes, and the store. Ends at q. Where standard output is "
           "no terminal, it is as with --once.",
    .children = ctl_children,
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* ---- the terminal ---- */

/* The other screen, without a cursor, and back. */
#define SCREEN_BEGIN "\033[?1049h\033[?25l"
#define SCREEN_END   "\033[?25h\033[?1049l"
#define HOME         "\033[H"
#define LINE_END     "\033[K"
#define BELOW        "\033[J"

struct screen {
    struct termios before;
    bool changed;
};

static void screen_begin(struct screen *screen)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction stop = {.sa_handler = on_stop};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        sigaction(ends[i], &stop, NULL);
    screen->changed = tcgetattr(STDIN_FILENO, &screen->before) == 0;
    struct termios keys = screen->before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (screen->changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    fputs(SCREEN_BEGIN, stdout);
}

static void screen_end(const struct screen *screen)
{
    fputs(SCREEN_END, stdout);
    fflush(stdout);
    if (screen->changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

/* As much of the lines as there is room for. */
static void screen_show(struct str lines)
{
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct str line;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    fputs(HOME, stdout);
    for (int row = 0; lines.len && row + 1 < size.ws_row; row++) {
        str_split(lines, '\n', &line, &lines);
        int len = line.len < size.ws_col ? (int)line.len : size.ws_col;
        printf("%.*s" LINE_END "\n", len, line.ptr);
    }
    fputs(BELOW, stdout);
    fflush(stdout);
}

/* Until the time is up; true when it is to end. */
static bool wait_for_end(const struct screen *screen, int64_t seconds)
{
    int64_t until = clock_monotonic_ns() + seconds * 1000000000, left;
    while (!stopped && (left = until - clock_monotonic_ns()) > 0) {
        char key;
        struct pollfd keys = {.fd = screen->changed ? STDIN_FILENO : -1, .events = POLLIN};
        int wait = (int)(left / 1000000) + 1;
        if (poll(&keys, 1, wait) > 0 && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q'))
            return true;
    }
    return stopped;
}

/* ---- looking ---- */

struct subject {
    struct ctl *ctl;
    const struct metrics *metrics;
    struct store *store; /* NULL: it cannot be read */
};

static void put_title(const struct subject *subject, const struct sample *sample, struct buf *buf)
{
    buf_str(buf, STR("rollcall  "));
    ctl_put_visible(buf, str_of(subject->ctl->store_path));
    buf_str(buf, STR(", "));
    instant_put_seconds(buf, clock_now());
    buf_str(buf, STR(", counts since "));
    instant_put_seconds(buf, sample->began);
    buf_byte(buf, '\n');
}

static void put_look(const struct subject *subject, const struct sample *sample,
                     const struct sample *before, struct buf *buf)
{
    buf_reset(buf);
    put_title(subject, sample, buf);
    top_put(sample, before, METRICS_ROUTES * METRICS_STATUSES, buf);
}

static void watch(const struct subject *subject, int64_t interval)
{
    static struct sample samples[2];
    struct screen screen;
    struct buf buf = {0};
    sample_take(subject->metrics, subject->store, &samples[0]);
    screen_begin(&screen);
    for (size_t look = 0;; look++) {
        const struct sample *before = look ? &samples[(look - 1) % 2] : NULL;
        put_look(subject, &samples[look % 2], before, &buf);
        screen_show(buf_view(&buf));
        if (wait_for_end(&screen, interval))
            break;
        sample_take(subject->metrics, subject->store, &samples[(look + 1) % 2]);
    }
    screen_end(&screen);
    buf_free(&buf);
}

static int print_once(const struct subject *subject)
{
    static struct sample sample;
    struct buf buf = {0};
    sample_take(subject->metrics, subject->store, &sample);
    put_look(subject, &sample, NULL, &buf);
    if (buf.len)
        buf.len--; /* a line's end is printed */
    return ctl_print(&buf);
}

static int fail_to_look(const struct ctl *ctl, enum err err)
{
    if (err == ERR_NOT_FOUND)
        return ctl_fail("nothing was counted at %s so far: no rollcalld has answered there",
                        ctl->store_path);
    if (err == ERR_VERSION)
        return ctl_fail("what was counted at %s is another version's", ctl->store_path);
    return ctl_fail("what was counted at %s cannot be read: %s", ctl->store_path, strerror(errno));
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    struct options options = {.ctl = ctl, .interval = 1};
    struct subject subject = {.ctl = ctl};
    int code = EXIT_DONE;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (ctl_become_owner(ctl) != ERR_OK)
        return EXIT_FAILED;
    enum err err = metrics_look(ctl->store_path, tally_layout(), &subject.metrics);
    if (err != ERR_OK)
        return fail_to_look(ctl, err);
    /* A store of an earlier format stays as it is. */
    struct store_options store = {.path = ctl->store_path, .mode = STORE_READ};
    if (store_open(&store, &subject.store) != ERR_OK)
        subject.store = NULL;
    if (options.once || !isatty(STDOUT_FILENO))
        code = print_once(&subject);
    else
        watch(&subject, options.interval);
    store_close(subject.store);
    metrics_close(subject.metrics);
    return code;
}

const struct command ctl_top = {
    .name = "top",
    .summary = "watch what the daemon does",
    .argp = &argp,
    .run = run,
};
