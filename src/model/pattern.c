#include "model/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"

/* What PCRE2 may take from one place a match might begin at: far more than an honest pattern needs
 * on texts of a few hundred bytes. It counts anew at the next place. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, HEAP_LIMIT_KIB = 1024 };

/* Steps all searches of a pattern may take together: a first amount, and so much more for every
 * byte they are given, that the whole stays in proportion to what is searched. */
enum { STEPS_AT_FIRST = 1000000, STEPS_PER_BYTE = 16 };

/* Texts of common length are first searched by machine code, in which no steps are counted: most
 * searches end long before this limit, and what does not is searched again, step by step. All
 * searches together have an end as well, looked at now and then. */
enum { QUICK_LIMIT = 1000, QUICK_BYTES = 512, SEARCHES_BETWEEN_LOOKS = 256 };
#define TIME_MOST_NS INT64_C(10000000000)

struct pattern {
    pcre2_code *code;  /* calls back at each step */
    pcre2_code *quick; /* or NULL */
    pcre2_match_context *limits, *quick_limits;
    pcre2_match_data *match;
    int64_t steps_left;
    size_t last; /* where in the text the last step was */
    uint64_t searches;
    int64_t begun_ns;
};

static void destroy(void *object)
{
    struct pattern *pattern = object;
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->limits);
    pcre2_match_context_free(pattern->quick_limits);
    pcre2_code_free(pattern->code);
    pcre2_code_free(pattern->quick);
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
    pcre2_set_match_limit(pattern->quick_limits, QUICK_LIMIT);
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
    uint32_t options = PCRE2_CASELESS | PCRE2_UTF |
                       (kind == PATTERN_LITERAL ? PCRE2_LITERAL : PCRE2_NEVER_BACKSLASH_C);
    uint32_t counted = options | (kind == PATTERN_LITERAL ? 0 : PCRE2_AUTO_CALLOUT);
    struct pattern *made = arena_alloc(arena, sizeof(*made));
    int error = 0;
    size_t at = 0;
    if (!made)
        return ERR_MEMORY;
    made->code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, counted, &error, &at, NULL);
    if (!made->code) {
        *why = message(arena, error, at);
        return ERR_INVALID;
    }
    made->limits = pcre2_match_context_create(NULL);
    made->quick_limits = pcre2_match_context_create(NULL);
    made->match = pcre2_match_data_create(1, NULL);
    if (!arena_adopt(arena, made, destroy) || !made->limits || !made->quick_limits || !made->match)
        return ERR_MEMORY;
    made->quick = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &error, &at, NULL);
    /* Where no memory may be both written and run, it is searched step by step. */
    if (made->quick && pcre2_jit_compile(made->quick, PCRE2_JIT_COMPLETE) != 0) {
        pcre2_code_free(made->quick);
        made->quick = NULL;
    }
    set_limits(made);
    *pattern = made;
    return ERR_OK;
}

/* What PCRE2's answer comes to. */
static enum err verdict(int count, bool *found)
{
    *found = count >= 0;
    if (count >= 0 || count == PCRE2_ERROR_NOMATCH)
        return ERR_OK;
    /* Texts are checked on their way in; one that is not UTF-8 all the same matches nothing. */
    if (count <= PCRE2_ERROR_UTF8_ERR1 && count >= PCRE2_ERROR_UTF8_ERR21)
        return ERR_OK;
    return count == PCRE2_ERROR_NOMEMORY ? ERR_MEMORY : ERR_RUNAWAY;
}

static PCRE2_SPTR bytes_of(struct str subject)
{
    return (PCRE2_SPTR)(subject.ptr ? subject.ptr : "");
}

static int search_by_steps(struct pattern *pattern, struct str subject, uint32_t options)
{
    pattern->steps_left += (int64_t)subject.len * STEPS_PER_BYTE;
    pattern->last = 0;
    return pcre2_match(pattern->code, bytes_of(subject), subject.len, 0, options, pattern->match,
                       pattern->limits);
}

static bool takes_too_long(struct pattern *pattern)
{
    if (pattern->searches++ % SEARCHES_BETWEEN_LOOKS != 0)
        return false;
    int64_t now = clock_monotonic_ns();
    if (pattern->begun_ns == 0)
        pattern->begun_ns = now;
    return now - pattern->begun_ns > TIME_MOST_NS;
}

enum err pattern_search(struct pattern *pattern, struct str subject, bool *found)
{
    *found = false;
    if (takes_too_long(pattern))
        return ERR_RUNAWAY;
    enum err err = ERR_RUNAWAY;
    if (pattern->quick && subject.len <= QUICK_BYTES)
        err = verdict(pcre2_match(pattern->quick, bytes_of(subject), subject.len, 0, 0,
                                  pattern->match, pattern->quick_limits),
                      found);
    return err == ERR_RUNAWAY ? verdict(search_by_steps(pattern, subject, 0), found) : err;
}

enum err pattern_search_beginning(struct pattern *pattern, struct str beginning, bool *found)
{
    int count = search_by_steps(pattern, beginning, PCRE2_PARTIAL_HARD);
    return verdict(count == PCRE2_ERROR_PARTIAL ? PCRE2_ERROR_NOMATCH : count, found);
}
