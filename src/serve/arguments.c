#include "serve/arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/options.h"

enum { KEY_CHECK = 256, KEY_TAKE_OVER };

static error_t take_argument(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = value;
        return 0;
    case KEY_CHECK:
        arguments->check = true;
        return 0;
    case KEY_TAKE_OVER:
        arguments->take_over = value;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected \"%s\"", value);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static char *help_filter(int key, const char *text, void *input)
{
    (void)input;
    char *options = NULL;
    size_t size = 0;
    if (key != ARGP_KEY_HELP_POST_DOC)
        return (char *)text;
    FILE *out = open_memstream(&options, &size);
    if (!out)
        return NULL;
    fprintf(out, "Options of the configuration file, with their defaults; the environment variable "
                 "ROLLCALL_<OPTION> overrides each:\n\n");
    config_help(out);
    fclose(out);
    return options;
}

static const struct argp_option argp_options[] = {
    {"config", 'c', "FILE", 0, "read this configuration file, which must exist", 0},
    {"check-config", KEY_CHECK, NULL, 0,
     "print the configuration in force, in the file's syntax, and end", 0},
    {"take-over", KEY_TAKE_OVER, "FD", OPTION_HIDDEN,
     "take over from the program this process had before", 0},
    {0},
};

const struct argp rollcalld_argp = {
    .options = argp_options,
    .parser = take_argument,
    .doc = "Answers session lists by CGI and FastCGI.\v ",
    .help_filter = help_filter,
};
