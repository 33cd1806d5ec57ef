/* What User-Agent and address tell: uap-core's own test cases, as its package has them, and a small
 * database in MaxMind's format, made here. */
#include "enrich/enrich.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaml.h>

#include "enrich/geo.h"
#include "enrich/user_agent.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(enrich);

#define RULES "/usr/share/uap-core/regexes.yaml"
#define CASES "/usr/share/uap-core/tests/"

enum { ARENA_BYTES = 8 * 1024 * 1024, MEMBERS = 8 };

/* ---- uap-core's cases: a list of mappings ---- */

struct trial {
    struct user_agents *agents;
    struct arena *arena;
    enum rule_kind kind;
    const char *const *expected; /* the names of the parts in a case */
    char *names[MEMBERS], *values[MEMBERS];
    size_t count;
    size_t tried, failed;
};

static const char *member(const struct trial *trial, const char *name)
{
    for (size_t i = 0; i < trial->count; i++)
        if (strcmp(trial->names[i], name) == 0)
            return trial->values[i];
    return "";
}

/* "Other" and nothing at all mean the same. */
static bool is_said(struct str part, const char *expected)
{
    bool nothing = !*expected || strcmp(expected, "Other") == 0;
    return nothing ? part.len == 0 || str_eq(part, STR("Other")) : str_eq(part, str_of(expected));
}

static void try_case(struct trial *trial)
{
    struct str parts[PART_COUNT];
    const char *header = member(trial, "user_agent_string");
    if (!*header)
        return;
    trial->tried++;
    cr_assert(user_agent_parse(trial->agents, trial->arena, trial->kind, str_of(header), parts));
    for (int part = 0; part < PART_COUNT && trial->expected[part]; part++) {
        const char *expected = member(trial, trial->expected[part]);
        if (is_said(parts[part], expected))
            continue;
        trial->failed++;
        cr_log_warn("%s: %s is \"%.*s\", not \"%s\"", header, trial->expected[part],
                    STR_ARG(parts[part]), expected);
        break;
    }
    arena_reset(trial->arena);
}

static void forget(struct trial *trial)
{
    for (size_t i = 0; i < trial->count; i++) {
        free(trial->names[i]);
        free(trial->values[i]);
    }
    trial->count = 0;
}

static void take_text(struct trial *trial, const yaml_event_t *event, bool *is_value)
{
    char *text = strdup((const char *)event->data.scalar.value);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (*is_value && plain && strcmp(text, "null") == 0)
        *text = '\0';
    if (*is_value)
        trial->values[trial->count++] = text;
    else
        trial->names[trial->count] = text;
    *is_value = !*is_value;
}

static void try_file(struct trial *trial, const char *path)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool ended = false, is_value = false, in_case = false;
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s is missing (Debian: uap-core)", path);
    cr_assert(yaml_parser_initialize(&parser));
    yaml_parser_set_input_file(&parser, file);
    for (int depth = 0; !ended; yaml_event_delete(&event)) {
        cr_assert(yaml_parser_parse(&parser, &event));
        ended = event.type == YAML_STREAM_END_EVENT;
        if (event.type == YAML_MAPPING_START_EVENT) {
            in_case = ++depth == 2;
            is_value = false;
        } else if (event.type == YAML_MAPPING_END_EVENT) {
            depth--;
            if (in_case)
                try_case(trial);
            forget(trial);
            in_case = false;
        } else if (event.type == YAML_SCALAR_EVENT && in_case) {
            take_text(trial, &event, &is_value);
        }
    }
    yaml_parser_delete(&parser);
    fclose(file);
}

static struct user_agents *load(void)
{
    struct user_agents *agents;
    cr_assert_eq(user_agents_load(RULES, &agents), ERR_OK, RULES " (Debian: uap-core)");
    return agents;
}

static void try_all(enum rule_kind kind, const char *path, const char *const *expected)
{
    struct trial trial = {
        .agents = load(), .arena = arena_new(ARENA_BYTES), .kind = kind, .expected = expected};
    try_file(&trial, path);
    cr_expect_eq(trial.failed, 0, "%s: %zu of %zu", path, trial.failed, trial.tried);
    cr_expect_gt(trial.tried, 100);
    arena_free(trial.arena);
    user_agents_free(trial.agents);
}

