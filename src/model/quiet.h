/* jose's configuration, such that it writes nothing to standard error: failures are told by the
 * caller, in its own words. */
#ifndef ROLLCALL_MODEL_QUIET_H
#define ROLLCALL_MODEL_QUIET_H

#include <jose/cfg.h>

/* NULL when out of memory. The caller ends it, as by jose_cfg_auto_t. */
jose_cfg_t *quiet_config(void);

#endif
