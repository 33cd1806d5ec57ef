#include "fuzz/world.h"

#include <glob.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/record.h"
#include "dialect/tally.h"
#include "fuzz/fuzz.h"
#include "serve/watch.h"
#include "store/env.h"
#include "support/files.h"
#include "support/known_keys.h"

enum { WORLDS_MAX = 32, PATH_BYTES = 1024, ARENA_BYTES = 16 << 20, MAP_BYTES = 16 << 20 };

/* What golden cases have none of: keys for all that there is, and a refresh token. */
static const char more_records[] =
    "{\"kind\":\"app\",\"id\":\"fuzz\",\"prelude\":{\"dpop\":\"optional\",\"mode\":\"dev\"},"
    "\"keys\":["
    "{\"for\":\"admin\",\"secret\":\"rk_fuzz\"},{\"for\":\"prelude\",\"secret\":\"mk_fuzz\"},"
    "{\"for\":\"corbado\",\"secret\":\"corbado1_fuzz\"},{\"for\":\"streambird\",\"secret\":\"sk_"
    "fuzz\"}]}\n"
    "{\"kind\":\"user\",\"app\":\"fuzz\",\"id\":\"u\",\"identifier\":\"" WORLD_MARK
    "\",\"username\":\"" WORLD_MARK "\"}\n"
    "{\"kind\":\"session\",\"app\":\"fuzz\",\"user\":\"u\",\"id\":\"" WORLD_SESSION "\","
    "\"token\":\"token_fuzz\",\"user_agent\":\"" WORLD_MARK "\",\"device\":{\"name\":\"" WORLD_MARK
    "\"},"
    "\"ids\":{\"prelude\":\"ses-fuzz\",\"corbado\":\"ses-fuzz\"}}\n";

static glob_t folders;
static struct world worlds[WORLDS_MAX];
static int64_t held_now;
static struct watch watch = {.access_log = ACCESS_JSON};

static int64_t now_held(void)
{
    return held_now;
}

static int64_t monotonic_held(void)
{
    return 0;
}

static void id_held(struct service *service, char *out)
{
    (void)service;
    memset(out, '0', REQUEST_ID_TEXT);
}

/* ---- making ---- */

static char *read_beside(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    char *text = file_read(path);
    MUST_HOLD(text, "no %s", path);
    return text;
}

static void put_records(struct world *world, const char *text)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct record *record = malloc(sizeof(*record));
    struct str rest = str_of(text), line;
    struct record_fault fault;
    struct outcome outcome;
    while (rest.len) {
        str_split(rest, '\n', &line, &rest);
        enum err err = record_read(arena, line, 0, record, &fault);
        struct put put = err == ERR_OK ? record_put(record) : (struct put){.kind = PUT_APP};
        if (put.kind == PUT_SESSION && str_eq(record->app_id, STR("fuzz"))) {
            put.session.has_refresh = true;
            secret_hash(STR("refresh_fuzz"), put.session.refresh_hash);
        }
        if (err == ERR_OK)
            err = store_apply(world->store, &put, 1, world->now, &outcome);
        MUST_HOLD(err == ERR_OK, "%s: %.*s", err_word(err), STR_ARG(line));
    }
    free(record);
    arena_free(arena);
}

static size_t last_transaction(const struct world *world)
{
    MDB_envinfo info;
    mdb_env_info(world->store->env, &info);
    return info.me_last_txnid;
}

static void open_world(struct world *world, enum store_mode mode)
{
    static const struct site none;
    struct store_options options = {
        .path = world->dir, .mode = mode, .map_bytes = MAP_BYTES, .alone = true};
    enum err err = store_open(&options, &world->store);
    MUST_HOLD(err == ERR_OK, "%s: %s", world->dir, err_word(err));
    world->submitter = (struct submitter){.fd = -1, .store = world->store};
    err = service_begin(&world->service, world->store, &none, &world->submitter);
    MUST_HOLD(err == ERR_OK, "%s", err_word(err));
    world->service.watch = &watch;
    world->service.now = now_held;
    world->service.monotonic_ns = monotonic_held;
    world->service.make_id = id_held;
}

