/* Random questions about a world. */
#ifndef ROLLCALL_TESTS_QUESTIONS_H
#define ROLLCALL_TESTS_QUESTIONS_H

#include "world.h"

/* Corbado asks an app for conditions on fields and one order, Rocket.Chat one user's for a pattern
 * and several orders, the plain ones for the newest; anybody may ask anything. */
enum kind { KIND_CORBADO, KIND_ROCKETCHAT, KIND_PLAIN, KIND_ANY, KIND_COUNT };

/* The pattern is for the caller to compile, the user's number to look up. */
void question_draw(struct question *question, const struct world *world, enum kind kind);

/* Parts of one. */
void question_draw_conditions(struct question *question, const struct world *world, size_t count);
void question_draw_orders(struct query *query, size_t count);
void question_draw_pattern(struct question *question);
int64_t question_draw_now(const struct world *world, size_t app);

/* Every kind of condition there is, with bounds that the session at hand has in that app's world;
 * how many. */
enum { SHAPES = 36 };
size_t question_shapes(const struct held *held, const struct question *question,
                       struct condition shapes[SHAPES]);

#endif
