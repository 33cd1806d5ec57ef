/* Whether the time an answer takes tells an unknown credential from one that something is known of.
 *
 *   bench-timing FOLDER REQUESTS           asks a service in this process: the most there is to see
 *   bench-timing FOLDER REQUESTS SOCKET    asks a pool, whose store FOLDER is, over FastCGI
 *
 * The store is one of bench-gen's, with 2 * VARIANTS * SPREAD users at least. Of each pair of kinds
 * so many requests are asked, of VARIANTS credentials, in an order drawn at random. Prints a row of
 * a table for each: the medians; by how much the credentials' means differ, the slowest 5 of 100
 * requests left out, with the interval that holds 95 of 100; Welch's t of that; and how many of 100
 * requests the best limit of time tells apart, chosen in the first half of them and tried on the
 * second. |t| below 4.5 is no difference (ISO/IEC 17825). */
#include <errno.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/service.h"
#include "support/fcgi.h"

enum {
    VARIANTS = UINT8_MAX + 1,
    TEXT_BYTES = 4096,
    ENV_MAX = 12,
    SAMPLES_MAX = 1000000,
    KEPT_PERCENT = 95,
    DRAWN = '~'
};

/* So far apart are the users that something is known of, that they share no page of the store more
 * than others do. */
enum { SPREAD = 37, FIRST_USER = 1000000000 };

static const double separable = 4.5;

/* One request, ready to be asked either way. */
struct variant {
    char *env[ENV_MAX];
    struct buf wire;
};

struct sample {
    uint64_t ns;
    uint8_t variant;
    bool second; /* of the pair */
};

static struct store *store;
static struct service service;
static struct submitter submitter = {.fd = -1};
static struct arena *arena;
static const char *target; /* NULL: this process */
static struct variant variants[2][VARIANTS];
static struct sample samples[2 * SAMPLES_MAX];
static size_t requests;

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "bench-timing: %s\n", what);
    exit(EXIT_FAILURE);
}

static void must(enum err err, const char *what)
{
    if (err == ERR_OK)
        return;
    fprintf(stderr, "bench-timing: %s: %s\n", what, err_text(err));
    exit(EXIT_FAILURE);
}

/* ---- credentials ---- */