Test(enrich, browsers_are_what_uap_core_says)
{
    static const char *const parts[PART_COUNT] = {"family", "major", "minor", "patch"};
    try_all(RULE_BROWSER, CASES "test_ua.yaml", parts);
}

Test(enrich, systems_are_what_uap_core_says)
{
    static const char *const parts[PART_COUNT] = {"family", "major", "minor", "patch"};
    try_all(RULE_OS, CASES "test_os.yaml", parts);
}

Test(enrich, devices_are_what_uap_core_says)
{
    static const char *const parts[PART_COUNT] = {"family", "brand", "model", NULL};
    try_all(RULE_DEVICE, CASES "test_device.yaml", parts);
}

/* ---- filling in ---- */

static void expect_text(const struct session_draft *draft, enum session_text text,
                        const char *expected)
{
    cr_expect(str_eq(draft->texts[text], str_of(expected)), "text %d is \"%.*s\", not \"%s\"", text,
              STR_ARG(draft->texts[text]), expected);
}

Test(enrich, a_draft_is_filled_in_where_nothing_was_said)
{
    struct enrich enrich = {.user_agents_path = RULES};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct session_draft draft;
    session_draft_begin(&draft);
    draft.texts[TEXT_USER_AGENT] =
        STR("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1");
    draft.texts[TEXT_OS_NAME] = STR("mine");
    cr_assert_eq(enrich_fill(&enrich, arena, &draft), ERR_OK);
    expect_text(&draft, TEXT_DEVICE_TYPE, "mobile");
    expect_text(&draft, TEXT_DEVICE_MODEL, "iPhone");
    expect_text(&draft, TEXT_DEVICE_NAME, "Mobile Safari");
    expect_text(&draft, TEXT_DEVICE_VERSION, "17.4");
    expect_text(&draft, TEXT_DEVICE_LONG_VERSION, "17.4.1");
    expect_text(&draft, TEXT_OS_NAME, "mine");
    expect_text(&draft, TEXT_OS_VERSION, "17.4");
    expect_text(&draft, TEXT_COUNTRY_CODE, "");
    enrich_end(&enrich);
    arena_free(arena);
}

Test(enrich, types_of_device)
{
    static const struct {
        const char *header, *type;
    } cases[] = {
        {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:120.0) Gecko/20100101 Firefox/120.0",
         "browser"},
        {"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/120.0.0.0 Mobile Safari/537.36",
         "mobile"},
        {"Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/120.0.0.0 Safari/537.36",
         "tablet"},
        {"RC Mobile; ios 17.4; v4.35.1 (42000)", "mobile-app"},
        {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Rocket.Chat/3.9.8 Chrome/112.0 "
         "Electron/24.1.2 Safari/537.36",
         "desktop-app"},
        {"nonsense", ""},
    };
    struct enrich enrich = {.user_agents_path = RULES};
    struct arena *arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct session_draft draft;
        session_draft_begin(&draft);
        draft.texts[TEXT_USER_AGENT] = str_of(cases[i].header);
        cr_assert_eq(enrich_fill(&enrich, arena, &draft), ERR_OK);
        expect_text(&draft, TEXT_DEVICE_TYPE, cases[i].type);
    }
    enrich_end(&enrich);
    arena_free(arena);
}

Test(enrich, without_files_nothing_is_filled_in)
{
    struct enrich enrich = {.user_agents_path = "/nowhere.yaml", .geo_path = "/nowhere.mmdb"};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct session_draft draft;
    session_draft_begin(&draft);
    draft.texts[TEXT_USER_AGENT] = STR("Mozilla/5.0");
    draft.texts[TEXT_IP] = STR("203.0.113.7");
    cr_assert_eq(enrich_fill(&enrich, arena, &draft), ERR_OK);
    expect_text(&draft, TEXT_DEVICE_NAME, "");
    expect_text(&draft, TEXT_COUNTRY_CODE, "");
    enrich_end(&enrich);
    arena_free(arena);
}

