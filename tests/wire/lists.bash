# shellcheck shell=bash disable=SC2154,SC2034
# What every way of putting Rollcall behind a web server must do alike. A .bats file sets `web_conf` and
# `start_backend`, loads this, and calls these from its tests.

. "$ROLLCALL_SOURCE/data/demo.env"

access_token() {
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" token "${1:-$demo_prelude_session}"
}

lists_prelude() {
    get '/v1/session/me/list?limit=2&offset=1' -H "Authorization: Bearer $(access_token)"
    expect_status 200
    expect_header Content-Type application/json
    expect_json '[.total, .limit, .offset, (.sessions | length)]' '[3,2,1,2]'
    expect_json '[.sessions[] | keys | length] | unique' '[8]'
    get /v1/session/me/list -H "Authorization: Bearer nonsense"
    expect_status 401
    expect_json '.code + " " + .type' '"unauthorized unauthorized"'
}

lists_corbado() {
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

lists_streambird() {
    get "/v1/auth/sessions/list?user_id=$demo_streambird_user" -H "Authorization: Bearer $demo_streambird_key"
    expect_status 200
    expect_json '.sessions | length' 5
    expect_json '[.sessions[].factors[].delivery_channel] | unique | length' 15
    expect_json '[.. | objects | has("session_token")] | any' false
    get "/v1/auth/sessions/list" -H "Authorization: Bearer $demo_streambird_key"
    expect_status 400
}

lists_kratos() {
    get '/sessions?page_size=1' -H "X-Session-Token: $demo_kratos_token"
    expect_status 200
    expect_header Content-Type 'application/json; charset=utf-8'
    expect_header X-Total-Count 2
    expect_header Cache-Control 'private, no-cache, no-store, must-revalidate'
    grep -q 'rel="next"' <<<"$headers"
    expect_json length 1
    # Following the link gives the other one, and no further.
    local first next
    first=$(jq -r '.[0].id' <<<"$body")
    next=$(sed -n 's/^[Ll]ink: <\([^>]*\)>; rel="next".*/\1/p' <<<"$headers")
    get "$next" -H "X-Session-Token: $demo_kratos_token"
    expect_json length 1
    [ "$(jq -r '.[0].id' <<<"$body")" != "$first" ]
    ! grep -q 'rel="next"' <<<"$headers"
    get /sessions/whoami -b "theme=dark; ory_kratos_session=$demo_kratos_token; other=1"
    expect_status 200
    expect_json '.identity.traits.email' '"jane@doe.com"'
    get /sessions/whoami -H "Authorization: Bearer $demo_kratos_token"
    expect_status 200
}

lists_rocketchat() {
    local who=(-H "X-User-Id: $demo_rocketchat_user" -H "X-Auth-Token: $demo_rocketchat_token")
    get '/api/v1/sessions/list?filter=windows' "${who[@]}"
    expect_status 200
    expect_json '[.total, .count, .offset, .success, .sessions[0].sessionId]' '[1,50,0,true,"QoYYFw2t9oKks2niG"]'
    get '/api/v1/sessions/list?sort={"loginAt":1}&count=1' "${who[@]}"
    expect_json '[.sessions[].sessionId]' '["WJ2giBwm4B9mcojFi"]'
    get '/api/v1/sessions/list?sort=%7Bbad' "${who[@]}"
    expect_status 400
    expect_json .errorType '"error-invalid-sort"'
    get /api/v1/sessions/list
    expect_status 401
    expect_json .message '"You must be logged in to do this."'
}

# Each path that is answered, with what lets in there.
each_list() {
    "$@" /v2/sessions -u "$demo_corbado"
    "$@" "/v1/auth/sessions/list?user_id=$demo_streambird_user" -H "Authorization: Bearer $demo_streambird_key"
    "$@" /sessions -H "X-Session-Token: $demo_kratos_token"
    "$@" /sessions/whoami -H "X-Session-Token: $demo_kratos_token"
    "$@" /api/v1/sessions/list -H "X-User-Id: $demo_rocketchat_user" -H "X-Auth-Token: $demo_rocketchat_token"
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

other_methods_are_refused() {
    local method allow='GET, HEAD' methods=(POST PUT PATCH DELETE)
    case $1 in
    /sessions/whoami) return ;; # it knows them all
    /sessions) allow+=', DELETE' methods=(POST PUT PATCH) ;;
    esac
    for method in "${methods[@]}"; do
        get "$@" -X "$method" -d ''
        expect_status 405
        expect_header Allow "$allow"
        jq -e type <<<"$body" >/dev/null
    done
}

broken_queries_are_told() {
    local path=$1
    shift
    get "$path$([[ $path == *\?* ]] && echo '&' || echo '?')x=%zz" "$@"
    expect_status 400
    jq -e type <<<"$body" >/dev/null
}

strange_paths_are_answered_in_json() {
    local path
    for path in / /nope /v2/nope /v2//sessions //v2/sessions /v2/./sessions /v2/../v2/sessions /v2%2Fsessions \
        /sessions/%2e%2e /sessions/%00 /sessions/%ff /sessions/%zz '/api/v1/sessions/list%3Fa' \
        "/v1/session/$(printf 'é%.0s' {1..40})" '/v1/auth/sessions/list;x' "/$(printf 'a%.0s' {1..3000})"; do
        get "$path" -H "X-Session-Token: $demo_kratos_token"
        [ "$status_code" = 404 ] || [ "$status_code" = 400 ] || {
            echo "$path: status $status_code: $body"
            return 1
        }
        # The web server answers by itself where a path is none by its own rules.
        if grep -qi '^Content-Type: application/json' <<<"$headers"; then
            jq -e type <<<"$body" >/dev/null || {
                echo "$path: $body"
                return 1
            }
        else
            [[ $path == *%00 || $path == *%zz ]] || {
                echo "$path: $headers"
                return 1
            }
        fi
    done
}

utf8_and_plus_in_queries() {
    get '/v1/auth/sessions/list?user_id=a+b%20c%C3%A9é' -H "Authorization: Bearer $demo_streambird_key"
    expect_status 200
    expect_json .sessions '[]'
    get '/v2/sessions?filter%5B%5D=created:gt:2020-01-01T00:00:00+00:00&pageSize=1' -u "$demo_corbado"
    expect_status 200
}

long_cookies_and_headers() {
    local filler
    filler=$(printf 'x%.0s' {1..6000})
    # curl cuts what -b is given.
    get /sessions/whoami -H "Cookie: junk=$filler; ory_kratos_session=$demo_kratos_token; more=$filler"
    expect_status 200
    get /sessions/whoami -H "X-Session-Token: $filler"
    expect_status 401
    get "/v2/sessions?filter[]=ID:eq:$filler" -u "$demo_corbado"
    expect_status 200
    expect_json .paging.totalItems 0
}

one_connection_for_many_requests() {
    local got
    got=$(curl -s -m 20 -u "$demo_corbado" -o /dev/null -w '%{http_code} %{num_connects}\n' "$url/v2/sessions" \
        -o /dev/null "$url/v2/sessions" -o /dev/null "$url/v2/sessions")
    [ "$got" = $'200 1\n200 0\n200 0' ] || {
        echo "$got"
        return 1
    }
}

fifty_at_once() {
    local got
    got=$(seq 50 | xargs -P 25 -I{} curl -s -m 30 -o /dev/null -w '%{http_code}\n' -u "$demo_corbado" "$url/v2/sessions" |
        sort | uniq -c | tr -s ' ')
    [ "$got" = ' 50 200' ] || {
        echo "$got"
        return 1
    }
}
