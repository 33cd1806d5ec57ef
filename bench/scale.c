/* Pages and totals of a store that bench-gen's records were imported into, next to SQLite.
 *
 *   bench-scale load NOW STORE DATABASE         makes the database, of what is in the store
 *   bench-scale ask NOW STORE DATABASE ROUNDS   how long each request takes both, and what memory
 *   bench-scale write NOW STORE ROUNDS MS       writes a second, which the store keeps
 *
 * NOW is an instant in milliseconds: statuses are asked for as of then, and writes begin there.
 * Prints JSON Lines. Where the two do not answer the same it fails. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "model/secret.h"
#include "scale.h"

int64_t scale_now;

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "bench-scale: ");
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    exit(EXIT_FAILURE);
}

static int64_t number_of(const char *word, int64_t most)
{
    int64_t number;
    if (!str_to_i64(str_of(word), &number) || number < 1 || number > most)
        die("a number from 1 to %" PRId64 " is expected: %s", most, word);
    return number;
}

static void load(const char *store, const char *database)
{
    store_side_open(store, STORE_READ);
    int64_t start = clock_monotonic_ns();
    sql_load(database);
    printf("{\"family\":\"load\",\"milliseconds\":%" PRId64 ",\"sqlite\":\"%s\"}\n",
           (clock_monotonic_ns() - start) / 1000000, sqlite3_libversion());
    store_side_close();
}

static void ask(const char *store, const char *database)
{
    char light[TEXT_ROOM], heavy[TEXT_ROOM];
    sql_open(database, false);
    sql_text("SELECT user_id FROM sessions GROUP BY user_id HAVING count(*) = 3 LIMIT 1", light);
    sql_text("SELECT user_id FROM sessions GROUP BY user_id ORDER BY count(*) DESC LIMIT 1", heavy);
    sql_close();
    measure_memory(store, light, heavy);
    sql_open(database, false);
    store_side_open(store, STORE_READ);
    requests_each(light, heavy, measure);
    store_side_close();
    sql_close();
}

int main(int argc, char **argv)
{
    enum { ROUNDS_MOST = 99, MILLISECONDS_MOST = 600000 };
    const char *verb = argc > 1 ? argv[1] : "";
    if (!secret_begin())
        die("no numbers at random");
    if (argc > 2)
        scale_now = number_of(argv[2], INSTANT_MAX);
    if (argc == 5 && strcmp(verb, "load") == 0) {
        load(argv[3], argv[4]);
    } else if (argc == 6 && strcmp(verb, "ask") == 0) {
        measure_rounds = (int)number_of(argv[5], ROUNDS_MOST);
        ask(argv[3], argv[4]);
    } else if (argc == 6 && strcmp(verb, "write") == 0) {
        measure_rounds = (int)number_of(argv[4], ROUNDS_MOST);
        measure_writes(argv[3], number_of(argv[5], MILLISECONDS_MOST));
    } else {
        fprintf(stderr, "usage: bench-scale load NOW STORE DATABASE\n"
                        "       bench-scale ask NOW STORE DATABASE ROUNDS\n"
                        "       bench-scale write NOW STORE ROUNDS MS\n");
        return 2;
    }
    return EXIT_SUCCESS;
}
