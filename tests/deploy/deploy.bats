#!/usr/bin/env bats
# What every way in does alike. tests/run-bats runs this file once for each set-up of setups.bash, at / and under a
# prefix: it is linked to by the names of these, such as nginx@.bats and nginx@auth.bats.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"
. "$ROLLCALL_SOURCE/tests/deploy/setups.bash"
. "$ROLLCALL_SOURCE/data/demo.env"

setup=$(basename "$BATS_TEST_FILENAME" .bats)
mount=${setup#*@}
mount=${mount:+/$mount}
setup=${setup%@*}
choose "$setup"
# shellcheck disable=SC2034
BATS_TEST_NAME_PREFIX="$setup at ${mount:-/}: "

# The demo's records, and what takes more than it has: an administrator, keys, and ids that are hard to spell.
records() {
    jq -c 'if .id == "acme" then .prelude = {dpop: "optional", mode: "dev"} | .kratos = {tokenizer: "edge"} |
        .keys += [{for: "prelude", secret: "mk_demo"}] else . end' "$ROLLCALL_SOURCE/data/demo.jsonl"
    echo '{"kind":"user","app":"acme","id":"root","roles":["admin"]}'
    echo '{"kind":"session","app":"acme","user":"root","token":"root-token"}'
    jq -nc '"a/b", "a%2Fb", "a b", "a+b", "é", "a?b", "a;b=c", "..a" | {kind: "user", app: "acme", id: .}'
}

# One store for all; each has a copy.
setup_file() {
    if [ ! -d "$BATS_RUN_TMPDIR/store" ]; then
        records >"$BATS_RUN_TMPDIR/records.jsonl"
        make_store "$BATS_RUN_TMPDIR/records.jsonl" --as-of 2026-01-01T00:00:00Z
        mv "$BATS_FILE_TMPDIR/store" "$BATS_RUN_TMPDIR/store"
    fi
    cp -R "$BATS_RUN_TMPDIR/store" "$BATS_FILE_TMPDIR/store"
    start_setup
}

teardown_file() {
    stop_servers
}

# refusal WHAT: the status with which the web server itself refuses that, or a path that has it; none if it does not.
refusal() {
    local each
    for each in $refused; do
        [[ $1 != *"${each%=*}"* ]] || {
            echo "${each#*=}"
            return
        }
    done
}

# reached WHAT: whether that comes to Rollcall, and there is more to look at.
reached() {
    [ -z "$(refusal "$1")" ]
}

# expect_refusal_or STATUS WHAT
expect_refusal_or() {
    local refusal
    refusal=$(refusal "$2")
    expect_status "${refusal:-$1}"
}

access_token() {
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" token "${1:-$demo_prelude_session}"
}

native=(-H "Authorization: Bearer rk_demo")
streambird=(-H "Authorization: Bearer $demo_streambird_key")
kratos=(-H "X-Session-Token: $demo_kratos_token")
rocketchat=(-H "X-User-Id: $demo_rocketchat_user" -H "X-Auth-Token: $demo_rocketchat_token")

@test "Prelude" {
    get '/v1/session/me/list?limit=2&offset=1' -H "Authorization: Bearer $(access_token)"
    expect_status 200
    expect_header Content-Type application/json
    expect_json '[.total, .limit, .offset, (.sessions | length)]' '[3,2,1,2]'
    expect_json '[.sessions[] | keys | length] | unique' '[8]'
    get /v1/session/me/list -H "Authorization: Bearer nonsense"
    expect_status 401
    expect_json '.code + " " + .type' '"unauthorized unauthorized"'
}

@test "Corbado" {
    get '/v2/sessions?sort=created:desc&filter[]=userID:eq:usr-4693224802260150919&pageSize=3' -u "$demo_corbado"
    expect_status 200
    expect_json .paging '{"page":1,"totalPages":3,"totalItems":7}'
    expect_json '.sessions[0] | keys' '["createdMs","expiresMs","identifierValue","lastActionMs","sessionID","status","userID"]'
    get '/v2/sessions?filter%5B%5D=status%3Aeq%3Arevoked' -u "$demo_corbado"
    expect_json '[.sessions[].status] | unique' '["revoked"]'
    get /v2/sessions -u pro-1:wrong
    expect_status 401
    expect_json .error.type '"login_error"'
}

@test "Streambird" {
    get "/v1/auth/sessions/list?user_id=$demo_streambird_user" "${streambird[@]}"
    expect_status 200
    expect_json '.sessions | length' 5
    expect_json '[.sessions[].factors[].delivery_channel] | unique | length' 15
    expect_json '[.. | objects | has("session_token")] | any' false
    get "/v1/auth/sessions/list" "${streambird[@]}"
    expect_status 400
}

@test "Kratos" {
    get '/sessions?page_size=1' "${kratos[@]}"
    expect_status 200
    expect_header Content-Type 'application/json; charset=utf-8'
    expect_header X-Total-Count 2
    expect_header Cache-Control 'private, no-cache, no-store, must-revalidate'
    expect_json length 1
    # Following the link, which leads to where it is mounted, gives the other one, and no further.
    local first next
    first=$(jq -r '.[0].id' <<<"$body")
    next=$(sed -n 's/^[Ll]ink: <\([^>]*\)>; rel="next".*/\1/p' <<<"$headers")
    [[ $next == "$mount"/sessions* ]] || {
        echo "$next: not under $mount"
        false
    }
    get "${next#"$mount"}" "${kratos[@]}"
    expect_json length 1
    [ "$(jq -r '.[0].id' <<<"$body")" != "$first" ]
    fails grep -q 'rel="next"' <<<"$headers"
    get /sessions/whoami -b "theme=dark; ory_kratos_session=$demo_kratos_token; other=1"
    expect_status 200
    expect_json '.identity.traits.email' '"jane@doe.com"'
    get /sessions/whoami -H "Authorization: Bearer $demo_kratos_token"
    expect_status 200
}

@test "Rocket.Chat" {
    get '/api/v1/sessions/list?filter=windows' "${rocketchat[@]}"
    expect_status 200
    expect_json '[.total, .count, .offset, .success, .sessions[0].sessionId]' '[1,50,0,true,"QoYYFw2t9oKks2niG"]'
    get '/api/v1/sessions/list?sort={"loginAt":1}&count=1' "${rocketchat[@]}"
    expect_json '[.sessions[].sessionId]' '["WJ2giBwm4B9mcojFi"]'
    get '/api/v1/sessions/list?sort=%7Bbad' "${rocketchat[@]}"
    expect_status 400
    expect_json .errorType '"error-invalid-sort"'
    get /api/v1/sessions/list
    expect_status 401
    expect_json .message '"You must be logged in to do this."'
}

# ask STATUS METHOD PATH [CURL OPTION...]
ask() {
    echo "$2 ${3%%\?*}" >>"$BATS_TEST_TMPDIR/asked"
    get "$3" -X "$2" "${@:4}"
    expect_status "$1" || {
        echo "asked: $2 $3"
        return 1
    }
}

# begin USER: a session; leaves its id, its token and so on.
begin() {
    ask 201 POST /rollcall/v1/sessions "${native[@]}" -d "{\"user\":\"$1\"}"
    id=$(jq -r .session.id <<<"$body")
    created=$body
}

credential() {
    jq -r ".credentials.$1" <<<"$created"
}

spelled() {
    jq -r ".session.spelled.$1" <<<"$created"
}

# guarded STATUS PATH [CURL OPTION...]: what every answer tells a browser gets there, once.
guarded() {
    local expected=$1 line
    shift
    get "$@"
    expect_status "$expected"
    for line in 'X-Content-Type-Options: nosniff' "Content-Security-Policy: default-src 'none'; base-uri 'none'; frame-ancestors 'none'" \
        'Cross-Origin-Resource-Policy: same-origin' 'Referrer-Policy: no-referrer'; do
        [ "$(grep -cix -- "$line" <<<"$headers")" = 1 ] || {
            echo "$*: not once \"$line\": $headers"
            return 1
        }
    done
    [[ $(grep -i '^Cache-Control:' <<<"$headers") == *no-store* ]]
}

@test "browsers are told what an answer is, whatever it is" {
    guarded 200 /sessions "${kratos[@]}"
    guarded 200 /sessions -I "${kratos[@]}"
    guarded 401 /sessions
    guarded 404 /sessions/a/b/c
    guarded 405 /v2/sessions -X PUT -d ''
    guarded 200 /rollcall/v1/openapi.json
    guarded 204 /sessions/00000001-0000-7000-8000-000000000099 -X DELETE "${kratos[@]}"
}

@test "a cookie changes nothing for another site's page, and all for one of this site's own" {
    local path=/sessions/00000001-0000-7000-8000-000000000099 cookie="ory_kratos_session=root-token"
    get $path -X DELETE -H "Cookie: $cookie" -H "Origin: https://evil.example"
    expect_status 403
    expect_json .error.id '"security_csrf_violation"'
    get $path -X DELETE -H "Cookie: $cookie" -H "Origin: http://127.0.0.1:$port"
    expect_status 204
    get $path -X DELETE -H "Cookie: $cookie" -H "Sec-Fetch-Site: same-origin"
    expect_status 204
    get $path -X DELETE -H "Cookie: $cookie" -H "Sec-Fetch-Site: cross-site" -H "Origin: http://127.0.0.1:$port"
    expect_status 403
    get $path -X DELETE -H "Cookie: $cookie"
    expect_status 204
}

@test "every operation of the OpenAPI document, with the body it takes" {
    local id created path identity
    local admin=(-H "X-User-Id: root" -H "X-Auth-Token: root-token")
    for path in app users users/root users/root/sessions 'sessions?limit=1' audit openapi.json; do
        ask 200 GET "/rollcall/v1/$path" "${native[@]}"
    done
    # Not there unless configured.
    ask 404 GET /rollcall/health
    ask 404 GET /rollcall/metrics
    begin mia
    ask 200 GET "/rollcall/v1/sessions/$id" "${native[@]}"
    # A POST without content.
    ask 200 POST "/rollcall/v1/sessions/$id/touch" "${native[@]}" -d ''
    ask 200 POST "/rollcall/v1/sessions/$id/extend" "${native[@]}" -d '{"expires_in_s":900}'
    ask 200 DELETE "/rollcall/v1/sessions/$id?as=logged_out" "${native[@]}"
    expect_json .status '"logged_out"'
    ask 200 POST /rollcall/v1/sessions/revoke "${native[@]}" -d '{"user":"mia","dry_run":true}'

    begin mia
    ask 200 GET /v1/session/me/list -H "Authorization: Bearer $(credential access_token)"
    ask 200 POST /v1/session/refresh -d '' -H "X-Refresh-Token: $(credential refresh_token)"
    ask 204 POST '/v1/session/me/revoke?target=mine' -d '' -H "Authorization: Bearer $(credential access_token)"
    begin mia
    ask 204 POST /v1/session/revoke -d '' -H "X-Refresh-Token: $(credential refresh_token)"
    begin mia
    path=/v2/session/apps/acme
    ask 200 GET "$path/users/mia/sessions" -H "Authorization: Bearer mk_demo"
    ask 204 DELETE "$path/users/mia/sessions/$(spelled prelude)" -H "Authorization: Bearer mk_demo"
    ask 204 POST "$path/users/mia/sessions/invalidate" -d '' -H "Authorization: Bearer mk_demo"
    ask 200 GET "$path/config/tokens" -H "Authorization: Bearer mk_demo"
    ask 200 PUT "$path/config/tokens" -d '{"access_token_lifetime":300}' -H "Authorization: Bearer mk_demo"
    ask 201 POST "$path/tokens" -d '{"claims":{"sub":"mia"}}' -H "Authorization: Bearer mk_demo"
    ask 200 GET /.well-known/jwks.json -H "Host: acme.example"
    ask 200 GET /.well-known/step-up-jwks.json -H "Host: acme.example"

    begin mia
    ask 200 GET /v2/sessions -u "$demo_corbado"
    ask 200 POST "/v2/sessions/$(spelled corbado)/revoke" -d '' -u "$demo_corbado"
    ask 200 POST /v2/users/mia/longSessions -u "$demo_corbado" -d '{"appType":"web","identifierValue":"x"}'
    id=$(jq -r .longSessionID <<<"$body")
    ask 200 GET "/v2/longSessions/$id" -u "$demo_corbado"
    ask 200 GET "/v2/users/mia/longSessions/$id" -u "$demo_corbado"
    ask 200 POST "/v2/users/mia/longSessions/$id/shortSessions" -u "$demo_corbado" \
        -d '{"appType":"web","issuer":"https://pro-1.frontendapi.corbado.io"}'
    ask 200 PATCH "/v2/users/mia/longSessions/$id" -u "$demo_corbado" -d '{"status":"logged_out"}'
    ask 200 GET /.well-known/jwks -H "X-Corbado-ProjectID: pro-1"

    begin mia
    ask 200 GET '/v1/auth/sessions/list?user_id=mia' "${streambird[@]}"
    ask 200 POST /v1/auth/sessions/verify "${streambird[@]}" -d "{\"session_token\":\"$(credential token)\"}"
    ask 200 DELETE /v1/auth/sessions/delete "${streambird[@]}" -d "{\"session_token\":\"$(credential token)\"}"
    ask 200 GET "/v1/auth/jwks/default?api_key=$demo_streambird_key"

    begin mia
    local own=(-H "X-Session-Token: $(credential token)") id
    ask 200 GET /sessions "${own[@]}"
    for path in GET POST PUT PATCH DELETE; do
        ask 200 "$path" /sessions/whoami "${own[@]}" -d ''
    done
    identity=$(jq -r .identity.id <<<"$body")
    begin mia
    ask 204 DELETE "/sessions/$(spelled kratos)" "${own[@]}"
    ask 200 DELETE /sessions "${own[@]}"
    ask 200 GET /admin/sessions -H "Authorization: rk_demo"
    begin mia
    path=$(spelled kratos)
    ask 200 GET "/admin/sessions/$path" -H "Authorization: rk_demo"
    ask 204 PATCH "/admin/sessions/$path/extend" -d '' -H "Authorization: rk_demo"
    ask 204 DELETE "/admin/sessions/$path" -H "Authorization: rk_demo"
    ask 200 POST /admin/sessions -d "{\"action\":\"disable\",\"sessions\":[\"$path\"]}" -H "Authorization: rk_demo"
    ask 200 GET "/admin/identities/$identity/sessions" -H "Authorization: rk_demo"
    ask 204 DELETE "/admin/identities/$identity/sessions" -H "Authorization: rk_demo"
    ask 307 GET /admin/sessions/whoami -H "Authorization: rk_demo"
    expect_header Location "$mount/sessions/whoami"
    ask 307 DELETE /admin/sessions -H "Authorization: rk_demo"
    ask 307 DELETE "/identities/$identity/sessions" -H "Authorization: rk_demo"

    ask 200 GET /api/v1/sessions/list "${rocketchat[@]}"
    ask 200 GET '/api/v1/sessions/info?sessionId=QoYYFw2t9oKks2niG' "${rocketchat[@]}"
    ask 200 GET /api/v1/sessions/list.all "${admin[@]}"
    ask 200 GET '/api/v1/sessions/info.admin?sessionId=QoYYFw2t9oKks2niG' "${admin[@]}"
    begin mia
    ask 200 POST /api/v1/sessions/logout "${admin[@]}" -H "Content-Type: application/json" -d "{\"sessionId\":\"$(spelled rocketchat)\"}"
    begin mia
    own=(-H "X-User-Id: mia" -H "X-Auth-Token: $(credential token)" -H "Content-Type: application/json")
    ask 200 GET /api/v1/me "${own[@]}"
    ask 200 POST /api/v1/login -H "Content-Type: application/json" -d "{\"resume\":\"$(credential token)\"}"
    ask 200 POST /api/v1/sessions/logout.me "${own[@]}" -d "{\"sessionId\":\"$(spelled rocketchat)\"}"
    for path in GET POST; do
        begin mia
        ask 200 "$path" /api/v1/logout -H "X-User-Id: mia" -H "X-Auth-Token: $(credential token)" -d ''
    done

    run -0 jq -rRn --slurpfile document "$ROLLCALL_SOURCE/data/openapi.json" '[inputs] as $asked |
        $document[0].paths | to_entries[] | .key as $path | .value | to_entries[] |
        "^\(.key | ascii_upcase) \($path | gsub("\\."; "\\.") | gsub("{[^}]*}"; "[^/]+"))$" as $pattern |
        select([$asked[] | test($pattern)] | any | not) | "\(.key) \($path)"' <"$BATS_TEST_TMPDIR/asked"
    [ "$output" = "" ] || {
        echo "not asked: $output"
        false
    }
}