static void close_world(struct world *world)
{
    service_end(&world->service);
    submit_end(&world->submitter);
    store_close(world->store);
}

static FILE *data_file(const struct world *world, const char *mode)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/data.mdb", world->dir);
    FILE *file = fopen(path, mode);
    MUST_HOLD(file, "%s cannot be opened", path);
    return file;
}

static void keep_image(struct world *world)
{
    char chunk[1 << 16];
    size_t got;
    FILE *file = data_file(world, "rb");
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_put(&world->image, chunk, got);
    fclose(file);
}

static void make_world(struct world *world, const char *folder)
{
    const char *parent = getenv("TMPDIR");
    char *now = read_beside(folder, "now"), *records = read_beside(folder, "records.jsonl");
    MUST_HOLD(
        instant_parse((struct str){now, strcspn(now, "\n")}, INSTANT_STRICT, &world->now, NULL),
        "%s: now is no instant", folder);
    free(now);
    MUST_HOLD(asprintf(&world->dir, "%s/rollcall-fuzz-XXXXXX", parent ? parent : "/tmp") > 0 &&
                  mkdtemp(world->dir),
              "no folder");
    known_keys_begin();
    open_world(world, STORE_CREATE);
    put_records(world, records);
    put_records(world, more_records);
    free(records);
    world->made = last_transaction(world);
    close_world(world);
    keep_image(world);
    open_world(world, STORE_WRITE);
}

/* Nothing of it outlives the program, unless that ends with a finding. */
static void remove_worlds(void)
{
    for (size_t i = 0; i < WORLDS_MAX; i++) {
        char path[PATH_BYTES];
        if (!worlds[i].dir)
            continue;
        close_world(&worlds[i]);
        snprintf(path, sizeof(path), "%s/data.mdb", worlds[i].dir);
        unlink(path);
        rmdir(worlds[i].dir);
        free(worlds[i].dir);
        buf_free(&worlds[i].image);
    }
    metrics_close(watch.metrics);
    globfree(&folders);
}

static void find_folders(void)
{
    char pattern[PATH_BYTES];
    snprintf(pattern, sizeof(pattern), "%s/*/records.jsonl", golden_folder());
    MUST_HOLD(secret_begin() && glob(pattern, 0, NULL, &folders) == 0 &&
                  folders.gl_pathc <= WORLDS_MAX,
              "no golden cases at %s", pattern);
    for (size_t i = 0; i < folders.gl_pathc; i++)
        *strrchr(folders.gl_pathv[i], '/') = '\0';
    /* What is wrong with an input is not worth a line each time. */
    log_open("/dev/null", "");
    watch.metrics = metrics_open("/dev/null", tally_layout());
    atexit(remove_worlds);
}

struct world *world_get(size_t number)
{
    if (folders.gl_pathc == 0)
        find_folders();
    number %= folders.gl_pathc;
    struct world *world = &worlds[number];
    if (!world->dir)
        make_world(world, folders.gl_pathv[number]);
    return world;
}

/* ---- using ---- */

struct str world_answer(struct world *world, const struct site *site, char *const *env,
                        struct str bytes)
{
    static struct buf out;
    struct body body = {.bytes = bytes, .whole = bytes.len <= BODY_MAX_BYTES};
    held_now = world->now;
    world->service.site = *site;
    buf_reset(&out);
    service_answer(&world->service, env, &body, &out);
    return buf_view(&out);
}

void world_restore(struct world *world)
{
    if (last_transaction(world) == world->made)
        return;
    close_world(world);
    FILE *file = data_file(world, "wb");
    bool written = fwrite(world->image.ptr, 1, world->image.len, file) == world->image.len;
    MUST_HOLD(fclose(file) == 0 && written, "%s cannot be put back", world->dir);
    open_world(world, STORE_WRITE);
}

static void print_fault(void *context, struct str sentence)
{
    (void)context;
    fprintf(stderr, "%.*s\n", STR_ARG(sentence));
}

void world_check(struct world *world)
{
    uint64_t faults = 0;
    enum err err = store_check(world->store, print_fault, NULL, &faults);
    MUST_HOLD(err == ERR_OK && faults == 0, "%s, %llu faults", err_word(err),
              (unsigned long long)faults);
}
