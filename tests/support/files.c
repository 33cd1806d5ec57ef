#include "support/files.h"

#include <stdio.h>
#include <stdlib.h>

const char *golden_folder(void)
{
    const char *given = getenv("ROLLCALL_GOLDEN");
    return given ? given : "tests/golden";
}

char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t size = 0;
    if (!file)
        return NULL;
    FILE *copy = open_memstream(&text, &size);
    for (int c; (c = fgetc(file)) != EOF;)
        fputc(c, copy);
    fclose(copy);
    fclose(file);
    return text;
}