# Each list, with what lets in there.
each_list() {
    "$@" /v2/sessions -u "$demo_corbado"
    "$@" "/v1/auth/sessions/list?user_id=$demo_streambird_user" "${streambird[@]}"
    "$@" /sessions "${kratos[@]}"
    "$@" /sessions/whoami "${kratos[@]}"
    "$@" /api/v1/sessions/list "${rocketchat[@]}"
    "$@" /v1/session/me/list -H "Authorization: Bearer $(access_token)"
}

head_is_get_without_a_body() {
    local type
    get "$@"
    expect_status 200
    [ -n "$body" ]
    type=$(grep -i '^Content-Type:' <<<"$headers")
    # -I has curl send HEAD; a body would leave it waiting for the connection's end, or be told as an error.
    get "$@" -I
    expect_status 200
    [ "$(grep -i '^Content-Type:' <<<"$headers")" = "$type" ]
}

@test "HEAD is GET without a body" {
    each_list head_is_get_without_a_body
}

other_methods_are_refused() {
    local allow='GET, HEAD'
    case $1 in
    /sessions/whoami) return ;; # it knows them all
    /sessions) allow+=', DELETE' ;;
    esac
    get "$@" -X PUT -d ''
    expect_status 405
    expect_header Allow "$allow"
    jq -e type <<<"$body" >/dev/null
}

