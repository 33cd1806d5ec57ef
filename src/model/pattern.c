#include "model/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* What PCRE2 may take from one place a match might begin at: far more than an honest pattern needs
 * on texts of a few hundred bytes. It counts anew at the next place. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 1024 };

/* Steps all searches of a pattern may take together: a first amount, and so much more for every
 * byte they are given, that the whole stays in proportion to what is searched. */
enum { STEPS_AT_FIRST = 1000000, STEPS_PER_BYTE = 16 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *match;
    int64_t steps_left;
    size_t last; /* where in the text the last step was */
};

static void destroy(void *object)
{
    struct pattern *pattern = object;
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->limits);
    pcre2_code_free(pattern->code);
}

/* PCRE2 calls before each item of the pattern. A run over many bytes counts as as many steps. */
static int count_steps(pcre2_callout_block *block, void *context)
{
    struct pattern *pattern = context;
    size_t at = block->current_position;
    pattern->steps_left -=
        1 + (int64_t)(at > pattern->last ? at - pattern->last : pattern->last - at);
    pattern->last = at;
    return pattern->steps_left < 0 ? PCRE2_ERROR_CALLOUT : 0;
}

static void set_limits(struct pattern *pattern)
{
    pcre2_match_context *limits = pattern->limits;
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    pcre2_set_callout(limits, count_steps, pattern);
    pattern->steps_left = STEPS_AT_FIRST;
}

static struct str message(struct arena *arena, int error, size_t at)
{
    PCRE2_UCHAR text[256];
    if (pcre2_get_error_message(error, text, sizeof(text)) < 0)
        text[0] = '\0';
    return arena_printf(arena, "%s at byte %zu", (const char *)text, at);
}

enum err pattern_compile(struct arena *arena, struct str text, enum pattern_kind kind,
                         struct pattern **pattern, struct str *why)
{
    if (text.len > PATTERN_MAX) {
        *why = arena_printf(arena, "longer than %d bytes", PATTERN_MAX);
        return ERR_INVALID;
    }
    uint32_t options =
        PCRE2_CASELESS | PCRE2_UTF |
        (kind == PATTERN_LITERAL ? PCRE2_LITERAL : PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT);
    struct pattern *made = arena_alloc(arena, sizeof(*made));
    int error = 0;
    size_t at = 0;
    if (!made)
        return ERR_MEMORY;
    made->code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &error, &at, NULL);
    if (!made->code) {
        *why = message(arena, error, at);
        return ERR_INVALID;
    }
    made->limits = pcre2_match_context_create(NULL);
    made->match = pcre2_match_data_create(1, NULL);
    if (!arena_adopt(arena, made, destroy) || !made->limits || !made->match)
        return ERR_MEMORY;
    set_limits(made);
    *pattern = made;
    return ERR_OK;
}

enum err pattern_search(struct pattern *pattern, struct str subject, bool *found)
{
    pattern->steps_left += (int64_t)subject.len * STEPS_PER_BYTE;
    pattern->last = 0;
    int count = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.ptr ? subject.ptr : ""),
                            subject.len, 0, 0, pattern->match, pattern->limits);
    *found = count >= 0;
    if (count >= 0 || count == PCRE2_ERROR_NOMATCH)
        return ERR_OK;
    /* Texts are checked on their way in; one that is not UTF-8 all the same matches nothing. */
    if (count <= PCRE2_ERROR_UTF8_ERR1 && count >= PCRE2_ERROR_UTF8_ERR21)
        return ERR_OK;
    return count == PCRE2_ERROR_NOMEMORY ? ERR_MEMORY : ERR_RUNAWAY;
}
