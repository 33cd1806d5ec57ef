/* The country of an address, from a database in MaxMind's format. */
#ifndef ROLLCALL_ENRICH_GEO_H
#define ROLLCALL_ENRICH_GEO_H

#include "base/err.h"

struct geo;

/* The caller owns *geo and ends it with geo_close. ERR_NOT_FOUND; ERR_INVALID: no such database. */
enum err geo_open(const char *path, struct geo **geo) MUST_CHECK;
void geo_close(struct geo *geo);

/* Writes two letters (ISO 3166-1) when the address is one and its country is known; else false. */
bool geo_country(struct geo *geo, struct str address, char *out);

#endif
