#include "dialect/tally.h"

#include "base/metrics.h"

static size_t route_count(const struct dialect *dialect)
{
    size_t count = 0;
    while (dialect->routes[count].path)
        count++;
    return count;
}

size_t tally_dialect(const struct dialect *dialect)
{
    size_t i = 0;
    while (dialects[i] && dialects[i] != dialect)
        i++;
    return i;
}

size_t tally_dialect_count(void)
{
    return tally_dialect(NULL) + 1;
}

/* A dialect's rows are those of its routes, and the one that ends them. */
static size_t first_row(const struct dialect *dialect)
{
    size_t row = 0;
    for (size_t i = 0; dialects[i] && dialects[i] != dialect; i++)
        row += route_count(dialects[i]) + 1;
    return row;
}

size_t tally_row(const struct dialect *dialect, const struct route *route)
{
    size_t in_dialect = 0;
    if (dialect)
        in_dialect = route ? (size_t)(route - dialect->routes) : route_count(dialect);
    return first_row(dialect) + in_dialect;
}

size_t tally_count(void)
{
    return tally_row(NULL, NULL) + 1;
}

const char *tally_dialect_name(size_t dialect)
{
    if (dialect + 1 == tally_dialect_count())
        return "-";
    const char *name = vendor_name((int)dialects[dialect]->vendor);
    return name ? name : "rollcall";
}

struct tally_label tally_label(size_t row)
{
    for (size_t i = 0; dialects[i]; i++) {
        if (row > tally_row(dialects[i], NULL))
            continue;
        const struct route *route = &dialects[i]->routes[row - first_row(dialects[i])];
        bool none = route->path == NULL;
        return (struct tally_label){tally_dialect_name(i), none ? "-" : route->method,
                                    none ? "-" : route->path};
    }
    return (struct tally_label){"-", "-", "-"};
}

uint64_t tally_layout(void)
{
    uint64_t layout = 0;
    for (size_t row = 0; row < tally_count(); row++) {
        struct tally_label label = tally_label(row);
        layout = metrics_mix(layout, label.dialect);
        layout = metrics_mix(layout, label.method);
        layout = metrics_mix(layout, label.path);
    }
    for (size_t i = 0; reply_status_at(i); i++)
        layout = metrics_mix(layout, reply_reason(reply_status_at(i)));
    return layout;
}
