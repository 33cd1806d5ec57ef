#include "dialect/dialect.h"

const struct dialect *const dialects[] = {
    &dialect_prelude,
    &dialect_corbado,
    &dialect_streambird,
    &dialect_kratos,
    &dialect_rocketchat,
    &dialect_native,
    NULL,
};
