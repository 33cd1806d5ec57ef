#include "ctl/fresh_key.h"

#include <stdio.h>

const int fresh_uses[FRESH_COUNT] = {VENDOR_PRELUDE, VENDOR_CORBADO, VENDOR_STREAMBIRD, KEY_ADMIN};

/* What the vendor's clients look for at the beginning of a key. */
static const char *prefix_of(int use)
{
    switch (use) {
    case VENDOR_PRELUDE:
        return "prelude_";
    case VENDOR_CORBADO:
        return "corbado1_";
    case VENDOR_STREAMBIRD:
        return "sk_live_";
    default:
        return "rk_";
    }
}

void fresh_key_make(int use, struct fresh_key *made)
{
    char secret[SECRET_TEXT];
    secret_make(secret);
    snprintf(made->text, sizeof(made->text), "%s%.*s", prefix_of(use), SECRET_TEXT, secret);
    made->key.use = use;
    secret_hash(str_of(made->text), made->key.hash);
    secret_wipe(secret, sizeof(secret));
}

void fresh_key_print(const struct app *app, const struct fresh_key *made)
{
    struct str account = app_account(app, made->key.use);
    printf("%-11s%.*s%s%s\n", key_use_name(made->key.use), STR_ARG(account), account.len ? ":" : "",
           made->text);
}
