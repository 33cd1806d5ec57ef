/* A configuration file: it is read, and what is then printed of it reads as the same again; or it
 * is refused, with a line in the log that says why. */
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "fuzz/fuzz.h"
#include "serve/config.h"

enum { LOG_MOST = 1 << 20 };

static char file[PATH_MAX], lines[PATH_MAX];

static void begin(void)
{
    const char *folder = getenv("TMPDIR");
    folder = folder ? folder : "/tmp";
    snprintf(file, sizeof(file), "%s/configuration-%d", folder, (int)getpid());
    snprintf(lines, sizeof(lines), "%s/configuration-%d.log", folder, (int)getpid());
    MUST_HOLD(log_open(lines, ""), "no log");
}

static void write_file(struct str text)
{
    FILE *out = fopen(file, "w");
    MUST_HOLD(out && fwrite(text.ptr, 1, text.len, out) == text.len && fclose(out) == 0, "%s",
              file);
}

/* How long the log is. */
static off_t logged(void)
{
    struct stat info;
    MUST_HOLD(stat(lines, &info) == 0, "%s", lines);
    return info.st_size;
}

static struct str printed(const struct config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    MUST_HOLD(out, "no memory");
    config_print(config, out);
    MUST_HOLD(fclose(out) == 0, "no memory");
    return (struct str){text, size};
}

static void read_again(const struct config *config)
{
    struct config again;
    struct str first = printed(config);
    write_file(first);
    MUST_HOLD(config_load(file, &again) == ERR_OK, "%.*s", STR_ARG(first));
    struct str second = printed(&again);
    MUST_HOLD(str_eq(first, second), "%.*s\nbecame\n%.*s", STR_ARG(first), STR_ARG(second));
    config_free(&again);
    free((char *)first.ptr);
    free((char *)second.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    if (!file[0])
        begin();
    if (logged() > LOG_MOST)
        MUST_HOLD(truncate(lines, 0) == 0, "%s", lines);
    off_t before = logged();
    write_file(fuzz_input(data, size));
    if (config_load(file, &config) != ERR_OK) {
        MUST_HOLD(logged() > before, "refused without a word");
        return 0;
    }
    read_again(&config);
    config_free(&config);
    return 0;
}
