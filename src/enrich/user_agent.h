/* What a User-Agent header says of browser, operating system and device. */
#ifndef ROLLCALL_ENRICH_USER_AGENT_H
#define ROLLCALL_ENRICH_USER_AGENT_H

#include "enrich/rules.h"

struct user_agents;

/* Reads the rules at `path`. The caller owns *agents and ends it with user_agents_free. Errors as
 * of rules_load. */
enum err user_agents_load(const char *path, struct user_agents **agents) MUST_CHECK;
void user_agents_free(struct user_agents *agents);

/* The parts of the first rule of that kind that matches, as its replacements say; all empty when
 * none does ("Other" in uap-core's words). The arena's. False when out of memory. */
bool user_agent_parse(struct user_agents *agents, struct arena *arena, enum rule_kind kind,
                      struct str header, struct str *parts) MUST_CHECK;

#endif