@test "other methods are refused, and Allow says which are not" {
    each_list other_methods_are_refused
}

broken_queries_are_told() {
    local path=$1
    shift
    get "$path$([[ $path == *\?* ]] && echo '&' || echo '?')x=%zz" "$@"
    expect_status 400
    jq -e type <<<"$body" >/dev/null
}

@test "a query string that cannot be read is told in JSON" {
    each_list broken_queries_are_told
}

@test "an id in a path is what was sent, whatever is escaped in it" {
    local id path
    while read -r path id; do
        get "/rollcall/v1/users/$path" "${native[@]}"
        expect_refusal_or 200 "$path" && { ! reached "$path" || [ "$(jq -r .id <<<"$body")" = "$id" ]; } || {
            echo "$path: $status_code $body"
            return 1
        }
    done <<'IDS'
a%2Fb a/b
a%2fb a/b
a%252Fb a%2Fb
a%20b a b
a+b a+b
a%2Bb a+b
%C3%A9 é
é é
a%3Fb a?b
a;b=c a;b=c
a%3Bb=c a;b=c
..a ..a
%2E.a ..a
IDS
}

@test "paths that are none are answered in JSON" {
    local path
    for path in / /nope /v2/nope /v2//sessions //v2/sessions /v2/./sessions /v2/../v2/sessions /v2%2Fsessions \
        /sessions/%2e%2e /sessions/%00 /sessions/%ff /sessions/%zz '/api/v1/sessions/list%3Fa' /x/sessions \
        "/v1/session/$(printf 'é%.0s' {1..40})" '/v1/auth/sessions/list;x' "$(printf '/a%.0s' {1..1500})"; do
        get "$path" "${kratos[@]}"
        if reached "$path"; then
            [[ $status_code == 40[04] ]] && jq -e type <<<"$body" >/dev/null
        else
            expect_refusal_or 400 "$path"
        fi || {
            echo "$path: $status_code $headers $body"
            return 1
        }
    done
}

