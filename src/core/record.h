/* A record of the neutral form as what the store is to write. */
#ifndef ROLLCALL_CORE_RECORD_H
#define ROLLCALL_CORE_RECORD_H

#include "model/interchange.h"
#include "store/store.h"

/* Its views and its draft are the record's. */
struct put record_put(struct record *record);

#endif
