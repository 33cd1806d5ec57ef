#!/usr/bin/env bats
# Plain CGI: what a request says stays a request, and no other file becomes a program.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    mount=/auth
    echo '{"kind":"app","id":"acme"}
{"kind":"session","app":"acme","user":"u","token":"token"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
}

teardown() {
    stop_servers
}

# The program itself, as Apache's CGI program.
serve_alias() {
    mkdir -p "$BATS_FILE_TMPDIR/htdocs"
    cat >"$BATS_FILE_TMPDIR/site.conf" <<CONF
ScriptAlias $mount "$rollcalld"
<Directory "${rollcalld%/*}">
    Require all granted
</Directory>
SetEnv ROLLCALL_STORE "$BATS_FILE_TMPDIR/store"
SetEnv ROLLCALL_PREFIX $mount
CONF
    PORT=$port DIR=$BATS_FILE_TMPDIR exec setsid apache2 -D FOREGROUND -D PREFORK -f "$ROLLCALL_SOURCE/tests/support/apache.conf"
}

@test "a query that becomes arguments is none of the program's" {
    local query
    start_web alias-conf/rollcall.conf
    echo "log_file = \"$BATS_FILE_TMPDIR/hostile\"" >"$BATS_TEST_TMPDIR/hostile.conf"
    for query in -c+/dev/stdin "-c$BATS_TEST_TMPDIR/hostile.conf" --check-config -%2Dhelp word; do
        get "/sessions/whoami?$query" -H 'X-Session-Token: token' -X POST --data-binary "@$BATS_TEST_TMPDIR/hostile.conf"
        expect_status 200
    done
    [ ! -e "$BATS_FILE_TMPDIR/hostile" ]
}

@test "lighttpd's recipe makes no program of other files" {
    make_config 'prefix = "/auth"'
    start_web lighttpd-conf/rollcall-cgi.conf
    get /sessions/whoami -H 'X-Session-Token: token'
    expect_status 200
    printf '#!/bin/sh\nprintf "Status: 299 Run\\n\\n"\n' >"$BATS_FILE_TMPDIR/other.cgi"
    chmod +x "$BATS_FILE_TMPDIR/other.cgi"
    url=http://127.0.0.1:$port get /other.cgi
    [ "$status_code" != 299 ]
}
