/* Strict reading of a JSON object: every member is asked for by name, and what nobody asked for is
 * an error. The first thing that is wrong is kept, later ones are not looked at. */
#ifndef ROLLCALL_MODEL_JSON_IN_H
#define ROLLCALL_MODEL_JSON_IN_H

#include <jansson.h>

#include "base/arena.h"
#include "model/interchange.h"

/* What a whole line is read with. */
struct reader {
    struct arena *arena;
    int64_t shift_ms;
    struct record_fault *fault;
    enum err err; /* ERR_OK until something is wrong */
};

enum { MEMBERS_MAX = 40 };

/* An object in it. `path` is what stands before its members' names in reports, "" or "device.". */
struct object {
    struct reader *reader;
    json_t *json;
    struct str path;
    const char *asked[MEMBERS_MAX]; /* the names of members asked for, literals */
    size_t asked_count;
};

/* Notes that a member is not what was expected; keeps the first such note. */
void object_fault(struct object *object, const char *name, const char *expected);

/* The same for an element of a member that is an array. */
void object_fault_at(struct object *object, const char *name, size_t at, const char *expected);

/* Each looks a member up; false when it is absent (and was not required) or wrong. */
bool object_has(struct object *object, const char *name);
/* Text of `least` to `most` bytes without control characters. */
bool object_text(struct object *object, const char *name, size_t least, size_t most,
                 struct str *text);
/* true or false; which of them is not told. */
bool object_boolean(struct object *object, const char *name);
/* An instant in UTC, in milliseconds since 1970, shifted. */
bool object_instant(struct object *object, const char *name, int64_t *instant);
bool object_integer(struct object *object, const char *name, int64_t low, int64_t high,
                    int64_t *value);
/* One of `count` words; its place among them. */
bool object_word(struct object *object, const char *name, const char *const *words, size_t count,
                 int *place);
/* Any JSON of that type as compact text of at most `most` bytes; JSON_NULL: of any type. */
bool object_json(struct object *object, const char *name, json_type type, size_t most,
                 struct str *text);
/* A member that is an object, and an array's elements that are; the caller reads and ends each. */
bool object_member(struct object *object, const char *name, struct object *member);
json_t *object_array(struct object *object, const char *name, size_t most);
struct object object_element(struct object *object, const char *name, json_t *array, size_t at);

void object_require(struct object *object, const char *name);
/* Members that nobody asked for are a fault. */
void object_end(struct object *object);

#endif
