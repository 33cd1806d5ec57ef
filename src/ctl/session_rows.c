#include "ctl/session_rows.h"

struct str session_device(struct arena *arena, const struct session *session)
{
    struct str model = session_text(session, TEXT_DEVICE_MODEL),
               name = session_text(session, TEXT_DEVICE_NAME),
               os = session_text(session, TEXT_OS_NAME),
               version = session_text(session, TEXT_OS_VERSION), what = model.len ? model : name;
    return arena_printf(arena, "%.*s%s%.*s%s%.*s", STR_ARG(what), what.len && os.len ? ", " : "",
                        STR_ARG(os), os.len && version.len ? " " : "", STR_ARG(version));
}

void session_headings(struct table *table)
{
    static const char *const headings[] = {"ID",      "APP",         "USER",    "STATUS",
                                           "CREATED", "LAST ACTIVE", "EXPIRES", "DEVICE"};
    table->columns = sizeof(headings) / sizeof(*headings);
    for (size_t i = 0; i < table->columns; i++)
        table_cell(table, str_of(headings[i]));
}

void session_row(struct table *table, struct arena *arena, const struct app *app,
                 const struct found *found)
{
    char id[UUID_TEXT];
    uuid_write(&found->session.id, id);
    table_cell(table, (struct str){id, sizeof(id)});
    table_cell(table, app->id);
    table_cell(table, found->user.texts[USER_ID]);
    table_cell(table, str_of(status_names[found->status]));
    table_instant(table, found->session.created);
    table_instant(table, found->session.last_active);
    table_instant(table, found->session.expires);
    table_cell(table, session_device(arena, &found->session));
}