static uint32_t random_number(void)
{
    static uint32_t drawn[1024];
    static size_t left;
    if (left == 0) {
        secret_random(drawn, sizeof(drawn));
        left = sizeof(drawn) / sizeof(*drawn);
    }
    return drawn[--left];
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* So many letters that are drawn anew whenever it is asked; the arena's. */
static const char *nonsense(size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    if (!text)
        die("out of memory");
    memset(text, DRAWN, len);
    return text;
}

/* ... and drawn once, to stand beside one that there is: what is asked for again and again lies in
 * the processor's cache, whichever it is. */
static const char *some(size_t len)
{
    char *text = (char *)nonsense(len);
    for (size_t i = 0; i < len; i++)
        text[i] = digits[random_number() & 63];
    return text;
}

/* Sessions of bench-gen's, whose tokens are "token-N": half of these are over by the time that
 * anybody asks. */
struct known {
    const char *token, *jwt, *refresh, *user, *forged;
};
static struct known dead[VARIANTS], alive[VARIANTS];

static const char *text_of(struct str text)
{
    struct str copy = arena_copy(arena, text);
    if (!copy.ptr)
        die("out of memory");
    return copy.ptr;
}

static const char *print_text(const char *format, const char *text)
{
    char out[TEXT_BYTES];
    snprintf(out, sizeof(out), format, text);
    return text_of(str_of(out));
}

/* With a signature that is none. */
static const char *forged(const char *jwt)
{
    size_t len = (size_t)(strrchr(jwt, '.') - jwt);
    char *text = (char *)text_of((struct str){jwt, len + 1});
    char out[TEXT_BYTES];
    snprintf(out, sizeof(out), "%s%sA", text, nonsense(341));
    return text_of(str_of(out));
}

static void learn(struct known *known, int number)
{
    struct snapshot *snapshot;
    struct session session;
    struct user user;
    struct buf jwt = {0};
    uint8_t hash[HASH_BYTES];
    char token[32];
    snprintf(token, sizeof(token), "token-%d", number);
    secret_hash(str_of(token), hash);
    must(snapshot_begin(store, &snapshot), "snapshot");
    must(store_session_by_token(snapshot, hash, &session), token);
    must(store_user(snapshot, session.app, session.user, &user), token);
    must(core_access_token(snapshot, arena, &session, clock_now(), &jwt), token);
    *known = (struct known){.token = text_of(str_of(token)),
                            .user = text_of(user.texts[USER_ID]),
                            .jwt = text_of(buf_view(&jwt))};
    known->forged = forged(known->jwt);
    snapshot_end(snapshot);
    buf_free(&jwt);
}

static void apply(const struct put *put)
{
    struct outcome outcome;
    must(store_apply(store, put, 1, clock_now(), &outcome), "write");
}

static void kill_session(const struct known *known)
{
    struct snapshot *snapshot;
    struct session session;
    uint8_t hash[HASH_BYTES];
    secret_hash(str_of(known->token), hash);
    must(snapshot_begin(store, &snapshot), "snapshot");
    must(store_session_by_token(snapshot, hash, &session), "token");
    snapshot_end(snapshot);
    apply(&(struct put){PUT_ENDING, .ending = {.app = session.app,
                                               .has_id = true,
                                               .id = session.id,
                                               .as = ENDING_REVOKED,
                                               .actor = STR("bench")}});
}

/* A session that has a refresh token, and is over. */
static const char *dead_refresh_token(const char *user)
{
    struct session_draft draft;
    const char *token = some(SECRET_TEXT);
    session_draft_begin(&draft);
    struct put put = {PUT_SESSION, .session = {.app_id = STR("bench"),
                                               .user_id = str_of(user),
                                               .draft = &draft,
                                               .fresh = true,
                                               .has_refresh = true,
                                               .actor = STR("bench")}};
    session_complete(&draft, 3600 * SECOND_MS, clock_now());
    secret_hash(str_of(token), put.session.refresh_hash);
    apply(&put);
    apply(&(struct put){PUT_ENDING, .ending = {.app = 1,
                                               .has_id = true,
                                               .id = draft.id,
                                               .as = ENDING_REVOKED,
                                               .actor = STR("bench")}});
    return token;
}

/* Others that have one, among whom it lies: among a few, whoever is next to an unknown one would be
 * the same few. */
static void add_refresh_tokens(int from)
{
    enum { BATCH = 32 };
    static struct session_draft drafts[BATCH];
    static struct put puts[BATCH];
    struct outcome outcome;
    for (int i = 0; i < BATCH; i++) {
        struct str user = arena_printf(arena, "usr-%d", FIRST_USER + from * BATCH + i);
        session_draft_begin(&drafts[i]);
        session_complete(&drafts[i], 3600 * SECOND_MS, clock_now());
        puts[i] = (struct put){PUT_SESSION, .session = {.app_id = STR("bench"),
                                                        .user_id = user,
                                                        .draft = &drafts[i],
                                                        .fresh = true,
                                                        .has_refresh = true,
                                                        .actor = STR("bench")}};
        secret_random(puts[i].session.refresh_hash, HASH_BYTES);
    }
    must(store_apply(store, puts, BATCH, clock_now(), &outcome), "write");
}

static void learn_all(void)
{
    for (int i = 0; i < VARIANTS; i++) {
        learn(&dead[i], 2 * i * SPREAD);
        learn(&alive[i], (2 * i + 1) * SPREAD);
        kill_session(&dead[i]);
        add_refresh_tokens(i);
        dead[i].refresh = dead_refresh_token(dead[i].user);
    }
}

/* ---- requests ---- */

/* Makes the headers of one; up to two, the second may be NULL. */
struct ask {
    const char *line; /* method and path */
    const char *first, *second;
};

static void make_variant(struct variant *variant, const struct ask *ask)
{
    const char *path = strchr(ask->line, ' ') + 1;
    const char *texts[] = {
        text_of(arena_printf(arena, "REQUEST_METHOD=%.*s", (int)(path - 1 - ask->line), ask->line)),
        print_text("REQUEST_URI=%s", path),
        "QUERY_STRING=",
        "SCRIPT_NAME=",
        "REMOTE_ADDR=127.0.0.1",
        ask->first,
        ask->second};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (texts[i])
            variant->env[count++] = (char *)texts[i];
    variant->env[count] = NULL;
    buf_reset(&variant->wire);
    fcgi_put_begin(&variant->wire, variant->env);
    fcgi_put_end(&variant->wire);
}

#define LIST_KRATOS     "GET /sessions"
#define LIST_ROCKETCHAT "GET /api/v1/sessions/list"
#define LIST_PRELUDE    "GET /v1/session/me/list"

static const char *bearer(const char *text)
{
    return print_text("HTTP_AUTHORIZATION=Bearer %s", text);
}

static const char *basic(const char *user, const char *key)
{
    char pair[TEXT_BYTES], encoded[TEXT_BYTES];
    size_t len = (size_t)snprintf(pair, sizeof(pair), "%s:%s", user, key);
    sodium_bin2base64(encoded, sizeof(encoded), (const unsigned char *)pair, len,
                      sodium_base64_VARIANT_ORIGINAL);
    return print_text("HTTP_AUTHORIZATION=Basic %s", encoded);
}

/* ---- pairs ---- */

static struct ask kratos_unknown(int i)
{
    size_t len = strlen(dead[i].token);
    return (struct ask){LIST_KRATOS, print_text("HTTP_X_SESSION_TOKEN=%s", some(len)), NULL};
}
static struct ask kratos_dead(int i)
{
    return (struct ask){LIST_KRATOS, print_text("HTTP_X_SESSION_TOKEN=%s", dead[i].token), NULL};
}
static struct ask cookie_unknown(int i)
{
    size_t len = strlen(dead[i].token);
    return (struct ask){LIST_KRATOS, print_text("HTTP_COOKIE=ory_kratos_session=%s", some(len)),
                        NULL};
}
static struct ask cookie_dead(int i)
{
    return (struct ask){LIST_KRATOS, print_text("HTTP_COOKIE=ory_kratos_session=%s", dead[i].token),
                        NULL};
}
static struct ask rocketchat_nobody(int i)
{
    return (struct ask){LIST_ROCKETCHAT,
                        print_text("HTTP_X_USER_ID=usr-%s", nonsense(strlen(alive[i].user) - 4)),
                        print_text("HTTP_X_AUTH_TOKEN=%s", nonsense(SECRET_TEXT))};
}
static struct ask rocketchat_somebody(int i)
{
    return (struct ask){LIST_ROCKETCHAT, print_text("HTTP_X_USER_ID=%s", alive[i].user),
                        print_text("HTTP_X_AUTH_TOKEN=%s", nonsense(SECRET_TEXT))};
}
static struct ask rocketchat_short(int i)
{
    return (struct ask){LIST_ROCKETCHAT, print_text("HTTP_X_USER_ID=%s", alive[i].user),
                        print_text("HTTP_X_AUTH_TOKEN=%s", some(strlen(dead[i].token)))};
}
static struct ask rocketchat_others(int i)
{
    return (struct ask){LIST_ROCKETCHAT, print_text("HTTP_X_USER_ID=%s", alive[i].user),
                        print_text("HTTP_X_AUTH_TOKEN=%s", dead[i].token)};
}
static struct ask corbado_no_project(int i)
{
    (void)i;
    return (struct ask){"GET /v2/sessions", basic(some(9), some(14)), NULL};
}
static struct ask corbado_project(int i)
{
    (void)i;
    return (struct ask){"GET /v2/sessions", basic("pro-bench", some(14)), NULL};
}
static struct ask corbado_key(int i)
{
    (void)i;
    return (struct ask){"GET /v2/sessions", basic(some(9), "corbado1_bench"), NULL};
}
static struct ask streambird_unknown(int i)
{
    (void)i;
    return (struct ask){"GET /v1/auth/sessions/list", bearer(some(14)), NULL};
}
static struct ask streambird_corbados(int i)
{
    (void)i;
    return (struct ask){"GET /v1/auth/sessions/list", bearer("corbado1_bench"), NULL};
}
static struct ask native_unknown(int i)
{
    (void)i;
    return (struct ask){"GET /rollcall/v1/app", bearer(some(14)), NULL};
}
static struct ask native_corbados(int i)
{
    (void)i;
    return (struct ask){"GET /rollcall/v1/app", bearer("corbado1_bench"), NULL};
}

/* The forged token with the claims of a session that never was. */
static struct ask prelude_no_session(int i)
{
    static const char *payload;
    const char *jwt = alive[i].forged, *first = strchr(jwt, '.'), *last = strrchr(jwt, '.');
    size_t len = (size_t)(last - first - 1);
    if (!payload || strlen(payload) != len)
        payload = some(len);
    return (struct ask){
        LIST_PRELUDE,
        bearer(text_of(arena_printf(arena, "%.*s.%s%s", (int)(first - jwt), jwt, payload, last))),
        NULL};
}
static struct ask prelude_forged(int i)
{
    return (struct ask){LIST_PRELUDE, bearer(alive[i].forged), NULL};
}
static struct ask prelude_dead(int i)
{
    return (struct ask){LIST_PRELUDE, bearer(dead[i].jwt), NULL};
}
static struct ask refresh_unknown(int i)
{
    (void)i;
    return (struct ask){"POST /v1/session/refresh",
                        print_text("HTTP_X_REFRESH_TOKEN=%s", some(SECRET_TEXT)), NULL};
}
static struct ask refresh_dead(int i)
{
    return (struct ask){"POST /v1/session/refresh",
                        print_text("HTTP_X_REFRESH_TOKEN=%s", dead[i].refresh), NULL};
}

/* Anybody can make the two kinds of the first rows; the second kind of the next takes a true
 * credential, that is good for nothing (any more, or here). */
static const struct pair {
    const char *name;
    bool holder;
    struct ask (*first)(int i), (*second)(int i);
} pairs[] = {
    {"the same kind twice", false, kratos_unknown, kratos_unknown},
    {"Rocket.Chat: no such user / a user, a wrong token each", false, rocketchat_nobody,
     rocketchat_somebody},
    {"Corbado: no such project / a project, a wrong key each", false, corbado_no_project,
     corbado_project},
    {"Prelude: forged for no session / for a session", false, prelude_no_session, prelude_forged},
    {"Kratos, token: never given / of a revoked session", true, kratos_unknown, kratos_dead},
    {"Kratos, cookie: never given / of a revoked session", true, cookie_unknown, cookie_dead},
    {"Rocket.Chat: a token never given / somebody else's", true, rocketchat_short,
     rocketchat_others},
    {"Corbado: no such key / a key of another project", true, corbado_no_project, corbado_key},
    {"Streambird: no such key / a key of another API", true, streambird_unknown,
     streambird_corbados},
    {"own API: no such key / a key of another API", true, native_unknown, native_corbados},
    {"Prelude, refresh token: never given / of a revoked session", true, refresh_unknown,
     refresh_dead},
    {"Prelude, access token: forged / of a revoked session", true, prelude_forged, prelude_dead},
};

/* ---- measuring ---- */

static bool is_401(const struct buf *answer)
{
    return answer->len > 11 && memcmp(answer->ptr, "Status: 401", 11) == 0;
}

static void draw(char *text, const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++)
        text[i] = pattern[i] == DRAWN ? digits[random_number() & 63] : pattern[i];
}

