#!/usr/bin/env bats
# Proxies in front of the web server, lighttpd and Apache: scheme and host as the client saw them, in links, redirects,
# proofs of possession and cookies; and strangers who claim to be proxies.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup_file() {
    echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"rk"},{"for":"prelude","secret":"mk"}]}
{"kind":"app","id":"loose","prelude":{"dpop":"optional","mode":"dev"},"keys":[{"for":"admin","secret":"rk_loose"}]}
{"kind":"session","app":"acme","user":"u","token":"token"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    jose jwk gen -i '{"alg":"ES256"}' -o "$BATS_FILE_TMPDIR/key.jwk"
}

# Web servers of one test's own, but on the file's store.
setup() {
    mkdir "$BATS_TEST_TMPDIR/own"
    cp -r "$BATS_FILE_TMPDIR/store" "$BATS_FILE_TMPDIR/key.jwk" "$BATS_TEST_TMPDIR/own"
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR/own
    id=$("$rollcall" --store "$BATS_FILE_TMPDIR/store" list --app=acme --json | jq -r .id)
}

teardown() {
    stop_servers
}

# front_apache: on $front, in front of the web server at $port; it says https, as if it had ended TLS.
front_apache() {
    local modules=/usr/lib/apache2/modules folder
    front=$(free_port)
    folder=$BATS_FILE_TMPDIR/$front
    mkdir "$folder"
    cat >"$folder/apache.conf" <<CONF
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule headers_module $modules/mod_headers.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
Listen 127.0.0.1:$front
ServerName localhost
ServerRoot $folder
DocumentRoot $folder
PidFile $folder/apache.pid
ErrorLog $folder/apache.log
RequestHeader set X-Forwarded-Proto https
ProxyPass "/" "http://127.0.0.1:$port/"
CONF
    apache2 -D FOREGROUND -f "$folder/apache.conf" 2>>"$BATS_FILE_TMPDIR/front.log" 3>&- &
    note_pid $!
    begin_front
}

# front_lighttpd: likewise, with Forwarded.
front_lighttpd() {
    front=$(free_port)
    cat >"$BATS_FILE_TMPDIR/front.conf" <<CONF
server.modules = ( "mod_proxy" )
server.bind = "127.0.0.1"
server.port = $front
server.document-root = "$BATS_FILE_TMPDIR"
server.errorlog = "$BATS_FILE_TMPDIR/front.log"
proxy.forwarded = ( "for" => 1, "proto" => 1, "host" => 1 )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => $port )) )
CONF
    lighttpd -D -f "$BATS_FILE_TMPDIR/front.conf" 2>>"$BATS_FILE_TMPDIR/front.log" 3>&- &
    note_pid $!
    begin_front
}

begin_front() {
    front_answers() {
        [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$front/sessions/whoami")" = 401 ]
    }
    until_true front_answers
}

# through PATH [CURL OPTION...]: by the proxy, for app.example, from an address that nobody trusts.
through() {
    local path=$1
    shift
    url=http://127.0.0.1:$front get "$path" --interface 127.0.0.9 -H "Host: app.example" "$@"
}

# strange PATH [CURL OPTION...]: the same past the proxy.
strange() {
    local path=$1
    shift
    get "$path" --interface 127.0.0.9 -H "Host: app.example" "$@"
}

