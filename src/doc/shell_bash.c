#include <ctype.h>
#include <stdlib.h>

#include "doc/program.h"
#include "doc/shell.h"
#include "doc/text.h"

/* Does something for a command and all below it; `name` is its whole name. */
typedef void command_fn(FILE *out, const struct command *command, const char *name);

static void each_command(FILE *out, const struct command *command, const char *name, command_fn *fn)
{
    fn(out, command, name);
    for (const struct command *const *each = command->commands; each && *each; each++) {
        char *below = text_of("%s %s", name, (*each)->name);
        each_command(out, *each, below, fn);
        free(below);
    }
}

static bool has_short(const struct argp_option *option)
{
    return option->key < 0x80 && isprint(option->key);
}

/* ---- what there is at a command ---- */

static void put_options(FILE *out, const struct argp_option *options)
{
    for (const struct argp_option *each = options; program_shows(each); each++) {
        fprintf(out, " --%s%s", each->name, each->arg ? "=" : "");
        if (has_short(each))
            fprintf(out, " -%c", each->key);
    }
}

static void put_taking(FILE *out, const struct argp_option *options)
{
    for (const struct argp_option *each = options; program_shows(each); each++) {
        if (!each->arg)
            continue;
        fprintf(out, " --%s", each->name);
        if (has_short(each))
            fprintf(out, " -%c", each->key);
    }
}

static void put_place(FILE *out, const struct command *command, const char *name)
{
    fprintf(out, "    '%s')\n        commands='", name);
    for (const struct command *const *each = command->commands; each && *each; each++)
        fprintf(out, " %s", (*each)->name);
    fputs("'\n        options='", out);
    put_options(out, program_options(command));
    put_options(out, program_shared(command));
    put_options(out, program_help);
    fputs("'\n        taking='", out);
    put_taking(out, program_options(command));
    put_taking(out, program_shared(command));
    fputs("'\n        ;;\n", out);
}

/* ---- what an option takes ---- */

static void put_completion(FILE *out, const struct value *value)
{
    switch (value->kind) {
    case VALUE_FILE:
        fputs("_filedir", out);
        break;
    case VALUE_FOLDER:
        fputs("_filedir -d", out);
        break;
    case VALUE_WORD:
        fputs("mapfile -t COMPREPLY < <(compgen -W '", out);
        for (size_t i = 0; value->word(i); i++)
            fprintf(out, "%s%s", i ? " " : "", value->word(i));
        fputs("' -- \"$cur\")", out);
        break;
    case VALUE_TEXT:
        break;
    }
}

/* `begin` is the pattern up to the option: an apostrophe, and the command's name. */
static void put_values(FILE *out, const struct argp_option *options, const char *begin)
{
    for (const struct argp_option *each = options; program_shows(each); each++) {
        if (!each->arg || value_of(each->arg)->kind == VALUE_TEXT)
            continue;
        fputs("    ", out);
        if (has_short(each))
            fprintf(out, "%s -%c' | ", begin, each->key);
        fprintf(out, "%s --%s') ", begin, each->name);
        put_completion(out, value_of(each->arg));
        fputs(" ;;\n", out);
    }
}

static void put_own_values(FILE *out, const struct command *command, const char *name)
{
    char *begin = text_of("'%s", name);
    put_values(out, program_options(command), begin);
    free(begin);
}

static void put_argument(FILE *out, const struct command *command, const char *name)
{
    char *argument = program_argument(command);
    if (argument && value_of(argument)->kind != VALUE_TEXT) {
        fprintf(out, "    '%s') ", name);
        put_completion(out, value_of(argument));
        fputs(" ;;\n", out);
    }
    free(argument);
}

/* ---- the script ---- */

/* What stands at the place that the words before lead to. */
static void put_places(FILE *out, const struct command *program)
{
    fprintf(out, "_%s_at() {\n    case $1 in\n", program->name);
    each_command(out, program, program->name, put_place);
    fputs("    esac\n}\n\n", out);
}

static void put_walk(FILE *out, const struct command *program)
{
    const char *name = program->name;
    fprintf(out,
            "_%s() {\n"
            "    local cur prev words cword split i command=%s commands options taking\n"
            "    _init_completion -s || return\n"
            "    _%s_at \"$command\"\n"
            "    for ((i = 1; i < cword; i++)); do\n"
            "        if [[ \" $taking \" == *\" ${words[i]} \"* ]]; then\n"
            "            ((i++))\n"
            "        elif [[ \" $commands \" == *\" ${words[i]} \"* ]]; then\n"
            "            command+=\" ${words[i]}\"\n"
            "            _%s_at \"$command\"\n"
            "        fi\n"
            "    done\n",
            name, name, name, name);
}

void shell_bash(FILE *out, const struct command *program)
{
    const char *name = program->name;
    fprintf(out, "# Completes the command line of %s in bash; made from its own tables.\n\n", name);
    put_places(out, program);
    put_walk(out, program);
    fputs("    case \"$command $prev\" in\n", out);
    each_command(out, program, name, put_own_values);
    put_values(out, program_shared(program), "*'");
    fputs("    esac\n"
          "    if $split || [[ \" $taking \" == *\" $prev \"* ]]; then\n"
          "        return\n"
          "    fi\n"
          "    if [[ $cur == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
          "        [[ ${COMPREPLY-} != *= ]] || compopt -o nospace\n"
          "        return\n"
          "    fi\n"
          "    case $command in\n",
          out);
    each_command(out, program, name, put_argument);
    fputs("    *) mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$cur\") ;;\n"
          "    esac\n"
          "} &&\n",
          out);
    fprintf(out, "    complete -F _%s %s\n", name, name);
}
