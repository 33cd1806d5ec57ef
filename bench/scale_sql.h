/* SQLite, for what loads it. */
#ifndef ROLLCALL_BENCH_SCALE_SQL_H
#define ROLLCALL_BENCH_SCALE_SQL_H

#include <sqlite3.h>

/* What fails ends the program. */
void sql_check(int result);
sqlite3_stmt *sql_statement(const char *sql);

#endif
