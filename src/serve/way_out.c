#include "serve/way_out.h"

#include <signal.h>

#include "store/store.h"

sigjmp_buf way_out;
static volatile sig_atomic_t is_open;

static void on_lack(void)
{
    if (!is_open)
        return;
    is_open = 0;
    siglongjmp(way_out, 1);
}

void way_out_begin(void)
{
    store_on_lack(on_lack);
}

void way_out_open(bool open)
{
    is_open = open;
}