@test "UTF-8, + and %20 in queries" {
    get '/v1/auth/sessions/list?user_id=a+b%20c%C3%A9é' "${streambird[@]}"
    expect_status 200
    expect_json .sessions '[]'
    get '/v2/sessions?filter%5B%5D=created:gt:2020-01-01T00:00:00+00:00&pageSize=1' -u "$demo_corbado"
    expect_status 200
}

@test "long cookies, headers and queries" {
    local filler
    filler=$(printf 'x%.0s' {1..6000})
    # curl cuts what -b is given.
    get /sessions/whoami -H "Cookie: junk=$filler; ory_kratos_session=$demo_kratos_token; more=$filler"
    expect_refusal_or 200 long-cookie
    get /sessions/whoami -H "X-Session-Token: $filler"
    expect_status 401
    get "/v2/sessions?filter[]=ID:eq:$filler" -u "$demo_corbado"
    expect_status 200
    expect_json .paging.totalItems 0
}

@test "a body without its length, in pieces" {
    get /rollcall/v1/sessions -X POST "${native[@]}" -H "Transfer-Encoding: chunked" -d '{"user":"pieces"}'
    expect_refusal_or 201 chunked
    ! reached chunked || expect_json .session.user '"pieces"'
}

@test "a POST that says nothing of a body" {
    get /sessions/whoami -X POST "${kratos[@]}"
    expect_refusal_or 200 no-length
}

