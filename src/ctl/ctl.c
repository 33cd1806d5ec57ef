#include "ctl/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/owner.h"

static error_t parse_store(int key, char *arg, struct argp_state *state)
{
    struct ctl *ctl = state->input;
    if (key != 's')
        return ARGP_ERR_UNKNOWN;
    if (*arg == '\0')
        argp_error(state, "--store: a folder is expected");
    ctl->store_path = arg;
    return 0;
}

static const struct argp_option store_options[] = {
    {"store", 's', "DIR", 0,
     "The store's folder (default: $ROLLCALL_STORE, else " LOCALSTATEDIR "/lib/rollcall)", 0},
    {0},
};
static const struct argp store_argp = {.options = store_options, .parser = parse_store};
const struct argp_child ctl_children[] = {{&store_argp, 0, NULL, 0}, {0}};

error_t ctl_parse_nothing(int key, char *arg, struct argp_state *state)
{
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = state->input;
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "no argument is expected: %s", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* How many bytes at the front are a control character: U+0000 to U+001F and U+007F are one byte of
 * UTF-8, U+0080 to U+009F are C2 80 to C2 9F. */
static size_t control_length(struct str text)
{
    unsigned char first = (unsigned char)text.ptr[0];
    unsigned char second = text.len > 1 ? (unsigned char)text.ptr[1] : 0;
    if (first < 0x20 || first == 0x7F)
        return 1;
    return first == 0xC2 && second >= 0x80 && second < 0xA0 ? 2 : 0;
}

void ctl_put_visible(struct buf *buf, struct str text)
{
    while (text.len) {
        size_t control = control_length(text), taken = control ? control : 1;
        for (size_t i = 0; i < control; i++)
            buf_printf(buf, "\\x%02X", (unsigned char)text.ptr[i]);
        if (!control)
            buf_byte(buf, text.ptr[0]);
        text = str_from(text, taken);
    }
}

int ctl_fail(const char *format, ...)
{
    char text[4096];
    struct buf visible = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ctl_put_visible(&visible, str_of(text));
    fprintf(stderr, "rollcall: %.*s\n", STR_ARG(buf_view(&visible)));
    buf_free(&visible);
    return EXIT_FAILED;
}

int ctl_print(struct buf *buf)
{
    bool whole = !buf->failed;
    if (whole)
        printf("%.*s\n", STR_ARG(buf_view(buf)));
    buf_free(buf);
    return whole ? EXIT_DONE : ctl_fail("%s", err_text(ERR_MEMORY));
}

void ctl_report(void *context, struct str sentence)
{
    (void)context;
    ctl_fail("%.*s", STR_ARG(sentence));
}

/* A folder for temporary files that was root's alone is of no use to somebody else. */
static void leave_temporary(void)
{
    const char *named = getenv("TMPDIR");
    if (named && access(named, W_OK | X_OK) != 0)
        unsetenv("TMPDIR");
}

enum err ctl_become_owner(const struct ctl *ctl)
{
    struct owner owner;
    bool root = geteuid() == 0;
    enum err err = owner_choose(ctl->store_path, "", &owner);
    if (err == ERR_OK)
        err = owner_become(&owner);
    if (root && geteuid() != 0)
        leave_temporary();
    return err;
}

static enum err try_open(const struct ctl *ctl, enum store_mode mode, struct store **store)
{
    struct store_options options = {.path = ctl->store_path, .mode = mode};
    enum err err = store_open(&options, store);
    if (err != ERR_VERSION || mode != STORE_READ)
        return err;
    options.mode = STORE_WRITE;
    return store_open(&options, store);
}

enum err ctl_try_open(const struct ctl *ctl, enum store_mode mode, struct store **store)
{
    enum err err = ctl_become_owner(ctl);
    return err == ERR_OK ? try_open(ctl, mode, store) : err;
}

static enum err say_why(const struct ctl *ctl, enum err err)
{
    if (err == ERR_NOT_FOUND)
        ctl_fail("no store at %s; \"rollcall init\" makes one", ctl->store_path);
    else if (err != ERR_OK)
        ctl_fail("the store at %s cannot be opened: %s", ctl->store_path, err_text(err));
    return err;
}

enum err ctl_open(const struct ctl *ctl, enum store_mode mode, struct store **store)
{
    return say_why(ctl, ctl_try_open(ctl, mode, store));
}

enum err ctl_open_and_return(const struct ctl *ctl, struct store **store)
{
    struct owner owner;
    enum err err = owner_choose(ctl->store_path, "", &owner);
    if (err == ERR_OK)
        err = owner_act_as(&owner);
    if (err == ERR_OK)
        err = try_open(ctl, STORE_READ, store);
    owner_return();
    return say_why(ctl, err);
}

enum err ctl_begin(const struct ctl *ctl, struct store **store, struct snapshot **snapshot)
{
    enum err err = ctl_open(ctl, STORE_READ, store);
    if (err != ERR_OK)
        return err;
    err = snapshot_begin(*store, snapshot);
    if (err == ERR_OK)
        return ERR_OK;
    ctl_fail("the store at %s cannot be read: %s", ctl->store_path, err_text(err));
    store_close(*store);
    return err;
}

int ctl_judge(const struct snapshot *snapshot, int code)
{
    if (snapshot_judge(snapshot, ERR_OK) == ERR_OK)
        return code;
    return ctl_fail("the store was written to meanwhile, and cannot be locked here: what was shown "
                    "may be wrong");
}

int ctl_end(struct store *store, struct snapshot *snapshot, int code)
{
    code = ctl_judge(snapshot, code);
    snapshot_end(snapshot);
    store_close(store);
    return code;
}
