/* A store of a test's own, and short ways to put things into it and look at them. What is not as
 * it must be ends the test. */
#ifndef ROLLCALL_TESTS_SCENE_H
#define ROLLCALL_TESTS_SCENE_H

#include "base/clock.h"
#include "model/secret.h"
#include "store/store.h"
#include "support/scratch.h"
#include "support/suite.h"

/* It takes the address space for itself: tests that make that short are left out. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ADDRESS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WITH_ADDRESS_SANITIZER)
#define WITH_ADDRESS_SANITIZER
#endif

/* The instant of every test: 2026-07-14T03:33:20Z. */
#define NOW    INT64_C(1784000000000)
#define HOUR   INT64_C(3600000)
#define DAY    (24 * HOUR)
#define MEBI   ((size_t)1024 * 1024)
#define LEN(a) (sizeof(a) / sizeof(*(a)))

struct scene {
    char *dir;
    char path[512];
    struct store *store;
    struct snapshot *snapshot; /* between scene_read and scene_done */
    struct arena *arena;
};

/* A fresh folder without a store; and one with a store, opened with a map of that size. */
struct scene scene_bare(void);
struct scene scene_new(size_t map_bytes);
void scene_end(struct scene *scene);

enum err scene_open(struct scene *scene, enum store_mode mode, size_t map_bytes);
void scene_close(struct scene *scene);

void scene_read(struct scene *scene);
void scene_done(struct scene *scene);

/* Puts; the objects they point at are the caller's. An app has an hour's idle limit and a day's
 * life; a draft's id ends in `id`, all else of it is open. */
struct put app_put(const char *id);
struct put user_put(const char *app, const char *user);
struct put session_put(const char *app, const char *user, struct session_draft *draft);
struct session_draft draft_new(uint64_t id, int64_t created);
struct uuid id_of(uint64_t id);
void draft_token(struct session_draft *draft, const char *token);
void draft_brought(struct session_draft *draft, enum vendor vendor, const char *id);

enum err scene_apply(struct scene *scene, const struct put *puts, size_t count, size_t *at);
void scene_put(struct scene *scene, struct put put);
/* One put at that instant, and what came of it. */
struct outcome scene_apply_at(struct scene *scene, struct put put, int64_t now, enum err expected);
/* `count` sessions of `users` users of the app, an hour apart, in one batch. */
enum err scene_fill(struct scene *scene, const char *app, size_t count, size_t users);

/* Inside scene_read and scene_done. */
struct app scene_app(struct scene *scene, const char *id);
struct user scene_user(struct scene *scene, const char *app, const char *id);
enum err scene_by_spelling(struct scene *scene, const char *app, enum vendor vendor,
                           const char *text, struct session *session);
enum err scene_by_token(struct scene *scene, const char *token, struct session *session);
struct page scene_find(struct scene *scene, const char *app, const struct query *query);
uint64_t scene_count(struct scene *scene, const char *app);
/* How many of acme's sessions are active then. */
uint64_t scene_count_active(struct scene *scene, int64_t now);

/* The faults that store_check tells; the sentences in `*report`, the arena's, when that is asked
 * for. */
uint64_t scene_faults(struct scene *scene, struct str *report);
void scene_sound(struct scene *scene);

#define ASSERT_ERR(call, expected)                                                                 \
    do {                                                                                           \
        enum err got_ = (call);                                                                    \
        cr_assert(got_ == (expected), "%s: %s, not %s", #call, err_word(got_),                     \
                  err_word(expected));                                                             \
    } while (0)
#define ASSERT_OK(call) ASSERT_ERR(call, ERR_OK)

#endif
