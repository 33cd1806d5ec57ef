/* User-Agent headers, as uap-core's rules tell them. */
#include "enrich/user_agent.h"

#include "fuzz/fuzz.h"

#define RULES "/usr/share/uap-core/regexes.yaml"

enum { ARENA_BYTES = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena *arena;
    static struct user_agents *agents;
    struct str parts[PART_COUNT];
    arena = arena ? arena : arena_new(ARENA_BYTES);
    if (!agents)
        MUST_HOLD(user_agents_load(RULES, &agents) == ERR_OK, "no %s", RULES);
    for (int kind = 0; kind < RULE_KIND_COUNT; kind++)
        MUST_HOLD(
            user_agent_parse(agents, arena, (enum rule_kind)kind, fuzz_input(data, size), parts),
            "out of memory");
    arena_reset(arena);
    return 0;
}
