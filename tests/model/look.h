/* Looks at the service through all five dialects, and compares with the model. */
#ifndef ROLLCALL_TESTS_MODEL_LOOK_H
#define ROLLCALL_TESTS_MODEL_LOOK_H

#include "pick.h"

/* A user's lists, and some of the user's tokens, or all of them. */
void look_at_person(struct driver *driver, const struct person *person, bool thoroughly);
/* An app's lists. */
void look_at_tenant(struct driver *driver, size_t tenant);
/* Everything that is ours; of all apps, where all of them are. Sessions whose records are gone are
 * forgotten then. */
void look_at_all(struct driver *driver, bool tenants_too);

#endif
