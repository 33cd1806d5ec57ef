#include "base/clock.h"

#include <time.h>

enum { DAY_S = 86400, INSTANT_TEXT_MAX = 24 };

int64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar; years start in March so that
 * the leap day comes last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Takes exactly `count` digits off the front of *rest. */
static bool take_digits(struct str *rest, size_t count, int64_t *value)
{
    if (rest->len < count)
        return false;
    *value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = rest->ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        *value = *value * 10 + digit;
    }
    *rest = str_from(*rest, count);
    return true;
}

static bool take_byte(struct str *rest, const char *any_of)
{
    if (rest->len == 0 || rest->ptr[0] == '\0' || !strchr(any_of, rest->ptr[0]))
        return false;
    *rest = str_from(*rest, 1);
    return true;
}

static bool take_date(struct str *rest, int64_t *days)
{
    int64_t year, month, day;
    if (!take_digits(rest, 4, &year) || !take_byte(rest, "-") || !take_digits(rest, 2, &month) ||
        !take_byte(rest, "-") || !take_digits(rest, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

static bool take_time(struct str *rest, int64_t *millis, enum precision *precision)
{
    int64_t hour, minute, second, fraction = 0;
    if (!take_digits(rest, 2, &hour) || !take_byte(rest, ":") || !take_digits(rest, 2, &minute) ||
        !take_byte(rest, ":") || !take_digits(rest, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *precision = PRECISION_SECOND;
    if (take_byte(rest, ".")) {
        int64_t digit, weight = 100;
        if (!take_digits(rest, 1, &digit))
            return false;
        do {
            fraction += digit * weight;
            weight /= 10;
        } while (take_digits(rest, 1, &digit));
        *precision = PRECISION_FRACTION;
    }
    *millis = ((hour * 60 + minute) * 60 + second) * SECOND_MS + fraction;
    return true;
}

static bool take_zone(struct str *rest, const char *signs, int64_t *offset_ms)
{
    int64_t hour, minute;
    *offset_ms = 0;
    if (take_byte(rest, "Zz"))
        return true;
    bool west = rest->len && rest->ptr[0] == '-';
    if (!take_byte(rest, signs) || !take_digits(rest, 2, &hour) || !take_byte(rest, ":") ||
        !take_digits(rest, 2, &minute) || hour > 23 || minute > 59)
        return false;
    *offset_ms = (hour * 60 + minute) * 60 * SECOND_MS * (west ? -1 : 1);
    return true;
}

bool instant_parse(struct str text, enum instant_form form, int64_t *instant,
                   enum precision *precision)
{
    bool loose = form == INSTANT_LOOSE;
    enum precision found = PRECISION_DAY;
    int64_t days, millis = 0, offset = 0;
    if (!take_date(&text, &days))
        return false;
    if (text.len || !loose) {
        if (!take_byte(&text, "Tt") || !take_time(&text, &millis, &found))
            return false;
        if ((text.len || !loose) && !take_zone(&text, loose ? "+- " : "+-", &offset))
            return false;
    }
    int64_t result = days * DAY_S * SECOND_MS + millis - offset;
    if (text.len || !instant_is_valid(result))
        return false;
    *instant = result;
    if (precision)
        *precision = found;
    return true;
}

static void put_digits(char *at, int64_t value, int count)
{
    while (count-- > 0) {
        at[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Writes the 19 bytes up to the seconds and gives the milliseconds that are left. */
static int64_t write_to_second(char *at, int64_t instant)
{
    instant = instant < INSTANT_MIN ? INSTANT_MIN : instant > INSTANT_MAX ? INSTANT_MAX : instant;
    int64_t day_ms = (int64_t)DAY_S * SECOND_MS;
    int64_t days = (instant >= 0 ? instant : instant - day_ms + 1) / day_ms;
    int64_t rest = instant - days * day_ms, year, month, day;
    date_of(days, &year, &month, &day);
    memcpy(at, "0000-00-00T00:00:00", 19);
    put_digits(at, year, 4);
    put_digits(at + 5, month, 2);
    put_digits(at + 8, day, 2);
    put_digits(at + 11, rest / 3600000, 2);
    put_digits(at + 14, rest / 60000 % 60, 2);
    put_digits(at + 17, rest / SECOND_MS % 60, 2);
    return rest % SECOND_MS;
}

void instant_put_seconds(struct buf *buf, int64_t instant)
{
    char *room = buf_room(buf, INSTANT_TEXT_MAX);
    if (!room)
        return;
    (void)write_to_second(room, instant);
    room[19] = 'Z';
    buf->len += 20;
}

void instant_put_millis(struct buf *buf, int64_t instant)
{
    char *room = buf_room(buf, INSTANT_TEXT_MAX);
    if (!room)
        return;
    int64_t millis = write_to_second(room, instant);
    room[19] = '.';
    put_digits(room + 20, millis, 3);
    room[23] = 'Z';
    buf->len += INSTANT_TEXT_MAX;
}

void instant_put_short(struct buf *buf, int64_t instant)
{
    char *room = buf_room(buf, INSTANT_TEXT_MAX);
    if (!room)
        return;
    int64_t millis = write_to_second(room, instant);
    size_t len = 19;
    if (millis) {
        room[19] = '.';
        put_digits(room + 20, millis, 3);
        len = 23;
        while (room[len - 1] == '0')
            len--;
    }
    room[len] = 'Z';
    buf->len += len + 1;
}
