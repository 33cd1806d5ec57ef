#include "model/jws.h"

#include <jose/jws.h>

#include "base/base64.h"
#include "model/quiet.h"

bool jws_split(struct str text, size_t most, struct jws *jws)
{
    struct str rest;
    return text.len <= most && str_split(text, '.', &jws->header, &rest) &&
           str_split(rest, '.', &jws->payload, &jws->signature) && jws->header.len &&
           jws->payload.len && jws->signature.len &&
           !memchr(jws->signature.ptr, '.', jws->signature.len);
}

static bool decode(struct arena *arena, struct str part, struct str *bytes)
{
    size_t len = 0;
    char *out = arena_alloc(arena, part.len);
    bool decoded = out && base64url_decode(part, out, part.len, &len);
    *bytes = (struct str){out, len};
    return decoded;
}

json_t *jws_object(struct arena *arena, struct str part)
{
    struct str text;
    if (!decode(arena, part, &text))
        return NULL;
    json_t *object = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

bool jws_is_by(struct arena *arena, const struct jws *jws, const json_t *key)
{
    struct str signature;
    if (!decode(arena, jws->signature, &signature))
        return false;
    jose_cfg_auto_t *config = quiet_config();
    json_auto_t *flat = json_pack("{s:s%, s:s%, s:s%}", "protected", jws->header.ptr,
                                  jws->header.len, "payload", jws->payload.ptr, jws->payload.len,
                                  "signature", jws->signature.ptr, jws->signature.len);
    return config && flat && jose_jws_ver(config, flat, NULL, key, false);
}
