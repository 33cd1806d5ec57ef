#include "enrich/user_agent.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"

/* Rules have nine groups at most. A header that takes a rule more steps of matching than that, from
 * one place in it, is looked at no further. */
enum { GROUPS_MAX = 10, MATCH_LIMIT = 100000, MEMORY_MAX = 32 * 1024 * 1024 };

struct user_agents {
    struct arena *arena;
    struct rules rules;
    pcre2_match_data *match;
    pcre2_match_context *context;
};

static bool make_matching(struct user_agents *agents)
{
    agents->match = pcre2_match_data_create(GROUPS_MAX, NULL);
    agents->context = pcre2_match_context_create(NULL);
    if (!agents->match || !agents->context)
        return false;
    pcre2_set_match_limit(agents->context, MATCH_LIMIT);
    return true;
}

enum err user_agents_load(const char *path, struct user_agents **agents)
{
    struct user_agents *loaded = calloc(1, sizeof(*loaded));
    enum err err = loaded ? ERR_OK : ERR_MEMORY;
    if (loaded)
        loaded->arena = arena_new(MEMORY_MAX);
    if (loaded && (!loaded->arena || !make_matching(loaded)))
        err = ERR_MEMORY;
    if (err == ERR_OK)
        err = rules_load(loaded->arena, path, &loaded->rules);
    if (err == ERR_OK)
        *agents = loaded;
    else
        user_agents_free(loaded);
    return err;
}

void user_agents_free(struct user_agents *agents)
{
    if (!agents)
        return;
    for (int kind = 0; kind < RULE_KIND_COUNT; kind++)
        for (size_t i = 0; i < agents->rules.counts[kind]; i++)
            pcre2_code_free(agents->rules.lists[kind][i].code);
    pcre2_match_data_free(agents->match);
    pcre2_match_context_free(agents->context);
    arena_free(agents->arena);
    free(agents);
}

/* Most rules are never come to: each is compiled when it is first tried. */
static const pcre2_code *code_of(struct rule *rule)
{
    int code;
    PCRE2_SIZE at;
    if (rule->tried)
        return rule->code;
    rule->tried = true;
    rule->code = pcre2_compile((PCRE2_SPTR)rule->regex.ptr, rule->regex.len,
                               rule->any_case ? PCRE2_CASELESS : 0, &code, &at, NULL);
    if (!rule->code)
        log_warn("user agents: a rule that is no pattern: %.*s", STR_ARG(rule->regex));
    return rule->code;
}

/* A match: the header and where its groups lie. */
struct matched {
    struct str header;
    const PCRE2_SIZE *ends;
    int groups;
};

static struct str group_of(const struct matched *matched, int group)
{
    if (group >= matched->groups || matched->ends[2 * group] == PCRE2_UNSET)
        return STR_NONE;
    PCRE2_SIZE begin = matched->ends[2 * group], end = matched->ends[2 * group + 1];
    return (struct str){matched->header.ptr + begin, end - begin};
}

/* Fills in $1 to $9; blanks at either end go. */
static bool replace(struct arena *arena, const struct matched *matched, struct str template,
                    struct str *out)
{
    struct buf text = {0};
    for (size_t i = 0; i < template.len; i++) {
        char c = template.ptr[i], next = i + 1 < template.len ? template.ptr[i + 1] : '\0';
        if (c == '$' && next >= '1' && next <= '9') {
            buf_str(&text, group_of(matched, next - '0'));
            i++;
        } else {
            buf_byte(&text, c);
        }
    }
    *out = text.failed ? STR_NONE : arena_copy(arena, str_trim(buf_view(&text)));
    buf_free(&text);
    return out->ptr != NULL;
}

static bool fill(struct arena *arena, const struct rule *rule, enum rule_kind kind,
                 const struct matched *matched, struct str *parts)
{
    /* Which group stands for a part that has no replacement; a device's brand has none. */
    static const int groups[RULE_KIND_COUNT][PART_COUNT] = {
        {1, 2, 3, 4}, {1, 2, 3, 4}, {1, 0, 1, 0}};
    for (int part = 0; part < PART_COUNT; part++) {
        int group = groups[kind][part];
        struct str template = rule->replacements[part];
        struct str text = group ? str_trim(group_of(matched, group)) : STR_NONE;
        parts[part] = text.len ? arena_copy(arena, text) : STR_NONE;
        if (text.len && !parts[part].ptr)
            return false;
        if (template.len && !replace(arena, matched, template, &parts[part]))
            return false;
    }
    return true;
}

bool user_agent_parse(struct user_agents *agents, struct arena *arena, enum rule_kind kind,
                      struct str header, struct str *parts)
{
    struct rules *rules = &agents->rules;
    memset(parts, 0, PART_COUNT * sizeof(*parts));
    for (size_t i = 0; header.len && i < rules->counts[kind]; i++) {
        struct rule *rule = &rules->lists[kind][i];
        const pcre2_code *code = code_of(rule);
        int groups = code ? pcre2_match(code, (PCRE2_SPTR)header.ptr, header.len, 0, 0,
                                        agents->match, agents->context)
                          : -1;
        if (groups == PCRE2_ERROR_MATCHLIMIT)
            return true;
        if (groups < 0)
            continue;
        struct matched matched = {header, pcre2_get_ovector_pointer(agents->match),
                                  groups ? groups : GROUPS_MAX};
        return fill(arena, rule, kind, &matched, parts);
    }
    return true;
}
