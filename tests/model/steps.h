/* What is done at random, by the dialect it is asked for in: each makes one request, says what must
 * be answered, and does the same to the model. */
#ifndef ROLLCALL_TESTS_MODEL_STEPS_H
#define ROLLCALL_TESTS_MODEL_STEPS_H

#include "pick.h"

void step_prelude_revoke(struct driver *driver);

void step_corbado_revoke(struct driver *driver);
void step_corbado_create(struct driver *driver);
void step_corbado_status(struct driver *driver);
void step_corbado_short(struct driver *driver);

void step_streambird_verify(struct driver *driver);
void step_streambird_delete(struct driver *driver);

void step_kratos_end_others(struct driver *driver);
void step_kratos_end_one(struct driver *driver);
void step_kratos_admin_end(struct driver *driver);
void step_kratos_extend(struct driver *driver);
void step_kratos_bulk(struct driver *driver);
void step_kratos_bulk_everybody(struct driver *driver);
void step_kratos_identity_delete(struct driver *driver);

void step_rocketchat_logout_me(struct driver *driver);
void step_rocketchat_logout_any(struct driver *driver);
void step_rocketchat_logout(struct driver *driver);

/* A list is walked through page by page, and other steps are done in between. */
void step_walk(struct driver *driver);

/* Sessions are brought from elsewhere, with tokens that are known. */
void step_import(struct driver *driver);
void step_clock(struct driver *driver);

#endif
