/* The descriptors of standard input, output and error. */
#ifndef ROLLCALL_BASE_STD_H
#define ROLLCALL_BASE_STD_H

/* Keeps their numbers from files that are opened later, where they are closed at a process's start:
 * what is meant for standard error would be written into one. To read from one, or write to it,
 * still fails, as if it were closed. Before anything is opened. */
void std_reserve(void);

#endif