/* The same memory for every request, for that tells, too. */
static struct variant *prepare(const struct variant *variant)
{
    static struct variant now;
    static char texts[ENV_MAX][TEXT_BYTES];
    size_t i = 0;
    for (; variant->env[i]; i++) {
        draw(texts[i], variant->env[i], strlen(variant->env[i]) + 1);
        now.env[i] = texts[i];
    }
    now.env[i] = NULL;
    buf_reset(&now.wire);
    buf_str(&now.wire, buf_view(&variant->wire));
    draw(now.wire.ptr, variant->wire.ptr, variant->wire.len);
    return &now;
}

static uint64_t ask(const struct variant *kind)
{
    static struct buf answer;
    static const struct body body = {.whole = true};
    const struct variant *variant = prepare(kind);
    buf_reset(&answer);
    int64_t began = clock_monotonic_ns();
    if (target) {
        int fd = fcgi_connect(target);
        if (fd < 0 || !fcgi_send(fd, buf_view(&variant->wire)) || !fcgi_receive(fd, &answer))
            die(strerror(errno));
        close(fd);
    } else {
        service_answer(&service, variant->env, &body, &answer);
    }
    int64_t ended = clock_monotonic_ns();
    if (!is_401(&answer))
        die("somebody is let in");
    return (uint64_t)(ended - began);
}

