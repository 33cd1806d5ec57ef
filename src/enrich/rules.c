#include "enrich/rules.h"

#include <stdio.h>
#include <yaml.h>

enum { RULES_MAX = 8192 };

static const char *const list_names[RULE_KIND_COUNT] = {"user_agent_parsers", "os_parsers",
                                                        "device_parsers"};
static const char *const part_names[RULE_KIND_COUNT][PART_COUNT] = {
    {"family_replacement", "v1_replacement", "v2_replacement", "v3_replacement"},
    {"os_replacement", "os_v1_replacement", "os_v2_replacement", "os_v3_replacement"},
    {"device_replacement", "brand_replacement", "model_replacement", ""},
};

/* The file as it is walked through: lists of mappings of texts, and nothing else. */
struct reading {
    struct arena *arena;
    struct rules *rules;
    int depth;
    int kind;         /* of the list at hand; RULE_KIND_COUNT: one nobody asks for */
    struct rule rule; /* at hand */
    struct str key;   /* whose value comes next; empty when a key does */
};

static void set_member(struct reading *reading, struct str value)
{
    struct str key = reading->key;
    if (str_eq(key, STR("regex")))
        reading->rule.regex = value;
    else if (str_eq(key, STR("regex_flag")))
        reading->rule.any_case = str_eq(value, STR("i"));
    for (int part = 0; part < PART_COUNT; part++)
        if (str_eq(key, str_of(part_names[reading->kind][part])))
            reading->rule.replacements[part] = value;
}

static enum err take_scalar(struct reading *reading, const yaml_event_t *event)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    text = arena_copy(reading->arena, text);
    if (!text.ptr)
        return ERR_MEMORY;
    bool is_key = reading->key.len == 0;
    if (reading->depth == 1 && is_key) {
        reading->kind = 0;
        while (reading->kind < RULE_KIND_COUNT && !str_eq(text, str_of(list_names[reading->kind])))
            reading->kind++;
        return ERR_OK;
    }
    if (reading->depth != 3 || reading->kind == RULE_KIND_COUNT)
        return ERR_OK;
    if (!is_key)
        set_member(reading, text);
    reading->key = is_key ? text : STR_NONE;
    return ERR_OK;
}

static enum err end_rule(struct reading *reading)
{
    if (reading->kind == RULE_KIND_COUNT || reading->rule.regex.len == 0)
        return ERR_OK;
    size_t *count = &reading->rules->counts[reading->kind];
    if (*count == RULES_MAX)
        return ERR_INVALID;
    reading->rules->lists[reading->kind][(*count)++] = reading->rule;
    return ERR_OK;
}

static enum err take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        reading->rule = (struct rule){.any_case = false};
        reading->key = STR_NONE;
        reading->depth++;
        return ERR_OK;
    case YAML_SEQUENCE_START_EVENT:
        reading->depth++;
        return ERR_OK;
    case YAML_MAPPING_END_EVENT:
        return reading->depth-- == 3 ? end_rule(reading) : ERR_OK;
    case YAML_SEQUENCE_END_EVENT:
        reading->depth--;
        return ERR_OK;
    case YAML_SCALAR_EVENT:
        return take_scalar(reading, event);
    default:
        return ERR_OK;
    }
}

static enum err read_events(struct reading *reading, yaml_parser_t *parser)
{
    enum err err = ERR_OK;
    bool ended = false;
    while (err == ERR_OK && !ended) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return ERR_INVALID;
        ended = event.type == YAML_STREAM_END_EVENT;
        err = take_event(reading, &event);
        yaml_event_delete(&event);
    }
    return err;
}

static enum err read_file(struct reading *reading, FILE *file)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return ERR_MEMORY;
    yaml_parser_set_input_file(&parser, file);
    enum err err = read_events(reading, &parser);
    yaml_parser_delete(&parser);
    return err;
}

enum err rules_load(struct arena *arena, const char *path, struct rules *rules)
{
    struct reading reading = {.arena = arena, .rules = rules, .kind = RULE_KIND_COUNT};
    *rules = (struct rules){.counts = {0}};
    for (int kind = 0; kind < RULE_KIND_COUNT; kind++) {
        rules->lists[kind] = arena_array(arena, RULES_MAX, sizeof(struct rule));
        if (!rules->lists[kind])
            return ERR_MEMORY;
    }
    FILE *file = fopen(path, "rb");
    if (!file)
        return ERR_NOT_FOUND;
    enum err err = read_file(&reading, file);
    fclose(file);
    return err == ERR_OK && rules->counts[RULE_BROWSER] == 0 ? ERR_INVALID : err;
}
