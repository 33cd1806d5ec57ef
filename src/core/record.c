#include "core/record.h"

struct put record_put(struct record *record)
{
    switch (record->kind) {
    case RECORD_APP:
        return (struct put){
            PUT_APP,
            .app = {.app = record->app, .keys = record->keys, .key_count = record->key_count}};
    case RECORD_USER:
        return (struct put){PUT_USER, .user = {.app_id = record->app_id, .user = record->user}};
    case RECORD_SESSION:
        break;
    }
    return (struct put){
        PUT_SESSION,
        .session = {.app_id = record->app_id, .user_id = record->user_id, .draft = &record->draft}};
}
