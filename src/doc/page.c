#include "doc/page.h"

#include <stdlib.h>

#include "doc/api.h"
#include "doc/manual.h"
#include "doc/program.h"
#include "doc/text.h"

struct sheet {
    FILE *out;
    const char *openapi;
    json_t *document; /* read when it is first asked for */
    json_t *placed;   /* what was asked for, by its whole line */
    bool bad;
};

static void complain(struct sheet *sheet, const char *what, const char *name)
{
    fprintf(stderr, "describe: %s: %s\n", what, name);
    sheet->bad = true;
}

/* ---- what a template can ask for ---- */

typedef void command_fn(FILE *out, const struct command *command);

static void place_command(struct sheet *sheet, command_fn *fn, const char *name)
{
    const struct command *command = program_find(name);
    if (command)
        fn(sheet->out, command);
    else
        complain(sheet, "no such command", name);
}

static json_t *tag_of(struct sheet *sheet, const char *name)
{
    json_error_t error;
    size_t i;
    json_t *tag;
    if (!sheet->document && sheet->openapi)
        sheet->document = json_load_file(sheet->openapi, 0, &error);
    json_array_foreach(json_object_get(sheet->document, "tags"), i, tag)
    {
        if (strcmp(json_string_value(json_object_get(tag, "name")), name) == 0)
            return tag;
    }
    return NULL;
}

static void place_dialect(struct sheet *sheet, const char *name)
{
    json_t *tag = tag_of(sheet, name);
    if (tag)
        api_dialect(sheet->out, sheet->document, tag);
    else
        complain(sheet, "no such dialect", name);
}

static void place(struct sheet *sheet, const char *verb, const char *name)
{
    if (strcmp(verb, "synopsis") == 0)
        place_command(sheet, manual_synopsis, name);
    else if (strcmp(verb, "options") == 0)
        place_command(sheet, manual_options, name);
    else if (strcmp(verb, "config") == 0)
        manual_config(sheet->out);
    else if (strcmp(verb, "dialect") == 0)
        place_dialect(sheet, name);
    else
        complain(sheet, "no such part", verb);
}

static void take_line(struct sheet *sheet, char *line)
{
    size_t len = strlen(line);
    if (len < 3 || line[0] != '@' || strcmp(line + len - 2, "@\n") != 0) {
        fputs(line, sheet->out);
        return;
    }
    line[len - 2] = '\0';
    json_object_set(sheet->placed, line + 1, json_true());
    char *name = line + 1, *verb = strsep(&name, " ");
    place(sheet, verb, name ? name : "");
}

/* ---- what it must not leave out ---- */

static bool is_placed(const struct sheet *sheet, const char *verb, const char *name)
{
    char *line = text_of("%s %s", verb, name);
    bool placed = json_object_get(sheet->placed, line) != NULL;
    free(line);
    return placed;
}

static void check_command(struct sheet *sheet, const struct command *command, const char *name)
{
    if (program_options(command)->name && !is_placed(sheet, "options", name))
        complain(sheet, "the page says nothing about the options of", name);
    for (const struct command *const *each = command->commands; each && *each; each++) {
        char *below = text_of("%s %s", name, (*each)->name);
        check_command(sheet, *each, below);
        free(below);
    }
}

static void check_program(struct sheet *sheet, const char *name)
{
    if (is_placed(sheet, "synopsis", name))
        check_command(sheet, program_find(name), name);
}

static void check_dialects(struct sheet *sheet)
{
    size_t i;
    json_t *tag;
    json_array_foreach(json_object_get(sheet->document, "tags"), i, tag)
    {
        const char *name = json_string_value(json_object_get(tag, "name"));
        if (!is_placed(sheet, "dialect", name))
            complain(sheet, "the page leaves out the dialect", name);
    }
}

bool page_write(FILE *template, const char *openapi, FILE *out)
{
    struct sheet sheet = {.out = out, .openapi = openapi, .placed = json_object()};
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, template) >= 0)
        take_line(&sheet, line);
    free(line);
    check_program(&sheet, "rollcall");
    check_program(&sheet, "rollcalld");
    check_dialects(&sheet);
    json_decref(sheet.placed);
    json_decref(sheet.document);
    return !sheet.bad;
}
