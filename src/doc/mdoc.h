/* What mdoc(7), the language of manual pages, asks of the texts in it. */
#ifndef ROLLCALL_DOC_MDOC_H
#define ROLLCALL_DOC_MDOC_H

#include <stdio.h>

/* Running text in lines of its own, a sentence a line, with a capital at its beginning and a full
 * stop at its end. '\v' parts sentences as a blank does; between grave accents stands code. */
void mdoc_text(FILE *out, const char *text);
/* A word among the arguments of a macro; blanks in it stay. */
void mdoc_word(FILE *out, const char *word);

#endif