@test "a body of one mebibyte is read, one that is larger is refused" {
    {
        echo -n '{"user":"large"}'
        head -c $((1048576 - 16)) /dev/zero | tr '\0' ' '
    } >"$BATS_TEST_TMPDIR/large"
    get /rollcall/v1/sessions -X POST "${native[@]}" --data-binary "@$BATS_TEST_TMPDIR/large"
    expect_refusal_or 201 large-body
    echo >>"$BATS_TEST_TMPDIR/large"
    get /rollcall/v1/sessions -X POST "${native[@]}" --data-binary "@$BATS_TEST_TMPDIR/large"
    expect_refusal_or 413 larger-body
    ! reached larger-body || jq -e .error <<<"$body" >/dev/null
}

@test "nothing that lies beside it is shown, and no folder is listed" {
    local path folder=$BATS_FILE_TMPDIR/htdocs$mount
    # Where no store should be.
    [ ! -d "$folder" ] || cp -R "$BATS_FILE_TMPDIR/store" "$folder/store"
    for path in / /.htaccess /rollcall.cgi /rollcall.fcgi /store/ /store/data.mdb /site.conf; do
        get "$path"
        [[ $status_code == 40[34] ]] || {
            echo "$path: $status_code $body"
            return 1
        }
        [[ $body != *"Index of"* && $body != *exec* && $body != *Rewrite* ]]
    done
}

@test "one client connection for many requests" {
    local got
    got=$(curl -s -m 20 -u "$demo_corbado" -o /dev/null -w '%{http_code} %{num_connects}\n' "$url/v2/sessions" \
        -o /dev/null "$url/v2/sessions" -o /dev/null "$url/v2/sessions")
    [ "$got" = $'200 1\n200 0\n200 0' ] || {
        echo "$got"
        return 1
    }
}

@test "fifty requests at once" {
    local got
    got=$(seq 50 | xargs -P 25 -I{} curl -s -m 30 -o /dev/null -w '%{http_code}\n' -u "$demo_corbado" "$url/v2/sessions" |
        sort | uniq -c | tr -s ' ')
    [ "$got" = ' 50 200' ] || {
        echo "$got"
        return 1
    }
}
