#include "doc/mdoc.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* `before` is what stands before the byte, 0 at the beginning of a line; `option` says whether it
 * is in a word like "--app", whose signs are no hyphens. */
static void put(FILE *out, char before, char byte, bool option)
{
    if (!before && (byte == '.' || byte == '\''))
        fputs("\\&", out);
    if (byte == '\\')
        fputs("\\e", out);
    else if (byte == '-' && option)
        fputs("\\-", out);
    else
        fputc(byte, out);
}

static bool ends_sentence(const char *text, const char *at)
{
    bool stop = at > text && (at[-1] == '.' || (at[-1] == '`' && at - text > 1 && at[-2] == '.'));
    return *at == '\v' ||
           (*at == ' ' && stop &&
            (isupper((unsigned char)at[1]) || isdigit((unsigned char)at[1]) || at[1] == '`'));
}

void mdoc_text(FILE *out, const char *text)
{
    char before = 0, last = 0;
    bool option = false, code = false;
    for (const char *at = text; *at; at++) {
        if (ends_sentence(text, at)) {
            fputs(*at == '\v' && last != '.' ? ".\n" : "\n", out);
            before = 0;
            continue;
        }
        option = *at == '-' ? option || !isalnum((unsigned char)before)
                            : option && (isalnum((unsigned char)*at) || *at == '_');
        if (*at == '`')
            fputs((code = !code) ? "\\fB" : "\\fP", out);
        else
            put(out, before, at == text ? (char)toupper((unsigned char)*at) : *at, option || code);
        before = last = *at;
    }
    fputs(last == '.' ? "\n" : ".\n", out);
}

void mdoc_word(FILE *out, const char *word)
{
    /* What could be taken for a macro, or for a sign of punctuation, is none. */
    if (strlen(word) < 4)
        fputs("\\&", out);
    for (char before = ' '; *word; before = *word++) {
        if (*word == '"')
            fputs("\\(dq", out);
        else if (*word == ' ')
            fputs("\\ ", out);
        else
            put(out, before, *word, true);
    }
}
