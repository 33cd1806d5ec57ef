#include "doc/program.h"

#include <stdlib.h>

#include "ctl/fresh_key.h"
#include "doc/text.h"
#include "model/session.h"
#include "serve/arguments.h"

static const struct command rollcalld = {.name = "rollcalld", .argp = &rollcalld_argp};

static const struct argp_option none[] = {{0}};
const struct argp_option program_help[] = {
    {"help", '?', NULL, 0, "Say how it is used", 0},
    {"usage", 0x100, NULL, 0, "Say so in short", 0},
    {"version", 'V', NULL, 0, "Print the version", 0},
    {0},
};

/* ---- commands ---- */

static const struct command *find_in(const struct command *command, struct str name)
{
    struct str head, rest;
    str_split(name, ' ', &head, &rest);
    if (!str_eq(head, str_of(command->name)))
        return NULL;
    if (rest.len == 0)
        return command;
    const struct command *found = NULL;
    for (const struct command *const *each = command->commands; each && *each && !found; each++)
        found = find_in(*each, rest);
    return found;
}

const struct command *program_find(const char *name)
{
    const struct command *found = find_in(&ctl_rollcall, str_of(name));
    return found ? found : find_in(&rollcalld, str_of(name));
}

const struct argp_option *program_options(const struct command *command)
{
    return command->argp && command->argp->options ? command->argp->options : none;
}

bool program_shows(const struct argp_option *option)
{
    return option->name && !(option->flags & OPTION_HIDDEN);
}

const struct argp_option *program_shared(const struct command *command)
{
    const struct argp_child *children = command->argp ? command->argp->children : ctl_children;
    return children ? children->argp->options : none;
}

/* ---- values ---- */

static const char *status_word(size_t i)
{
    return i < STATUS_COUNT ? status_names[i] : NULL;
}

static const char *use_word(size_t i)
{
    return i < FRESH_COUNT ? key_use_name(fresh_uses[i]) : NULL;
}

static const char *ending_word(size_t i)
{
    static const char *const words[] = {"revoked", "logged_out", NULL};
    return words[i];
}

static const char *policy_word(size_t i)
{
    static const char *const words[] = {"refuse", "end_oldest", NULL};
    return words[i];
}

static const char *state_word(size_t i)
{
    static const char *const words[] = {"active", "inactive", NULL};
    return words[i];
}

const struct value *value_of(const char *name)
{
    static const struct value values[] = {
        {"FILE", VALUE_FILE, NULL},          {"DIR", VALUE_FOLDER, NULL},
        {"FOLDER", VALUE_FOLDER, NULL},      {"BACKUP", VALUE_FOLDER, NULL},
        {"STATUS", VALUE_WORD, status_word}, {"USE", VALUE_WORD, use_word},
        {"ENDING", VALUE_WORD, ending_word}, {"POLICY", VALUE_WORD, policy_word},
        {"STATE", VALUE_WORD, state_word},
    };
    static const struct value text = {NULL, VALUE_TEXT, NULL};
    size_t len = strcspn(name, ".");
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
        if (strlen(values[i].name) == len && strncmp(values[i].name, name, len) == 0)
            return &values[i];
    return &text;
}

char *program_argument(const struct command *command)
{
    const char *usage = command->argp ? command->argp->args_doc : NULL;
    char *copy = text_of("%s", usage ? usage : ""), *rest = copy, *word, *found = NULL;
    while (!found && (word = strsep(&rest, " \n")))
        if (*word && *word != '-' && strncmp(word, "[-", 2) != 0)
            found = text_of("%s", word);
    free(copy);
    return found;
}
