/* What is read beside sessions: users, and the audit trail. */
#include "core/change.h"

/* Gathering a page of either: one more than the page holds says that there are more. */
struct gathering {
    struct change *change;
    struct user *users;
    struct trail_line *lines;
    size_t count, limit;
    uint64_t after; /* the number of the last one of the page before */
    bool more;
};

/* What a callback gives to end the walk: the page is full. */
#define ENOUGH ERR_CONFLICT

static enum err gather_user(void *context, const struct user *user)
{
    struct gathering *gathering = context;
    if (user->number <= gathering->after)
        return ERR_OK;
    if (gathering->count == gathering->limit) {
        gathering->more = true;
        return ENOUGH;
    }
    gathering->users[gathering->count++] = *user;
    return ERR_OK;
}

static enum err gather_line(void *context, const struct audit_line *line)
{
    struct gathering *gathering = context;
    struct change *change = gathering->change;
    bool before = line->at == change->answer->wish.since && line->number <= gathering->after;
    if (before)
        return ERR_OK;
    if (gathering->count == gathering->limit) {
        gathering->more = true;
        return ENOUGH;
    }
    struct user user = {.number = 0};
    enum err err = store_user(change->snapshot, line->app, line->user, &user);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    gathering->lines[gathering->count++] =
        (struct trail_line){*line, err == ERR_OK ? user.texts[USER_ID] : STR_NONE};
    return ERR_OK;
}

static enum err list_users(struct gathering *gathering)
{
    struct change *change = gathering->change;
    uint32_t app = change->answer->caller->app.number;
    struct user last = {.number = 0};
    if (change->answer->wish.user.len) {
        enum err err = store_user_by_id(change->snapshot, app, change->answer->wish.user, &last);
        if (err != ERR_OK)
            return err;
    }
    gathering->after = last.number;
    gathering->users = arena_array(change->arena, gathering->limit, sizeof(struct user));
    change->answer->users = gathering->users;
    return gathering->users
               ? store_each_user(change->snapshot, app, last.number, gather_user, gathering)
               : ERR_MEMORY;
}

static enum err list_lines(struct gathering *gathering)
{
    struct change *change = gathering->change;
    const struct wish *wish = &change->answer->wish;
    gathering->after = wish->line;
    gathering->lines = arena_array(change->arena, gathering->limit, sizeof(struct trail_line));
    change->answer->lines = gathering->lines;
    return gathering->lines ? store_each_audit(change->snapshot, change->answer->caller->app.number,
                                               wish->since, gather_line, gathering)
                            : ERR_MEMORY;
}

enum err change_look(struct change *change)
{
    struct answer *answer = change->answer;
    struct gathering gathering = {.change = change, .limit = (size_t)answer->wish.query.limit};
    if (answer->wish.verb == VERB_USER)
        return store_user_by_id(change->snapshot, answer->caller->app.number, answer->wish.user,
                                &answer->user);
    enum err err =
        answer->wish.verb == VERB_USERS ? list_users(&gathering) : list_lines(&gathering);
    answer->count = gathering.count;
    answer->more = gathering.more;
    return err == ENOUGH ? ERR_OK : err;
}
