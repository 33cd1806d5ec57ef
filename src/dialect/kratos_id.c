#include "dialect/kratos_id.h"

/* The code of a failure that is all message; no other is spelled so. */
static const char refusal[] = "refusal";

enum err kratos_refuse(struct failure *failure, struct str message)
{
    failure->code = refusal;
    failure->text = message;
    return ERR_INVALID;
}

bool kratos_is_refusal(const struct failure *failure)
{
    return failure->code == refusal;
}

/* As Go's %q writes it, as far as a path can hold what it escapes. */
static struct str quoted(struct arena *arena, struct str text)
{
    char *out = arena_alloc(arena, 2 * text.len + 2);
    size_t len = 0;
    if (!out)
        return STR_NONE;
    out[len++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            out[len++] = '\\';
        out[len++] = text.ptr[i];
    }
    out[len++] = '"';
    return (struct str){out, len};
}

static enum err refuse_format(struct arena *arena, struct str text, struct failure *failure)
{
    return kratos_refuse(failure, arena_printf(arena, "uuid: incorrect UUID format in string %.*s",
                                               STR_ARG(quoted(arena, text))));
}

static bool is_braced(struct str text)
{
    return text.ptr[0] == '{' && text.ptr[text.len - 1] == '}';
}

/* Takes off what is around the digits. */
static enum err unwrap(struct arena *arena, struct str *text, struct failure *failure)
{
    static const struct str urn = STR("urn:uuid:");
    switch (text->len) {
    case 32:
    case 36:
        return ERR_OK;
    case 34:
    case 38:
        if (!is_braced(*text))
            return refuse_format(arena, *text, failure);
        *text = (struct str){text->ptr + 1, text->len - 2};
        return ERR_OK;
    case 41:
    case 45:
        if (!str_starts(*text, urn))
            return refuse_format(arena, (struct str){text->ptr, urn.len}, failure);
        *text = str_from(*text, urn.len);
        return ERR_OK;
    default:
        return kratos_refuse(failure,
                             arena_printf(arena, "uuid: incorrect UUID length %zu in string %.*s",
                                          text->len, STR_ARG(quoted(arena, *text))));
    }
}

static bool has_hyphens(struct str text)
{
    return text.ptr[8] == '-' && text.ptr[13] == '-' && text.ptr[18] == '-' && text.ptr[23] == '-';
}

/* Puts hyphens where they belong into 32 digits. */
static struct str hyphenated(struct arena *arena, struct str text)
{
    return arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", text.ptr, text.ptr + 8, text.ptr + 12,
                        text.ptr + 16, text.ptr + 20);
}

enum err kratos_id_read(struct arena *arena, struct str text, struct str *id,
                        struct failure *failure)
{
    struct uuid uuid;
    char *canonical = arena_alloc(arena, UUID_TEXT);
    enum err err = unwrap(arena, &text, failure);
    if (err != ERR_OK)
        return err;
    if (text.len == UUID_TEXT && !has_hyphens(text))
        return refuse_format(arena, text, failure);
    if (text.len != UUID_TEXT)
        text = hyphenated(arena, text);
    if (!canonical || !text.ptr)
        return ERR_MEMORY;
    if (!uuid_parse_text(text, &uuid))
        return kratos_refuse(failure, STR("uuid: invalid UUID format"));
    uuid_write(&uuid, canonical);
    *id = (struct str){canonical, UUID_TEXT};
    return ERR_OK;
}
