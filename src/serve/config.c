#include "serve/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "model/secret.h"
#include "serve/options.h"

#ifndef SYSCONFDIR
#define SYSCONFDIR "/etc"
#endif

static const struct config_option *option_of(const char *name)
{
    for (size_t i = 0; i < config_option_count; i++)
        if (strcmp(config_options[i].name, name) == 0)
            return &config_options[i];
    return NULL;
}

/* ---- checking ---- */

static int check_option(cfg_t *cfg, cfg_opt_t *opt)
{
    const struct config_option *option = option_of(opt->name);
    for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
        if (option->kind == KIND_INTEGER) {
            long value = cfg_opt_getnint(opt, i);
            if (value < option->low || value > option->high) {
                cfg_error(cfg, "%s must be from %ld to %ld", option->name, option->low,
                          option->high);
                return -1;
            }
            continue;
        }
        const char *text = cfg_opt_getnstr(opt, i);
        const char *wrong = option->wrong(text ? text : "");
        if (wrong) {
            cfg_error(cfg, "%s %s", option->name, wrong);
            return -1;
        }
    }
    if (cfg_opt_size(opt) > LIST_MAX) {
        cfg_error(cfg, "%s has more than %d elements", option->name, LIST_MAX);
        return -1;
    }
    return 0;
}

/* Whether what is wrong was told: of a name that is empty libconfuse 3.3 tells nothing. */
static bool reported;

static void report(cfg_t *cfg, const char *format, va_list args)
{
    char text[512];
    reported = true;
    vsnprintf(text, sizeof(text), format, args);
    if (cfg && cfg->filename && cfg->line)
        log_error("%s:%d: %s", cfg->filename, cfg->line, text);
    else
        log_error("%s: %s", cfg && cfg->filename ? cfg->filename : "configuration", text);
}

