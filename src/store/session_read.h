/* Sessions as the rest of the store reads them. */
#ifndef ROLLCALL_STORE_SESSION_READ_H
#define ROLLCALL_STORE_SESSION_READ_H

#include "store/env.h"

/* Decodes a record that lies at `place`, its device read along; one whose device is damaged says
 * nothing of it. */
enum err session_read(struct snapshot *snapshot, struct str record, const struct place *place,
                      struct session *session) MUST_CHECK;
/* The session at a place that an index entry gave: ERR_CORRUPT when there is none. */
enum err session_at(struct snapshot *snapshot, const struct place *place,
                    struct session *session) MUST_CHECK;
/* The same, but for what its status depends on alone, as session_decode_head has it. */
enum err session_head_at(struct snapshot *snapshot, const struct place *place,
                         struct session *session) MUST_CHECK;

#endif