Test(enrich, rules_that_are_none_are_refused)
{
    char *dir = scratch_dir(), path[512];
    struct user_agents *agents;
    static const char *const texts[] = {"", "a: [", "user_agent_parsers: none", "\xFF\xFE",
                                        "[1, 2]"};
    snprintf(path, sizeof(path), "%s/rules.yaml", dir);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        FILE *file = fopen(path, "wb");
        fputs(texts[i], file);
        fclose(file);
        cr_expect_eq(user_agents_load(path, &agents), ERR_INVALID, "%s", texts[i]);
    }
    cr_expect_eq(user_agents_load(dir, &agents), ERR_INVALID);
    scratch_remove(dir);
}

/* ---- countries ---- */

/* MaxMind DB format 2.0: a tree of one node for each of the first 24 bits of 203.0.113.0/24, whose
 * last leads to the one record there is; then the data, then what it says of itself. */
static void write_database(const char *path)
{
    static const uint8_t data[] = "\xE1\x47"
                                  "country\xE1\x48"
                                  "iso_code\x42"
                                  "AU";
    static const uint8_t metadata[] = "\xAB\xCD\xEF"
                                      "MaxMind.com"
                                      "\xE9"
                                      "\x5B"
                                      "binary_format_major_version\xA1\x02"
                                      "\x5B"
                                      "binary_format_minor_version\xA0"
                                      "\x4B"
                                      "build_epoch\x04\x02\x00\x00\x00\x01"
                                      "\x4D"
                                      "database_type\x44"
                                      "Test"
                                      "\x4B"
                                      "description\xE0"
                                      "\x4A"
                                      "ip_version\xA1\x04"
                                      "\x49"
                                      "languages\x00\x04"
                                      "\x4A"
                                      "node_count\xC1\x18"
                                      "\x4B"
                                      "record_size\xA1\x18";
    enum { NODES = 24, RECORD_BYTES = 3 };
    const uint32_t network = 203U << 16 | 0U << 8 | 113U;
    FILE *file = fopen(path, "wb");
    for (uint32_t node = 0; node < NODES; node++) {
        uint32_t next = node + 1 < NODES ? node + 1 : NODES + 16, records[2] = {NODES, NODES};
        records[network >> (NODES - 1 - node) & 1] = next;
        for (int side = 0; side < 2; side++)
            for (int shift = 8 * (RECORD_BYTES - 1); shift >= 0; shift -= 8)
                fputc((int)(records[side] >> shift & 0xFF), file);
    }
    for (int i = 0; i < 16; i++)
        fputc(0, file);
    fwrite(data, 1, sizeof(data) - 1, file);
    fwrite(metadata, 1, sizeof(metadata) - 1, file);
    fclose(file);
}

Test(enrich, countries_by_address)
{
    char *dir = scratch_dir(), path[512], code[2];
    struct geo *geo;
    snprintf(path, sizeof(path), "%s/countries.mmdb", dir);
    write_database(path);
    cr_assert_eq(geo_open(path, &geo), ERR_OK);
    cr_assert(geo_country(geo, STR("203.0.113.7"), code));
    cr_assert(memcmp(code, "AU", 2) == 0);
    cr_expect_not(geo_country(geo, STR("203.0.114.7"), code));
    cr_expect_not(geo_country(geo, STR("no address"), code));
    cr_expect_not(geo_country(geo, STR(""), code));
    cr_expect_not(geo_country(geo, STR("203.0.113.7; drop"), code));
    geo_close(geo);
    scratch_remove(dir);
}

Test(enrich, a_file_that_is_no_database_is_refused)
{
    char *dir = scratch_dir(), path[512];
    struct geo *geo;
    snprintf(path, sizeof(path), "%s/none.mmdb", dir);
    cr_expect_eq(geo_open(path, &geo), ERR_NOT_FOUND);
    FILE *file = fopen(path, "wb");
    fputs("nothing of the kind", file);
    fclose(file);
    cr_expect_eq(geo_open(path, &geo), ERR_INVALID);
    scratch_remove(dir);
}
