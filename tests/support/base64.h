/* Base 64 with padding (RFC 4648), as a web client writes what it signs in with. */
#ifndef ROLLCALL_TESTS_BASE64_H
#define ROLLCALL_TESTS_BASE64_H

/* Four characters for every three of the text, begun ones too, and a NUL. */
void base64_write(const char *text, char *out);

#endif
