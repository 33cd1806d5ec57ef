#!/usr/bin/env bats
# The program itself as Apache's CGI program: what a request says stays a request.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    echo '{"kind":"app","id":"acme"}
{"kind":"session","app":"acme","user":"u","token":"token"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    mount=/auth
    start_web alias-conf/rollcall.conf
}

teardown_file() {
    stop_servers
}

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
    echo "log_file = \"$BATS_FILE_TMPDIR/hostile\"" >"$BATS_TEST_TMPDIR/hostile.conf"
    for query in -c+/dev/stdin "-c$BATS_TEST_TMPDIR/hostile.conf" --check-config -%2Dhelp word; do
        get "/sessions/whoami?$query" -H 'X-Session-Token: token' -X POST --data-binary "@$BATS_TEST_TMPDIR/hostile.conf"
        expect_status 200
    done
    [ ! -e "$BATS_FILE_TMPDIR/hostile" ]
}
