#include <ctype.h>
#include <stdlib.h>

#include "doc/program.h"
#include "doc/shell.h"
#include "doc/text.h"

/* Text within apostrophes, with a backslash before each byte of `special`. */
static void put_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            fputc('\\', out);
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
    }
}

static void put_lower(FILE *out, const char *name)
{
    for (; *name && *name != '.'; name++)
        fputc(*name == '[' || *name == ']' ? ' ' : tolower((unsigned char)*name), out);
}

/* ":name: " and how the value is completed. */
static void put_value(FILE *out, const char *name)
{
    const struct value *value = value_of(name);
    fputc(':', out);
    put_lower(out, name);
    fputc(':', out);
    if (value->kind == VALUE_FILE)
        fputs("_files", out);
    else if (value->kind == VALUE_FOLDER)
        fputs("_files -/", out);
    else if (value->kind == VALUE_TEXT)
        fputc(' ', out);
    else
        for (size_t i = 0; value->word(i); i++)
            fprintf(out, "%s%s", i ? " " : "(", value->word(i));
    if (value->kind == VALUE_WORD)
        fputc(')', out);
}

/* One spelling of an option: "(-a --app)--app=[Sessions of this app alone]:id: ". */
static void put_spelling(FILE *out, const struct argp_option *option, const char *others,
                         const char *spelling)
{
    fprintf(out, " \\\n        '(%s)%s[", others, spelling);
    put_quoted(out, option->doc, "[]\\");
    fputc(']', out);
    if (option->arg)
        put_value(out, option->arg);
    fputc('\'', out);
}

static void put_options(FILE *out, const struct argp_option *options)
{
    for (const struct argp_option *each = options; program_shows(each); each++) {
        bool is_short = each->key < 0x80 && isprint(each->key);
        char letter[] = {'-', (char)(is_short ? each->key : 0), each->arg ? '+' : '\0', '\0'};
        char *name = text_of("--%s%s", each->name, each->arg ? "=" : "");
        char *others = options == program_help ? text_of("- *")
                       : is_short              ? text_of("-%c --%s", each->key, each->name)
                                               : text_of("--%s", each->name);
        if (is_short)
            put_spelling(out, each, others, letter);
        put_spelling(out, each, others, name);
        free(others);
        free(name);
    }
}

static void put_argument(FILE *out, const struct command *command)
{
    char *argument = program_argument(command);
    if (argument) {
        fprintf(out, " \\\n        '%s", strstr(argument, "...") ? "*" : "1");
        put_value(out, argument);
        fputc('\'', out);
    }
    free(argument);
}

/* What has commands of its own offers their names, and then leaves it to the one that is named. */
static void put_choice(FILE *out, const struct command *group, const char *function)
{
    fprintf(out,
            " \\\n        '1:command:->command' \\\n        '*::argument:->argument' && return\n"
            "    case $state in\n"
            "    command)\n"
            "        commands=(\n");
    for (const struct command *const *each = group->commands; *each; each++) {
        fprintf(out, "            '%s:", (*each)->name);
        put_quoted(out, (*each)->summary, "\\");
        fputs("'\n", out);
    }
    fputs("        )\n"
          "        _describe -t commands command commands\n"
          "        ;;\n"
          "    argument)\n"
          "        case $line[1] in\n",
          out);
    for (const struct command *const *each = group->commands; *each; each++)
        fprintf(out, "        %s) %s_%s ;;\n", (*each)->name, function, (*each)->name);
    fputs("        esac\n"
          "        ;;\n"
          "    esac\n",
          out);
}

static void put_function(FILE *out, const struct command *command, const char *function)
{
    for (const struct command *const *each = command->commands; each && *each; each++) {
        char *name = text_of("%s_%s", function, (*each)->name);
        put_function(out, *each, name);
        free(name);
    }
    fprintf(out, "%s() {\n", function);
    if (command->commands)
        fputs("    local curcontext=$curcontext state state_descr line\n"
              "    local -a commands\n"
              "    typeset -A opt_args\n",
              out);
    fprintf(out, "    _arguments -s -S%s", command->commands ? " -C" : "");
    put_options(out, program_options(command));
    put_options(out, program_shared(command));
    put_options(out, program_help);
    if (command->commands)
        put_choice(out, command, function);
    else {
        put_argument(out, command);
        fputc('\n', out);
    }
    fputs("}\n\n", out);
}

void shell_zsh(FILE *out, const struct command *program)
{
    fprintf(out,
            "#compdef %s\n"
            "# Completes the command line of %s in zsh; made from its own tables.\n\n",
            program->name, program->name);
    char *function = text_of("_%s", program->name);
    put_function(out, program, function);
    fprintf(out, "%s \"$@\"\n", function);
    free(function);
}
