#include "dialect/params.h"

bool param_integer(const struct request *request, const char *name, int64_t low, int64_t high,
                   int64_t *value)
{
    const struct param *param = request_param(request, name);
    int64_t number;
    if (!param)
        return true;
    if (!str_to_i64(param->value, &number) || number < low || number > high)
        return false;
    *value = number;
    return true;
}