# links HOW [CURL OPTION...]: where the link to a schema begins.
links() {
    local how=$1
    shift
    "$how" "/admin/sessions/$id?expand=identity" -H "Authorization: Bearer rk" "$@"
    expect_status 200
    schema=$(jq -r .identity.schema_url <<<"$body")
    schema=${schema%/schemas/*}
}

# proof URL NONCE
proof() {
    local public
    public=$(jose jwk pub -i "$BATS_FILE_TMPDIR/key.jwk" -o - | jq -c '{kty,crv,x,y}')
    jq -cn --arg u "$1" --arg n "$2" --arg j "$RANDOM$RANDOM$RANDOM" --argjson i "$(date +%s)" \
        '{jti:$j,htm:"POST",htu:$u,iat:$i} + if $n == "" then {} else {nonce:$n} end' |
        jose jws sig -I - -s "{\"protected\":{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":$public}}" \
            -k "$BATS_FILE_TMPDIR/key.jwk" -c -o -
}

# proves URL: whether a proof for it is one for the refresh route, asked through the proxy.
proves() {
    local token nonce
    through /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" -d '{"user":"p"}'
    token=$(jq -r .credentials.refresh_token <<<"$body")
    through /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token" -H "DPoP: $(proof "$1" '')"
    nonce=$(sed -n 's/^DPoP-Nonce: //Ip' <<<"$headers")
    [ -n "$nonce" ] || return 1
    through /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $token" -H "DPoP: $(proof "$1" "$nonce")"
    [ "$status_code" = 200 ]
}

expect_schema() {
    [ "$schema" = "$1" ] || {
        echo "links begin with \"$schema\", not \"$1\""
        return 1
    }
}

@test "Apache in front, X-Forwarded-*" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "x-forwarded"'
    start_web
    front_apache
    links through
    expect_schema https://app.example
    # What a client puts there itself is not what the proxy adds.
    links through -H "X-Forwarded-Host: evil.example" -H "X-Forwarded-Proto: gopher" -H "X-Forwarded-For: 127.0.0.1"
    expect_schema https://app.example
    links through -H "Forwarded: for=127.0.0.1;host=evil.example;proto=http"
    expect_schema https://app.example
    # CGI spells this one as the other; then neither counts.
    links through -H "X_Forwarded_Host: evil.example" -H "X_Forwarded_Proto: http"
    expect_schema ""
    links strange -H "X-Forwarded-For: 127.0.0.1" -H "X-Forwarded-Host: evil.example" -H "X-Forwarded-Proto: https"
    expect_schema ""
    through /admin/sessions/whoami -H "Authorization: Bearer rk"
    expect_status 307
    expect_header Location https://app.example/sessions/whoami
    proves https://app.example/v1/session/refresh
    fails proves http://app.example/v1/session/refresh
    fails proves "https://127.0.0.1:$port/v1/session/refresh"
    # An app's keys are at the host that its clients know.
    url=http://127.0.0.1:$front get /.well-known/jwks.json --interface 127.0.0.9 -H "Host: loose.example"
    expect_status 200
}

@test "a session is its client's, where login code hands a request on and says so" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "x-forwarded"'
    start_web
    front_apache
    local create=(/rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" -A "Mozilla/5.0 (test)")
    through "${create[@]}" -d '{"user":"p","forwarded":true}'
    expect_status 201
    expect_json '.session | [.ip, .host, .user_agent]' '["127.0.0.9","app.example","Mozilla/5.0 (test)"]'
    # What the body says comes first.
    through "${create[@]}" -d '{"user":"p","forwarded":true,"ip":"203.0.113.7","host":"h","user_agent":"u"}'
    expect_json '.session | [.ip, .host, .user_agent]' '["203.0.113.7","h","u"]'
    through "${create[@]}" -A $'caf\xe9' -d '{"user":"p","forwarded":true}'
    expect_status 201
    expect_json '.session | [.ip, .user_agent]' '["127.0.0.9",null]'
    # What no record may hold is left out, so that what is listed can be imported.
    through "${create[@]}" -A $'a\tb' -d '{"user":"p","forwarded":true}'
    expect_json '.session | [.ip, .user_agent]' '["127.0.0.9",null]'
    # Without that word nothing is: the request is login code's own.
    through "${create[@]}" -d '{"user":"p"}'
    expect_json '.session | [.ip, .host, .user_agent]' '[null,null,null]'
    strange "${create[@]}" -d '{"user":"p","forwarded":true}' -H "X-Forwarded-For: 203.0.113.9"
    expect_status 400
    expect_json .field '"forwarded"'
    through "${create[@]}" -d '{"user":"p","forwarded":1}'
    expect_status 400
}

@test "lighttpd in front, Forwarded" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "rfc7239"'
    start_web
    front_lighttpd
    links through
    expect_schema http://app.example
    links through -H 'Forwarded: for="127.0.0.1;host=evil.example;proto=https'
    expect_schema http://app.example
    links through -H 'Forwarded: for=127.0.0.1;host=evil.example;proto=https'
    expect_schema http://app.example
    links strange -H "Forwarded: for=127.0.0.1;host=evil.example;proto=https"
    expect_schema ""
    proves http://app.example/v1/session/refresh
    fails proves https://app.example/v1/session/refresh
}

@test "lighttpd in front of Apache" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.0/29"}' 'forwarded = "rfc7239"'
    start_web apache-conf/rollcall.conf
    front_lighttpd
    links through
    expect_schema http://app.example
    links strange -H "Forwarded: for=127.0.0.1;host=evil.example;proto=https"
    expect_schema ""
}

@test "two proxies in a row" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "x-forwarded"'
    start_web
    front_apache
    local inner=$front
    # The outer one asks the inner one, which asks the web server.
    port=$inner front_apache
    links through
    expect_schema https://app.example
    links through -H "X-Forwarded-Host: evil.example" -H "X-Forwarded-For: 127.0.0.1"
    expect_schema https://app.example
}

@test "public_url comes before what a proxy says" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "x-forwarded"' \
        'public_url = "https://public.example/auth"'
    start_web
    front_apache
    links through
    expect_schema https://public.example/auth
}

@test "a cookie is Secure and the asked host's alone, behind any proxy" {
    start_pool "workers = 1" 'trusted_proxies = {"127.0.0.1"}' 'forwarded = "rfc7239"'
    start_web
    front_lighttpd
    local token
    through /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk_loose" -d '{"user":"p"}'
    token=$(jq -r .credentials.refresh_token <<<"$body")
    through /v1/session/refresh -X POST -d '' -H "Cookie: __Host-refresh_loose=$token"
    expect_status 200
    grep -qi '^Set-Cookie: __Host-refresh_loose=.*; Path=/; .*; Secure; ' <<<"$headers"
    fails grep -i '^Set-Cookie: .*Domain' <<<"$headers"
    # Whose address it comes from says nothing of the user's.
    through /rollcall/v1/sessions -X POST -H "Authorization: Bearer rk" -d '{"user":"p"}'
    expect_json '.session.ip' null
}
