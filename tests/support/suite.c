#include "support/suite.h"

#include <stdlib.h>

#include "model/secret.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_LEAK_CHECK
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(WITH_LEAK_CHECK)
#include <sanitizer/lsan_interface.h>

void suite_fini(void)
{
    if (__lsan_do_recoverable_leak_check())
        abort();
}
#else
void suite_fini(void)
{
}
#endif

void suite_init(void)
{
    cr_assert(secret_begin(), "the random source does not work");
}
