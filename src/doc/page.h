/* A manual page of its template: lines of prose that are passed on, and lines that ask for a part:
 *     @synopsis PROGRAM@
 *     @options COMMAND@      of "rollcall list", say
 *     @config@
 *     @credentials TAG@, @operations TAG@, @parameters TAG@, @failures TAG@   of the OpenAPI
 * document */
#ifndef ROLLCALL_DOC_PAGE_H
#define ROLLCALL_DOC_PAGE_H

#include <stdbool.h>
#include <stdio.h>

/* `openapi` names the document's file. False, and standard error says why, when the template asks
 * for what is not there, or leaves out a command that has options, or a dialect of some. */
bool page_write(FILE *template, const char *openapi, FILE *out);

#endif