static void measure(const struct pair *pair)
{
    size_t left[] = {requests, requests}, count = 0;
    for (int i = 0; i < VARIANTS; i++) {
        struct ask asks[] = {pair->first(i), pair->second(i)};
        make_variant(&variants[0][i], &asks[0]);
        make_variant(&variants[1][i], &asks[1]);
    }
    for (size_t i = 0; i < requests / 10; i++)
        ask(&variants[i & 1][i / 2 % VARIANTS]);
    while (left[0] || left[1]) {
        uint32_t drawn = random_number();
        bool second = left[0] == 0 || (left[1] && drawn & 1);
        uint8_t variant = (uint8_t)(drawn >> 1);
        left[second]--;
        samples[count++] = (struct sample){ask(&variants[second][variant]), variant, second};
    }
}

/* ---- judging ---- */

static int cmp_ns(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint64_t *sorted(size_t from, size_t to, int kind, size_t *count)
{
    uint64_t *out = malloc((to - from) * sizeof(*out));
    if (!out)
        die("out of memory");
    *count = 0;
    for (size_t i = from; i < to; i++)
        if (kind < 0 || samples[i].second == kind)
            out[(*count)++] = samples[i].ns;
    qsort(out, *count, sizeof(*out), cmp_ns);
    return out;
}

struct moments {
    double mean, variance, count;
};

static void add(struct moments *moments, double value)
{
    double delta = value - moments->mean;
    moments->count++;
    moments->mean += delta / moments->count;
    moments->variance += (delta * (value - moments->mean) - moments->variance) / moments->count;
}

/* Of the means of each variant: one credential may well lie deeper in the store than another, and
 * asking it often makes no kind of it. */
static struct moments moments_of(bool second, uint64_t limit)
{
    static struct moments each[VARIANTS];
    struct moments all = {.count = 0};
    memset(each, 0, sizeof(each));
    for (size_t i = 0; i < 2 * requests; i++)
        if (samples[i].second == second && samples[i].ns <= limit)
            add(&each[samples[i].variant], (double)samples[i].ns);
    for (size_t i = 0; i < VARIANTS; i++)
        if (each[i].count > 0)
            add(&all, each[i].mean);
    return all;
}

/* Of 100 requests in the second half, how many a limit tells apart that was chosen in the first. */
static double told_apart(void)
{
    enum { LIMITS = 1000 };
    size_t count, right = 0;
    uint64_t *first = sorted(0, requests, -1, &count);
    uint64_t limit = 0;
    bool later = true;
    long most = -1;
    for (size_t step = 1; step < LIMITS; step++) {
        uint64_t tried = first[count * step / LIMITS];
        long above = 0;
        for (size_t i = 0; i < requests; i += 8)
            above += (samples[i].ns > tried) == samples[i].second ? 1 : -1;
        if (labs(above) > most) {
            most = labs(above);
            limit = tried;
            later = above > 0;
        }
    }
    for (size_t i = requests; i < 2 * requests; i++)
        right += ((samples[i].ns > limit) == samples[i].second) == later;
    free(first);
    return 100.0 * (double)right / (double)requests;
}

static bool judge(const struct pair *pair)
{
    size_t count, firsts, seconds;
    uint64_t *all = sorted(0, 2 * requests, -1, &count);
    uint64_t *first = sorted(0, 2 * requests, 0, &firsts);
    uint64_t *second = sorted(0, 2 * requests, 1, &seconds);
    uint64_t limit = all[count * KEPT_PERCENT / 100];
    struct moments a = moments_of(false, limit), b = moments_of(true, limit);
    double error = sqrt(a.variance / a.count + b.variance / b.count), differ = b.mean - a.mean;
    double t = differ / error;
    bool apart = fabs(t) >= separable;
    printf("| %s | %s | %llu | %llu | %+.1f ± %.1f | %+.1f | %.1f | %s |\n", pair->name,
           pair->holder ? "holder" : "anybody", (unsigned long long)first[firsts / 2],
           (unsigned long long)second[seconds / 2], differ, 1.96 * error, t, told_apart(),
           apart ? "yes" : "no");
    fflush(stdout);
    free(all), free(first), free(second);
    return apart;
}

static void begin(const char *folder)
{
    static const struct str cookies[] = {STR("ory_kratos_session")};
    static const struct site site = {.cookie_names = cookies, .cookie_name_count = 1};
    struct store_options options = {.path = folder, .mode = STORE_WRITE};
    if (!secret_begin())
        die("no random source");
    arena = arena_new((size_t)1 << 30);
    must(store_open(&options, &store), folder);
    learn_all();
    submitter.store = store;
    must(service_begin(&service, store, &site, &submitter), "service");
}

int main(int argc, char **argv)
{
    bool told = false;
    if (argc < 3 || argc > 4)
        die("usage: bench-timing FOLDER REQUESTS [SOCKET]");
    requests = strtoul(argv[2], NULL, 10);
    if (requests < 1000 || requests > SAMPLES_MAX)
        die("REQUESTS must be from 1000 to 1000000");
    target = argv[3];
    begin(argv[1]);
    printf("| first / second | who can ask | median, ns | median, ns | means differ, ns | t | told "
           "apart, %% | separable |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        measure(&pairs[i]);
        told |= judge(&pairs[i]) && !pairs[i].holder;
    }
    return told ? EXIT_FAILURE : EXIT_SUCCESS;
}
