/* The ways a session may be ended, by the dialect and by who asks for it. */
#ifndef ROLLCALL_TESTS_SOAK_END_H
#define ROLLCALL_TESTS_SOAK_END_H

#include "soak.h"

/* By a key of the app. */
void end_by_corbado(struct soak *soak, struct login *login);
void end_by_status(struct soak *soak, struct login *login);
void end_by_streambird(struct soak *soak, struct login *login);
void end_by_kratos(struct soak *soak, struct login *login);
void end_by_native(struct soak *soak, struct login *login);

/* By itself. */
void end_as_rocketchat(struct soak *soak, struct login *login);
void end_by_refresh(struct soak *soak, struct login *login);
void end_as_prelude(struct soak *soak, struct login *login);

/* By it another one of its user's. */
void end_sibling_by_kratos(struct soak *soak, struct login *login);
void end_sibling_by_rocketchat(struct soak *soak, struct login *login);
void end_sibling_by_prelude(struct soak *soak, struct login *login);

/* All of its user's, or all others. */
void end_others_by_kratos(struct soak *soak, struct login *login);
void end_many_by_prelude(struct soak *soak, struct login *login);
void end_many_by_native(struct soak *soak, struct login *login);
void remove_many(struct soak *soak, struct login *login);

#endif
