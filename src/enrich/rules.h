/* The rules by which uap-core (https://github.com/ua-parser/uap-core) tells browsers, operating
 * systems and devices from a User-Agent header: one YAML file, as Debian's package of that name
 * has it, read as its specification says. */
#ifndef ROLLCALL_ENRICH_RULES_H
#define ROLLCALL_ENRICH_RULES_H

#include "base/arena.h"
#include "base/err.h"

enum rule_kind { RULE_BROWSER, RULE_OS, RULE_DEVICE, RULE_KIND_COUNT };

/* What a rule says of a match: up to four versions' parts after the name for the first two kinds,
 * name, brand and model for a device. */
enum { PART_NAME, PART_FIRST, PART_SECOND, PART_THIRD, PART_COUNT };

struct rule {
    struct str regex;
    bool any_case;
    struct str replacements[PART_COUNT]; /* may hold $1 to $9; empty: the group of that number */
    void *code; /* compiled when it is first tried; NULL before, and when it cannot be */
    bool tried;
};

struct rules {
    struct rule *lists[RULE_KIND_COUNT];
    size_t counts[RULE_KIND_COUNT];
};

/* Reads the file; what is read is the arena's. ERR_NOT_FOUND: no such file; ERR_INVALID: it is no
 * such YAML; ERR_MEMORY. */
enum err rules_load(struct arena *arena, const char *path, struct rules *rules) MUST_CHECK;

#endif
