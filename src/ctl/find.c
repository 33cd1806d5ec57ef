#include "ctl/find.h"

#include "ctl/ctl.h"

/* ---- sessions ---- */

/* A search through the apps. */
struct search {
    struct snapshot *snapshot;
    struct str id;
    const char *app; /* NULL: all of them */
    bool app_found;
    struct named *named;
    size_t found; /* how many different sessions */
};

static enum err take(struct search *search, const struct app *app, enum err err,
                     const struct session *session)
{
    struct named *named = search->named;
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    bool same = search->found && named->session.app == session->app &&
                memcmp(&named->session.id, &session->id, sizeof(session->id)) == 0;
    named->app = *app;
    named->session = *session;
    search->found += !same;
    return ERR_OK;
}

static enum err look_in(void *context, const struct app *app)
{
    struct search *search = context;
    struct session session;
    struct uuid uuid;
    enum err err = ERR_OK;
    if (search->app && !str_eq(app->id, str_of(search->app)))
        return ERR_OK;
    search->app_found = true;
    if (uuid_parse_text(search->id, &uuid))
        err = take(search, app, store_session(search->snapshot, app->number, &uuid, &session),
                   &session);
    for (int vendor = 1; err == ERR_OK && vendor < VENDOR_END; vendor++)
        err = take(search, app,
                   store_session_by_spelling(search->snapshot, app->number, (enum vendor)vendor,
                                             search->id, &session),
                   &session);
    return err;
}

static enum err cannot_read(enum err err)
{
    ctl_fail("the store cannot be read: %s", err_text(err));
    return err;
}

/* Says it unless it is just one. */
static enum err judge(const struct search *search)
{
    if (search->found == 1)
        return ERR_OK;
    if (search->app && !search->app_found)
        ctl_fail("no app %s", search->app);
    else if (search->found == 0)
        ctl_fail("no session of that id: %.*s", STR_ARG(search->id));
    else
        ctl_fail("%.*s names more than one session%s", STR_ARG(search->id),
                 search->app ? "" : "; --app says which app's");
    return search->found ? ERR_CONFLICT : ERR_NOT_FOUND;
}

enum err find_session(struct snapshot *snapshot, const char *id, const char *app,
                      struct named *named)
{
    struct search search = {.snapshot = snapshot, .id = str_of(id), .app = app, .named = named};
    enum err err = store_each_app(snapshot, look_in, &search);
    if (err != ERR_OK)
        return cannot_read(err);
    err = judge(&search);
    if (err != ERR_OK)
        return err;
    err = store_user(snapshot, named->session.app, named->session.user, &named->user);
    if (err != ERR_OK)
        ctl_fail("the session's user cannot be read: %s", err_text(err));
    return err;
}

/* ---- apps and users ---- */

enum err find_app(struct snapshot *snapshot, const char *id, struct app *app)
{
    enum err err = store_app_by_id(snapshot, str_of(id), app);
    if (err == ERR_NOT_FOUND)
        ctl_fail("no app %s", id);
    return err == ERR_OK || err == ERR_NOT_FOUND ? err : cannot_read(err);
}

enum err find_user(struct snapshot *snapshot, const struct app *app, const char *id,
                   struct user *user)
{
    enum err err = store_user_by_id(snapshot, app->number, str_of(id), user);
    if (err == ERR_NOT_FOUND)
        ctl_fail("no user %s in app %.*s", id, STR_ARG(app->id));
    return err == ERR_OK || err == ERR_NOT_FOUND ? err : cannot_read(err);
}
