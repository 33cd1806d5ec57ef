/* Stands in for the one that makes an app's signing key, which takes longer than all else a request
 * does: a program that links this is linked with -Wl,--wrap=jwk_generate (see tests.am). The keys
 * of tests/golden/keys.jsonl, one after another. */
#include "support/known_keys.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "support/files.h"

enum err __wrap_jwk_generate(struct buf *jwk, struct buf *kid);

static struct str rest;
static char *text;

void known_keys_begin(void)
{
    rest = str_of(text);
}

static struct str next_line(void)
{
    char path[1024];
    struct str line;
    snprintf(path, sizeof(path), "%s/keys.jsonl", golden_folder());
    if (!text) {
        text = file_read(path);
        rest = str_of(text);
    }
    str_split(rest, '\n', &line, &rest);
    if (line.len == 0) {
        fprintf(stderr, "%s: not there, or more apps than keys\n", path);
        abort();
    }
    return line;
}

enum err __wrap_jwk_generate(struct buf *jwk, struct buf *kid)
{
    struct str line = next_line();
    json_t *key = json_loadb(line.ptr, line.len, 0, NULL);
    buf_str(jwk, line);
    buf_str(kid, str_of(json_string_value(json_object_get(key, "kid"))));
    json_decref(key);
    return ERR_OK;
}
