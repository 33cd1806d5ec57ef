#include "enrich/enrich.h"

#include "base/log.h"
#include "enrich/geo.h"
#include "enrich/user_agent.h"

static bool is_wanted(const char *path)
{
    return path && *path;
}

static void open_all(struct enrich *enrich)
{
    if (enrich->opened)
        return;
    enrich->opened = true;
    enum err err = is_wanted(enrich->user_agents_path)
                       ? user_agents_load(enrich->user_agents_path, &enrich->agents)
                       : ERR_OK;
    if (err != ERR_OK)
        log_warn("user agents: %s: %s; devices are not told apart", enrich->user_agents_path,
                 err_text(err));
    err = is_wanted(enrich->geo_path) ? geo_open(enrich->geo_path, &enrich->geo) : ERR_OK;
    if (err != ERR_OK)
        log_warn("countries: %s: %s; they are not filled in", enrich->geo_path, err_text(err));
}

void enrich_end(struct enrich *enrich)
{
    user_agents_free(enrich->agents);
    geo_close(enrich->geo);
    *enrich = (struct enrich){.opened = false};
}

/* ---- device ---- */

static bool contains(struct str text, const char *part)
{
    return text.len && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* As clients of the vendors know them: the apps of one of them, phones, tablets, and browsers on
 * anything else. A header that no rule knows tells no type. */
static struct str type_of(struct str header, struct str browser, struct str model)
{
    if (str_starts(header, STR("RC Mobile;")))
        return STR("mobile-app");
    if (contains(header, " Electron/"))
        return STR("desktop-app");
    if (contains(header, "iPad") || contains(header, "Tablet") || contains(model, "Tablet") ||
        (contains(header, "Android") && !contains(header, "Mobile")))
        return STR("tablet");
    if (contains(header, "Mobi") || contains(header, "iPhone"))
        return STR("mobile");
    return browser.len ? STR("browser") : STR_NONE;
}

static void fill_text(struct session_draft *draft, enum session_text text, struct str value)
{
    if (draft->texts[text].len == 0 && value.len <= TEXT_MAX)
        draft->texts[text] = value;
}

/* "17.4.1" of its parts, at most `most` of them. */
static struct str version_of(struct arena *arena, const struct str *parts, int most)
{
    struct str version = STR_NONE;
    for (int part = PART_FIRST; part < PART_FIRST + most && parts[part].len; part++)
        version = arena_printf(arena, "%.*s%s%.*s", STR_ARG(version), version.len ? "." : "",
                               STR_ARG(parts[part]));
    return version;
}

static enum err fill_device(struct enrich *enrich, struct arena *arena, struct session_draft *draft)
{
    struct str header = draft->texts[TEXT_USER_AGENT];
    struct str browser[PART_COUNT], os[PART_COUNT], device[PART_COUNT];
    if (!user_agent_parse(enrich->agents, arena, RULE_BROWSER, header, browser) ||
        !user_agent_parse(enrich->agents, arena, RULE_OS, header, os) ||
        !user_agent_parse(enrich->agents, arena, RULE_DEVICE, header, device))
        return ERR_MEMORY;
    fill_text(draft, TEXT_DEVICE_TYPE, type_of(header, browser[PART_NAME], device[PART_SECOND]));
    fill_text(draft, TEXT_DEVICE_MODEL, device[PART_SECOND]);
    fill_text(draft, TEXT_DEVICE_NAME, browser[PART_NAME]);
    fill_text(draft, TEXT_DEVICE_VERSION, version_of(arena, browser, 2));
    fill_text(draft, TEXT_DEVICE_LONG_VERSION, version_of(arena, browser, 3));
    fill_text(draft, TEXT_OS_NAME, os[PART_NAME]);
    fill_text(draft, TEXT_OS_VERSION, version_of(arena, os, 3));
    return ERR_OK;
}

/* ---- country ---- */

static enum err fill_country(struct enrich *enrich, struct arena *arena,
                             struct session_draft *draft)
{
    char code[2];
    if (draft->texts[TEXT_COUNTRY_CODE].len ||
        !geo_country(enrich->geo, draft->texts[TEXT_IP], code))
        return ERR_OK;
    draft->texts[TEXT_COUNTRY_CODE] = arena_copy(arena, (struct str){code, sizeof(code)});
    return draft->texts[TEXT_COUNTRY_CODE].ptr ? ERR_OK : ERR_MEMORY;
}

enum err enrich_fill(struct enrich *enrich, struct arena *arena, struct session_draft *draft)
{
    enum err err = ERR_OK;
    open_all(enrich);
    if (enrich->agents && draft->texts[TEXT_USER_AGENT].len)
        err = fill_device(enrich, arena, draft);
    if (err == ERR_OK && enrich->geo)
        err = fill_country(enrich, arena, draft);
    return err;
}
