#include "store/candidate.h"

/* The order without one asked for. */
static const struct order newest_first = {FIELD_CREATED, true};

static struct order order_at(const struct query *query, size_t at)
{
    return query->order_count ? query->orders[at] : newest_first;
}

static size_t order_count(const struct query *query)
{
    return query->order_count ? query->order_count : 1;
}

static bool is_of_user(enum field field)
{
    return field == FIELD_USER || field == FIELD_USERNAME || field == FIELD_USER_NAME;
}

bool candidate_needs_user(const struct query *query)
{
    bool needs = query->pattern != NULL;
    for (size_t i = 0; i < query->condition_count; i++)
        needs |= query->conditions[i].field == FIELD_USER;
    for (size_t i = 0; i < query->order_count; i++)
        needs |= is_of_user(query->orders[i].field);
    return needs;
}

static bool is_number(enum field field)
{
    return field == FIELD_STATUS || (field >= FIELD_CREATED && field <= FIELD_EXPIRES);
}

int64_t candidate_number(const struct candidate *candidate, enum field field)
{
    const struct session *session = &candidate->session;
    switch (field) {
    case FIELD_STATUS:
        return (int64_t)candidate->status;
    case FIELD_LAST_ACTIVE:
        return session->last_active;
    case FIELD_UPDATED:
        return session->updated;
    case FIELD_EXPIRES:
        return session->expires;
    default:
        return session->created;
    }
}

bool candidate_order_is_number(const struct query *query, struct order *first)
{
    *first = order_at(query, 0);
    return is_number(first->field);
}

static struct str field_text(const struct candidate *candidate, enum field field)
{
    switch (field) {
    case FIELD_DEVICE_NAME:
        return session_text(&candidate->session, TEXT_DEVICE_NAME);
    case FIELD_USERNAME:
        return candidate->username;
    case FIELD_USER_NAME:
        return candidate->user_name;
    case FIELD_OS_NAME:
        return session_text(&candidate->session, TEXT_OS_NAME);
    default:
        return session_text(&candidate->session, TEXT_OS_VERSION);
    }
}

static bool is_brought(const struct session *session, enum vendor vendor)
{
    return session_text(session, (enum session_text)(TEXT_BROUGHT_ID + (int)vendor)).len > 0;
}

/* Spelling an id costs more than all else here, and is only called for when one was brought along.
 */
static int id_cmp(enum vendor vendor, const struct session *a, const struct session *b)
{
    if (!is_brought(a, vendor) && !is_brought(b, vendor))
        return id_cmp_spelled(vendor, &a->id, a->created, &b->id, b->created);
    struct spelling left, right;
    session_spell(a, vendor, &left);
    session_spell(b, vendor, &right);
    return str_cmp(spelling_view(&left), spelling_view(&right));
}

static int field_cmp(enum vendor vendor, enum field field, const struct candidate *a,
                     const struct candidate *b)
{
    if (field == FIELD_ID)
        return id_cmp(vendor, &a->session, &b->session);
    if (field == FIELD_USER)
        return user_id_cmp(a->user_id, b->user_id);
    if (!is_number(field))
        return str_cmp(field_text(a, field), field_text(b, field));
    int64_t left = candidate_number(a, field), right = candidate_number(b, field);
    return (left > right) - (left < right);
}

int candidate_cmp(const struct query *query, const struct candidate *a, const struct candidate *b)
{
    for (size_t i = 0; i < order_count(query); i++) {
        struct order order = order_at(query, i);
        int cmp = field_cmp(query->vendor, order.field, a, b);
        if (cmp)
            return order.descending ? -cmp : cmp;
    }
    int cmp = id_cmp(query->vendor, &a->session, &b->session);
    if (cmp == 0) /* a brought id may be what another session's computed one looks like */
        cmp = memcmp(a->session.id.bytes, b->session.id.bytes, sizeof(a->session.id.bytes));
    return query->id_descending ? -cmp : cmp;
}

static bool stands(enum relation relation, int cmp)
{
    return relation == RELATION_EQUAL ? cmp == 0 : relation == RELATION_BELOW ? cmp < 0 : cmp > 0;
}

static bool holds(const struct query *query, const struct condition *condition,
                  const struct candidate *candidate)
{
    if (condition->field == FIELD_ID) {
        struct spelling spelling;
        session_spell(&candidate->session, query->vendor, &spelling);
        return stands(condition->relation, str_cmp(spelling_view(&spelling), condition->text));
    }
    if (condition->field == FIELD_USER)
        return stands(condition->relation, user_id_cmp(candidate->user_id, condition->text));
    int64_t value = candidate_number(candidate, condition->field);
    return condition->low <= value && value <= condition->high;
}

bool candidate_stands_after(const struct query *query, const struct session *session)
{
    struct spelling spelling;
    if (session->created != query->after->created)
        return session->created < query->after->created;
    session_spell(session, query->vendor, &spelling);
    int cmp = str_cmp(spelling_view(&spelling), query->after->id);
    if (cmp == 0 && query->after->session)
        cmp = memcmp(session->id.bytes, query->after->session->bytes, sizeof(session->id.bytes));
    return cmp > 0;
}

static enum err search_user(const struct query *query, const struct candidate *candidate,
                            bool *found)
{
    enum err err = pattern_search(query->pattern, candidate->username, found);
    if (err == ERR_OK && !*found)
        err = pattern_search(query->pattern, candidate->user_name, found);
    return err;
}

static enum err search(const struct query *query, const struct candidate *candidate,
                       struct buf *scratch, bool *found)
{
    struct spelling spelling;
    session_spell(&candidate->session, query->vendor, &spelling);
    buf_reset(scratch);
    buf_str(scratch, session_text(&candidate->session, TEXT_DEVICE_NAME));
    buf_str(scratch, session_text(&candidate->session, TEXT_DEVICE_TYPE));
    buf_str(scratch, session_text(&candidate->session, TEXT_OS_NAME));
    buf_str(scratch, spelling_view(&spelling));
    buf_str(scratch, candidate->user_id);
    if (scratch->failed)
        return ERR_MEMORY;
    enum err err = pattern_search(query->pattern, buf_view(scratch), found);
    if (err == ERR_OK && !*found && query->pattern_finds_users)
        err = search_user(query, candidate, found);
    return err;
}

enum err candidate_matches(const struct query *query, const struct candidate *candidate,
                           struct buf *scratch, bool *matches)
{
    const struct uuid *without = query->without;
    *matches = !query->active_only || candidate->status == STATUS_ACTIVE;
    if (without && memcmp(candidate->session.id.bytes, without->bytes, sizeof(without->bytes)) == 0)
        *matches = false;
    if (*matches && query->after)
        *matches = candidate_stands_after(query, &candidate->session);
    for (size_t i = 0; *matches && i < query->condition_count; i++)
        *matches = holds(query, &query->conditions[i], candidate);
    return *matches && query->pattern ? search(query, candidate, scratch, matches) : ERR_OK;
}
