#include "ctl/table.h"

#include <stdio.h>

#include "base/clock.h"
#include "ctl/ctl.h"

/* Characters of UTF-8: bytes that continue none. */
static size_t width_of(struct str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return width;
}

static void end_cell(struct table *table, size_t begin)
{
    size_t *widest = &table->widths[table->cells++ % table->columns];
    size_t width = width_of(str_from(buf_view(&table->texts), begin));
    if (width > *widest)
        *widest = width;
    buf_byte(&table->texts, '\0');
}

void table_cell(struct table *table, struct str text)
{
    size_t begin = table->texts.len;
    ctl_put_visible(&table->texts, text);
    end_cell(table, begin);
}

void table_instant(struct table *table, int64_t instant)
{
    size_t begin = table->texts.len;
    instant_put_seconds(&table->texts, instant);
    end_cell(table, begin);
}

bool table_print(const struct table *table)
{
    const char *cell = table->texts.ptr;
    for (size_t i = 0; !table->texts.failed && i < table->cells; i++) {
        struct str text = str_of(cell);
        bool last = (i + 1) % table->columns == 0;
        int gap = (int)(table->widths[i % table->columns] - width_of(text)) + 2;
        if (last)
            puts(cell);
        else
            printf("%s%*s", cell, gap, "");
        cell += text.len + 1;
    }
    return !table->texts.failed;
}

void table_end(struct table *table)
{
    buf_free(&table->texts);
}
