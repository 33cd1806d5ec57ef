/* base/log: files that lines go to, and that are opened anew. */
#include "base/log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/files.h"
#include "support/scratch.h"
#include "support/suite.h"

SUITE(log);

struct place {
    char *dir;
    char log[512], requests[512], old[512];
};

static struct place place_make(void)
{
    struct place place = {.dir = scratch_dir()};
    snprintf(place.log, sizeof(place.log), "%s/log", place.dir);
    snprintf(place.requests, sizeof(place.requests), "%s/requests", place.dir);
    snprintf(place.old, sizeof(place.old), "%s/old", place.dir);
    return place;
}

static void place_end(struct place *place)
{
    cr_assert(log_open("", ""));
    scratch_remove(place->dir);
}

static void expect_text(const char *path, const char *text)
{
    char *found = file_read(path);
    cr_assert_not_null(found, "%s cannot be read", path);
    cr_expect_str_eq(found, text);
    free(found);
}

static void expect_part(const char *path, const char *text)
{
    char *found = file_read(path);
    cr_assert_not_null(found, "%s cannot be read", path);
    cr_expect_not_null(strstr(found, text), "no \"%s\" in: %s", text, found);
    free(found);
}

Test(log, lines_go_to_the_file_and_to_the_one_of_requests)
{
    struct place place = place_make();
    cr_assert(log_open(place.log, place.requests));
    log_info("with a \n in it");
    log_request(STR("one\n"));
    expect_part(place.log, "info [");
    expect_part(place.log, "] with a \\x0a in it\n");
    expect_text(place.requests, "one\n");
    place_end(&place);
}

Test(log, requests_go_with_the_others_where_no_file_is_theirs)
{
    struct place place = place_make();
    cr_assert(log_open(place.log, ""));
    log_request(STR("one\n"));
    expect_text(place.log, "one\n");
    place_end(&place);
}

Test(log, what_is_there_stays)
{
    struct place place = place_make();
    for (int i = 0; i < 2; i++) {
        cr_assert(log_open(place.log, ""));
        log_request(STR("one\n"));
    }
    expect_text(place.log, "one\none\n");
    place_end(&place);
}

Test(log, a_file_that_was_moved_away_is_opened_anew)
{
    struct place place = place_make();
    cr_assert(log_open("", place.requests));
    log_request(STR("one\n"));
    cr_assert_eq(rename(place.requests, place.old), 0);
    log_request(STR("two\n"));
    cr_assert(log_reopen());
    log_request(STR("three\n"));
    expect_text(place.old, "one\ntwo\n");
    expect_text(place.requests, "three\n");
    place_end(&place);
}

Test(log, what_cannot_be_opened_leaves_all_as_it_was)
{
    struct place place = place_make();
    cr_assert(log_open(place.log, place.requests));
    cr_expect_not(log_open(place.old, "/nowhere/at/all"));
    cr_expect_not(log_open("/nowhere/at/all", ""));
    log_request(STR("one\n"));
    expect_text(place.requests, "one\n");
    expect_part(place.log, "log: /nowhere/at/all: No such file or directory");
    place_end(&place);
}

Test(log, a_folder_that_is_gone_takes_no_line_away)
{
    struct place place = place_make();
    char away[600];
    snprintf(away, sizeof(away), "%s.away", place.dir);
    cr_assert(log_open("", place.requests));
    cr_assert_eq(rename(place.dir, away), 0);
    cr_expect_not(log_reopen());
    log_request(STR("one\n"));
    cr_assert_eq(rename(away, place.dir), 0);
    expect_text(place.requests, "one\n");
    place_end(&place);
}
