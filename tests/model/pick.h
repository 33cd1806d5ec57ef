/* What a step is about, taken at random: mostly what works, and now and then everything that should
 * not. */
#ifndef ROLLCALL_TESTS_MODEL_PICK_H
#define ROLLCALL_TESTS_MODEL_PICK_H

#include "driver.h"

/* Who asks with a token of a session, or with something that looks like one. */
struct holder {
    struct login *login; /* whose token it is meant to be; NULL: nobody's */
    bool genuine;        /* it is; and an access token has not run out */
    bool let_in;         /* and the session is active, and its user */
    char text[2048];
};

/* By session token, and by access token (JWT). */
void pick_token(struct driver *driver, struct holder *holder);
void pick_access_token(struct driver *driver, struct holder *holder);
/* The last access token of that session where that is still good, else a new one. A session that is
 * gone gets no new one: NULL, or one that has run out. */
const char *access_token_of(struct driver *driver, struct login *login);
bool access_token_lasts(const struct driver *driver, const struct login *login);
/* The answer brought an access token for that session. */
void keep_access_token(struct driver *driver, struct login *login, const char *jwt);

/* Who asks with an app's key. */
enum key_use { KEY_CORBADO, KEY_STREAMBIRD, KEY_OF_ADMIN };
/* Adds the Authorization header, now and then a wrong one; whether it lets in. */
bool add_key(struct driver *driver, enum key_use use, size_t tenant);
/* Adds the right one. */
void add_right_key(struct driver *driver, enum key_use use, size_t tenant);

/* Which session a request is about, as a dialect spells its id. */
struct aim {
    struct login *login; /* NULL: no session of the app's is called so */
    const char *name;
    char text[NAME_BYTES];
};
void pick_aim(struct driver *driver, enum dialect dialect, size_t tenant, struct aim *aim);

size_t pick_tenant(const struct driver *driver);
/* One of ours in the app; any of the app's: NULL when there is none. */
struct person *pick_person(struct driver *driver, size_t tenant);
struct login *pick_login(struct driver *driver, size_t tenant, bool alive);
/* Random letters and digits. */
void pick_word(char *out, size_t len);

#endif
