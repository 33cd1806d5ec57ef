#!/usr/bin/env bats
# lighttpd, mod_cgi: one process a request.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"
. "$ROLLCALL_SOURCE/tests/wire/lists.bash"

setup_file() {
    make_store "$ROLLCALL_SOURCE/data/demo.jsonl" --as-of 2026-01-01T00:00:00Z
    make_config
    sed "s|@sbindir@|$ROLLCALL_BUILD|" "$ROLLCALL_SOURCE/cgi-bin/rollcall.cgi.in" >"$BATS_FILE_TMPDIR/rollcall.cgi"
    chmod +x "$BATS_FILE_TMPDIR/rollcall.cgi"
    start_web cgi.conf
}

teardown_file() {
    stop_servers
}

@test "Prelude" { lists_prelude; }
@test "Corbado" { lists_corbado; }
@test "Streambird" { lists_streambird; }
@test "Kratos" { lists_kratos; }
@test "Rocket.Chat" { lists_rocketchat; }
@test "HEAD is GET without a body" { each_list head_is_get_without_a_body; }
@test "other methods are refused, and Allow says which are not" { each_list other_methods_are_refused; }
@test "a query string that cannot be read is told in JSON" { each_list broken_queries_are_told; }
@test "strange paths are answered in JSON" { strange_paths_are_answered_in_json; }
@test "UTF-8, + and %20 in queries" { utf8_and_plus_in_queries; }
@test "long cookies, headers and queries" { long_cookies_and_headers; }
@test "one client connection for many requests" { one_connection_for_many_requests; }
@test "fifty requests at once" { fifty_at_once; }
