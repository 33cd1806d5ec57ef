/* What tests do to a store past every program of ours.
 *
 *   faults-tool readers STORE COUNT   begins so many transactions that only read (0: as many as
 *                                     there are to be had), says "held" and their number, and
 *                                     keeps them until a line comes on standard input, or its end
 *   faults-tool format STORE NUMBER   makes it a store of that format, by its own word
 *   faults-tool spoil STORE NUMBER    of the session of that number, from 0, nothing can be read */
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 64, HELD_MAX = 4096 };

static int hold(MDB_env *env, long wanted)
{
    static MDB_txn *txns[HELD_MAX];
    char line[16];
    long held = 0;
    int code = MDB_SUCCESS;
    while (code == MDB_SUCCESS && held < (wanted ? wanted : HELD_MAX)) {
        code = mdb_txn_begin(env, NULL, MDB_RDONLY, &txns[held]);
        held += code == MDB_SUCCESS;
    }
    if (code == MDB_READERS_FULL && wanted == 0)
        code = MDB_SUCCESS;
    printf("held %ld\n", held);
    fflush(stdout);
    (void)!fgets(line, sizeof(line), stdin);
    while (held > 0)
        mdb_txn_abort(txns[--held]);
    return code;
}

static int set_format(MDB_env *env, uint64_t format)
{
    static char name[] = "format";
    uint8_t number[8];
    MDB_txn *txn;
    MDB_dbi meta;
    MDB_val key = {sizeof(name) - 1, name}, value = {sizeof(number), number};
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)(format >> (56 - 8 * i));
    int code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code == MDB_SUCCESS)
        code = mdb_dbi_open(txn, "meta", 0, &meta);
    if (code == MDB_SUCCESS)
        code = mdb_put(txn, meta, &key, &value, 0);
    return code == MDB_SUCCESS ? mdb_txn_commit(txn) : code;
}

static int spoil(MDB_env *env, long number)
{
    static char nothing[] = "nothing";
    MDB_txn *txn;
    MDB_dbi sessions;
    MDB_cursor *cursor;
    MDB_val key, value = {sizeof(nothing), nothing}, old;
    int code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code == MDB_SUCCESS)
        code = mdb_dbi_open(txn, "sessions", 0, &sessions);
    if (code == MDB_SUCCESS)
        code = mdb_cursor_open(txn, sessions, &cursor);
    if (code != MDB_SUCCESS)
        return code;
    code = mdb_cursor_get(cursor, &key, &old, MDB_FIRST);
    for (; code == MDB_SUCCESS && number > 0; number--)
        code = mdb_cursor_get(cursor, &key, &old, MDB_NEXT);
    if (code == MDB_SUCCESS)
        code = mdb_cursor_put(cursor, &key, &value, MDB_CURRENT);
    mdb_cursor_close(cursor);
    return code == MDB_SUCCESS ? mdb_txn_commit(txn) : code;
}

int main(int argc, char **argv)
{
    MDB_env *env;
    if (argc != 4 || strtol(argv[3], NULL, 10) > HELD_MAX)
        return 2;
    long number = strtol(argv[3], NULL, 10);
    if (mdb_env_create(&env) != MDB_SUCCESS)
        return EXIT_FAILURE;
    int code = mdb_env_set_maxdbs(env, TABLES_MAX);
    if (code == MDB_SUCCESS)
        code = mdb_env_open(env, argv[2], MDB_NOTLS, 0600);
    if (code == MDB_SUCCESS)
        code = strcmp(argv[1], "readers") == 0 ? hold(env, number)
               : strcmp(argv[1], "spoil") == 0 ? spoil(env, number)
                                               : set_format(env, (uint64_t)number);
    mdb_env_close(env);
    if (code != MDB_SUCCESS)
        fprintf(stderr, "faults-tool: %s\n", mdb_strerror(code));
    return code == MDB_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