/* So that it reads as the same again: libconfuse's own leaves "${" as it is. */
static void print_text(cfg_opt_t *opt, unsigned index, FILE *out)
{
    const char *text = cfg_opt_getnstr(opt, index);
    putc('"', out);
    for (; text && *text; text++) {
        if (strchr("\"\\$", *text))
            putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* ---- reading ---- */

static cfg_t *make_parser(void)
{
    cfg_opt_t table[config_option_count + 1];
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        char *name = (char *)option->name, *otherwise = (char *)option->otherwise;
        if (option->kind == KIND_INTEGER)
            table[i] = (cfg_opt_t)CFG_INT(name, strtol(otherwise, NULL, 10), CFGF_NONE);
        else if (option->kind == KIND_LIST)
            table[i] = (cfg_opt_t)CFG_STR_LIST(name, otherwise, CFGF_NONE);
        else
            table[i] = (cfg_opt_t)CFG_STR(name, otherwise, CFGF_NONE);
    }
    table[config_option_count] = (cfg_opt_t)CFG_END();
    cfg_t *cfg = cfg_init(table, CFGF_NONE);
    if (!cfg)
        return NULL;
    cfg_set_error_function(cfg, report);
    for (size_t i = 0; i < config_option_count; i++) {
        cfg_set_validate_func(cfg, config_options[i].name, check_option);
        if (config_options[i].kind != KIND_INTEGER)
            cfg_set_print_func(cfg, config_options[i].name, print_text);
    }
    return cfg;
}

/* A variable of the environment, "${NAME}"; `text` itself when there is none. */
static char *end_of_variable(char *text)
{
    char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;
    return end ? end + 1 : text;
}

static char *end_of_quoted(char *text)
{
    char quote = *text++;
    while (*text && *text != quote) {
        char *end = quote == '"' ? end_of_variable(text) : text;
        if (end == text)
            end += *text == '\\' && text[1] ? 2 : 1;
        text = end;
    }
    return *text ? text + 1 : NULL;
}

/* Where the comment, quoted text, variable or word ends that begins at `text`, as libconfuse's
 * lexer has them; `text` itself when none begins there, NULL when it does not end. */
static char *end_of(char *text)
{
    char *end = end_of_variable(text);
    if (end > text)
        return end;
    if (text[0] == '#' || (text[0] == '/' && text[1] == '/'))
        return text + strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*')
        return (end = strstr(text + 2, "*/")) ? end + 2 : NULL;
    if (text[0] == '"' || text[0] == '\'')
        return end_of_quoted(text);
    return text + strcspn(text, " \t\r\n#\"'={}()+,*");
}

/* libconfuse 3.3 counts two lines too many for each comment, and then names the wrong line in its
 * errors: it gets to see blanks in their place. Nor does it get to see what does not end: it takes
 * a quoted text for the end of the file, and is within that still when the next file is read. Gives
 * where such begins, or NULL. */
static char *blank_comments(char *text)
{
    while (*text) {
        bool comment = *text == '#' || (*text == '/' && (text[1] == '/' || text[1] == '*'));
        char *end = end_of(text);
        if (!end)
            return text;
        if (end == text)
            text++;
        for (; text < end; text++)
            if (comment && *text != '\n')
                *text = ' ';
    }
    return NULL;
}

static int line_of(const char *text, const char *place)
{
    int line = 1;
    for (; text < place; text++)
        line += *text == '\n';
    return line;
}

/* The whole file of *size bytes, NUL behind them; the caller frees it. NULL, and errno says why. */
static char *read_text(const char *path, size_t *size)
{
    char *text = NULL;
    FILE *file = fopen(path, "r"), *copy = file ? open_memstream(&text, size) : NULL;
    if (copy) {
        for (int c; (c = getc(file)) != EOF;)
            putc(c, copy);
        fclose(copy);
    }
    if (file && ferror(file)) { /* a folder, say */
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static enum err parse_text(cfg_t *cfg, const char *path, char *text)
{
    size_t len = strlen(text);
    FILE *file = len ? fmemopen(text, len, "r") : NULL;
    if (len == 0)
        return ERR_OK;
    free(cfg->filename);
    cfg->filename = strdup(path);
    reported = false;
    int code = file ? cfg_parse_fp(cfg, file) : CFG_FILE_ERROR;
    if (file)
        fclose(file);
    if (code == CFG_PARSE_ERROR && !reported)
        cfg_error(cfg, "an option's name is expected");
    return code == CFG_SUCCESS ? ERR_OK : ERR_INVALID;
}

static enum err read_file(cfg_t *cfg, const char *path, bool must_exist)
{
    if (!must_exist && access(path, F_OK) != 0)
        return ERR_OK;
    size_t size;
    char *text = read_text(path, &size);
    if (!text) {
        log_error("%s: %s", path, strerror(errno));
        return ERR_INVALID;
    }
    enum err err = ERR_INVALID;
    char *endless = blank_comments(text);
    if (strlen(text) < size) /* what stands behind it would go unread */
        log_error("%s: is no text: it has a NUL byte", path);
    else if (endless)
        log_error("%s:%d: what begins with %.*s does not end", path, line_of(text, endless),
                  *endless == '/' ? 2 : 1, endless);
    else
        err = parse_text(cfg, path, text);
    free(text);
    return err;
}

/* A list's elements are parted by commas or blanks there. */
static enum err set_from_text(cfg_t *cfg, cfg_opt_t *opt, const struct config_option *option,
                              char *text)
{
    char *values[LIST_MAX], *rest = text, *value;
    unsigned count = 0;
    if (option->kind == KIND_LIST)
        while (count < LIST_MAX && (value = strsep(&rest, ", ")))
            values[count] = value, count += *value != '\0';
    else
        values[count++] = text;
    if (cfg_opt_setmulti(cfg, opt, count, values) != CFG_SUCCESS)
        return ERR_INVALID;
    return check_option(cfg, opt) == 0 ? ERR_OK : ERR_INVALID;
}

static enum err read_variable(cfg_t *cfg, const struct config_option *option)
{
    char name[64] = "ROLLCALL_";
    size_t len = strlen(name);
    for (const char *c = option->name; *c; c++)
        name[len++] = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
    const char *value = getenv(name);
    if (!value)
        return ERR_OK;
    char *text = strdup(value), *file = cfg->filename;
    if (!text)
        return ERR_MEMORY;
    /* What is wrong with it is reported under its name. */
    cfg->filename = name;
    cfg->line = 0;
    enum err err = set_from_text(cfg, cfg_getopt(cfg, option->name), option, text);
    cfg->filename = file;
    free(text);
    return err;
}

static void take_list(cfg_t *cfg, const char *name, struct str *texts)
{
    for (unsigned i = 0; i < cfg_size(cfg, name); i++)
        texts[i] = str_of(cfg_getnstr(cfg, name, i));
}

/* The site's lists lie in the configuration itself, wherever that is. */
static void point_at_lists(struct config *config)
{
    config->site.cookie_names = config->cookie_names;
    config->site.cors_origins = config->cors_origins;
    config->site.trust.networks = config->proxies;
    config->site.status_token = config->has_status_token ? config->status_token : NULL;
}

static void take_proxies(cfg_t *cfg, struct config *config)
{
    struct trust *trust = &config->site.trust;
    forwarded_parse(cfg_getstr(cfg, "forwarded"), &trust->forwarded);
    for (unsigned i = 0; i < cfg_size(cfg, "trusted_proxies"); i++) {
        struct str text = str_of(cfg_getnstr(cfg, "trusted_proxies", i));
        if (network_parse(text, &config->proxies[trust->network_count]))
            trust->network_count++;
        else
            trust->local = true;
    }
}

static void take(cfg_t *cfg, struct config *config)
{
    enum log_level level = LOG_INFO;
    *config = (struct config){
        .source = cfg,
        .store = cfg_getstr(cfg, "store"),
        .listen = cfg_getstr(cfg, "listen"),
        .user = cfg_getstr(cfg, "user"),
        .user_agents = cfg_getstr(cfg, "user_agents"),
        .countries = cfg_getstr(cfg, "countries"),
        .log_file = cfg_getstr(cfg, "log_file"),
        .access_log_file = cfg_getstr(cfg, "access_log_file"),
        .socket_mode = (mode_t)strtoul(cfg_getstr(cfg, "socket_mode"), NULL, 8),
        .workers = (int)cfg_getint(cfg, "workers"),
        .requests_per_worker = (uint64_t)cfg_getint(cfg, "requests_per_worker"),
        .request_seconds = (int)cfg_getint(cfg, "request_seconds"),
        .failures_per_minute = cfg_getint(cfg, "failures_per_minute"),
        .drain_seconds = (int)cfg_getint(cfg, "drain_seconds"),
        .map_bytes = (size_t)cfg_getint(cfg, "map_size_mib") << 20,
        .site = {.public_url = str_of(cfg_getstr(cfg, "public_url")),
                 .prefix = str_of(cfg_getstr(cfg, "prefix")),
                 .cookie_name_count = cfg_size(cfg, "cookie_names"),
                 .cors_origin_count = cfg_size(cfg, "cors_origins"),
                 .health_open = strcmp(cfg_getstr(cfg, "health"), "anybody") == 0},
    };
    confine_mode_parse(cfg_getstr(cfg, "confine"), &config->confine);
    access_log_parse(cfg_getstr(cfg, "access_log"), &config->access_log);
    config->has_status_token =
        secret_hash_parse(str_of(cfg_getstr(cfg, "status_token_sha256")), config->status_token);
    take_list(cfg, "cookie_names", config->cookie_names);
    take_list(cfg, "cors_origins", config->cors_origins);
    take_proxies(cfg, config);
    point_at_lists(config);
    log_level_parse(cfg_getstr(cfg, "log_level"), &level);
    log_set_level(level);
}

enum err config_load(const char *path, struct config *config)
{
    const char *named = path ? path : getenv("ROLLCALL_CONFIG");
    cfg_t *cfg = make_parser();
    if (!cfg)
        return ERR_MEMORY;
    enum err err =
        read_file(cfg, named ? named : SYSCONFDIR "/rollcall/rollcall.conf", named != NULL);
    for (size_t i = 0; err == ERR_OK && i < config_option_count; i++)
        err = read_variable(cfg, &config_options[i]);
    if (err == ERR_OK)
        take(cfg, config);
    else
        cfg_free(cfg);
    return err;
}

void config_free(struct config *config)
{
    if (config->source)
        cfg_free(config->source);
    config->source = NULL;
}

void config_replace(struct config *config, struct config *fresh)
{
    config_free(config);
    *config = *fresh;
    point_at_lists(config);
    *fresh = (struct config){.source = NULL};
}

/* ---- showing ---- */

void config_print(const struct config *config, FILE *out)
{
    cfg_print(config->source, out);
}
