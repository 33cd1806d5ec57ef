#include "doc/manual.h"

#include <ctype.h>
#include <stdlib.h>

#include "doc/mdoc.h"
#include "doc/program.h"
#include "doc/text.h"
#include "serve/options.h"

/* ---- the parts of a command line ---- */

/* "FILE..." as the arguments of a macro: Ar file ... */
static void put_value(FILE *out, const char *name)
{
    size_t len = strlen(name), dots = len > 3 && strcmp(name + len - 3, "...") == 0 ? 3 : 0;
    fputs("Ar ", out);
    for (size_t i = 0; i < len - dots; i++)
        fputc(tolower((unsigned char)name[i]), out);
    fputs(dots ? " ..." : "", out);
}

static void put_long(FILE *out, const char *name, const char *value)
{
    fputs("Fl Fl ", out);
    mdoc_word(out, name);
    if (value) {
        fputs(" Ns = Ns ", out);
        put_value(out, value);
    }
}

static void put_short(FILE *out, const struct argp_option *option)
{
    fprintf(out, "Fl \\&%c", option->key);
    if (option->arg) {
        fputc(' ', out);
        put_value(out, option->arg);
    }
}

static bool has_short(const struct argp_option *option)
{
    return option->key < 0x80 && isprint(option->key);
}

/* ---- synopsis ---- */

/* One of a usage line's words: "[--app=ID]", "SESSION_ID...". */
static void put_word(FILE *out, char *word)
{
    size_t len = strlen(word);
    bool optional = strncmp(word, "[-", 2) == 0;
    fputs(optional ? ".Op " : ".", out);
    if (optional) {
        word[len - 1] = '\0';
        word++;
    }
    char *value = word;
    char *name = strsep(&value, "=");
    if (strncmp(name, "--", 2) == 0)
        put_long(out, name + 2, value);
    else
        put_value(out, name);
    fputc('\n', out);
}

static bool names(const char *usage, const char *option)
{
    char *text = text_of("--%s", option);
    const char *found = strstr(usage, text);
    bool named = found && !isalnum((unsigned char)found[strlen(text)]);
    free(text);
    return named;
}

/* `usage` is one way to call it, `all` are all of them: an option that one of these names is not
 * for the others. */
static void put_line(FILE *out, const struct command *command, const char *prefix, char *usage,
                     const char *all)
{
    fputs(".Nm\n", out);
    for (const struct argp_option *each = program_shared(command); program_shows(each); each++) {
        fputs(".Op ", out);
        put_short(out, each);
        fputc('\n', out);
    }
    if (*prefix)
        fprintf(out, ".Cm %s\n", prefix);
    for (const struct argp_option *each = program_options(command); program_shows(each); each++) {
        if (names(all, each->name))
            continue;
        fputs(".Op ", out);
        if (has_short(each))
            put_short(out, each);
        else
            put_long(out, each->name, each->arg);
        fputc('\n', out);
    }
    for (char *word; (word = strsep(&usage, " "));)
        if (*word)
            put_word(out, word);
}

static void put_command(FILE *out, const struct command *command, const char *prefix)
{
    const char *all = command->argp->args_doc ? command->argp->args_doc : "";
    char *copy = text_of("%s", all), *rest = copy;
    for (char *usage; (usage = strsep(&rest, "\n"));)
        put_line(out, command, prefix, usage, all);
    free(copy);
}

static void put_commands(FILE *out, const struct command *group, const char *prefix)
{
    for (const struct command *const *each = group->commands; *each; each++) {
        char *name = text_of("%s%s%s", prefix, *prefix ? " " : "", (*each)->name);
        if ((*each)->commands)
            put_commands(out, *each, name);
        else
            put_command(out, *each, name);
        free(name);
    }
}

void manual_synopsis(FILE *out, const struct command *program)
{
    if (program->commands)
        put_commands(out, program, "");
    else
        put_command(out, program, "");
}

/* ---- options ---- */

static void put_items(FILE *out, const struct argp_option *options)
{
    for (const struct argp_option *each = options; program_shows(each); each++) {
        fputs(".It ", out);
        if (has_short(each)) {
            put_short(out, each);
            fputs(" , ", out);
        }
        put_long(out, each->name, each->arg);
        fputc('\n', out);
        mdoc_text(out, each->doc);
    }
}

void manual_options(FILE *out, const struct command *command)
{
    const struct argp_option *own = program_options(command);
    bool shared = command->commands || !command->run;
    if (!own->name && !shared)
        return;
    fputs(".Bl -tag -width Ds\n", out);
    put_items(out, own);
    if (shared) {
        put_items(out, program_shared(command));
        put_items(out, program_help);
    }
    fputs(".El\n", out);
}

/* ---- the configuration file ---- */

/* All that is said of an option; the caller frees it. */
static char *whole_help(const struct config_option *option)
{
    struct buf buf = {0};
    config_text(option, true, &buf);
    return text_take(&buf);
}

void manual_config(FILE *out)
{
    fputs(".Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        const char *quote = config_quote(option);
        char *help = whole_help(option);
        char *otherwise = text_of("%s%s%s", quote, option->otherwise, quote);
        fprintf(out, ".It Cm %s No = ", option->name);
        mdoc_word(out, otherwise);
        fputc('\n', out);
        mdoc_text(out, help);
        free(otherwise);
        free(help);
    }
    fputs(".El\n", out);
}

void manual_example(FILE *out)
{
    config_wrap(out, "# ",
                "Rollcall's configuration, read by rollcalld. Each option is shown with its "
                "default; see rollcall.conf(5). The environment variable ROLLCALL_<OPTION>, in "
                "capitals, overrides an option: ROLLCALL_STORE, ROLLCALL_WORKERS, ...");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        const char *quote = config_quote(option);
        char *help = whole_help(option);
        help[0] = (char)toupper((unsigned char)help[0]);
        fputc('\n', out);
        config_wrap(out, "# ", help);
        fprintf(out, "#%s = %s%s%s\n", option->name, quote, option->otherwise, quote);
        free(help);
    }
}
