#include "dialect/openapi.h"

/* The file's own bytes, put into this object by the assembler: nothing is generated, and nothing
 * has to be found when the program runs. OPENAPI_FILE is the file's path, from the Makefile. */
__asm__(".section .rodata\n"
        ".balign 4\n"
        "openapi_length:\n"
        ".long openapi_end - openapi_bytes\n"
        "openapi_bytes:\n"
        ".incbin \"" OPENAPI_FILE "\"\n"
        "openapi_end:\n"
        ".previous\n");
extern const uint32_t openapi_length;
extern const char openapi_bytes[];

void openapi_who(const struct request *request, struct credential *credential)
{
    (void)request;
    credential->kind = CREDENTIAL_NOBODY;
}

enum err openapi_want(const struct request *request, const struct caller *caller, struct wish *wish,
                      struct failure *failure)
{
    (void)request, (void)caller, (void)failure;
    wish->verb = VERB_NOTHING;
    return ERR_OK;
}

void openapi_show(const struct request *request, const struct answer *answer, struct reply *reply)
{
    (void)request, (void)answer;
    struct json_out json = reply_json(reply);
    json_raw(&json, (struct str){openapi_bytes, openapi_length});
}
