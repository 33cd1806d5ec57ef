/* Suites whose tests fail when they leak. */
#ifndef ROLLCALL_TESTS_SUITE_H
#define ROLLCALL_TESTS_SUITE_H

#include <criterion/criterion.h>

/* Criterion 2.4.1 takes a test's process for passed when a leak is found as it exits; looked for
 * here, a leak is a failure. */
void suite_fini(void);
/* The random source and ids are ready. */
void suite_init(void);

#define SUITE(name) TestSuite(name, .init = suite_init, .fini = suite_fini)

#endif
