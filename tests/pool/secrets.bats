#!/usr/bin/env bats
# No secret is anywhere but where it is handed over: every kind of credential, right and wrong, is brought by every way there
# is; then logs, metrics, the store's files, errors, and what the system shows of the processes are searched for each.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

# keep SECRET...: these are looked for.
keep() {
    printf '%s\n' "$@" >>"$BATS_FILE_TMPDIR/secrets"
}

setup_file() {
    local each made status
    export ROLLCALL_STORE=$BATS_FILE_TMPDIR/store
    "$rollcall" init >/dev/null
    "$rollcall" app add acme --project-id pro-1 >"$BATS_FILE_TMPDIR/keys"
    echo '{"kind":"app","id":"loose","prelude":{"dpop":"optional"}}' | "$rollcall" import - >/dev/null
    while read -r _ each; do
        keep "${each#*:}"
    done <"$BATS_FILE_TMPDIR/keys"
    for each in acme loose; do
        made=$("$rollcall" session create --app "$each" --user ann --json)
        echo "$made" >"$BATS_FILE_TMPDIR/session-$each"
        # Of a JWT, what makes it one: anybody may know the rest.
        keep "$(jq -r .token <<<"$made")" "$(jq -r .refresh_token <<<"$made")" "$(jq -r .access_token <<<"$made" | cut -d. -f3)"
    done
    status=$(head -c 32 /dev/urandom | base64 -w0 | tr '+/' '-_' | tr -d =)
    echo "$status" >"$BATS_FILE_TMPDIR/status"
    keep "$status"
    start_pool 'workers = 2' 'log_level = "debug"' 'access_log = "json"' \
        "access_log_file = \"$BATS_FILE_TMPDIR/access.log\"" "status_token_sha256 = \"$(printf %s "$status" | sha256sum | cut -d' ' -f1)\"" \
        'cors_origins = {"https://app.example"}'
    export pool
    start_web
}

teardown_file() {
    stop_servers
}

key() {
    awk -v use="$1" '$1 == use { print $2 }' "$BATS_FILE_TMPDIR/keys"
}

of_session() {
    jq -r ".$2" "$BATS_FILE_TMPDIR/session-$1"
}

# ask EXPECTED PATH [CURL OPTION...]: and what is refused says nothing of it.
ask() {
    local expected=$1
    shift
    get "$@" -H "Proxy: http://proxy.example:1/"
    [[ " $expected " == *" $status_code "* ]] || {
        echo "$*: status $status_code, not $expected: $body"
        return 1
    }
    [ "$status_code" -lt 400 ] || printf '%s\n%s\n' "$headers" "$body" >>"$BATS_FILE_TMPDIR/refusals"
}

# everywhere SECRET: each place of the five dialects where somebody may put it, right or wrong.
everywhere() {
    local any="200 400 401 403 404 405" secret=$1 header
    for header in "X-Session-Token: $secret" "Authorization: Bearer $secret" "Authorization: $secret" \
        "Cookie: ory_kratos_session=$secret" "Cookie: __Host-refresh_acme=$secret; $secret=1" "X-Refresh-Token: $secret" \
        "DPoP: $secret" "X-User-Id: $secret" "Origin: https://$secret" "X-Rollcall-Actor: $secret" "User-Agent: $secret" \
        "X-Request-Nonsense: $secret" "Authorization: Basic $(printf 'pro-1:%s' "$secret" | base64 -w0)"; do
        for path in /sessions /sessions/whoami /admin/sessions /v2/sessions /v1/auth/sessions/list /v1/auth/jwks/default \
            /v1/session/me/list /api/v1/sessions/list /api/v1/me /rollcall/v1/users /rollcall/metrics /nowhere; do
            ask "$any" "$path" -H "$header" -H "X-Auth-Token: $secret"
        done
        ask "$any" /v1/session/refresh -X POST -d '' -H "$header"
    done
    get "/sessions/$secret" -X DELETE
    get "/nowhere/$secret?$secret=$secret"
    get "/v1/auth/jwks/default?api_key=$secret"
    get "/sessions/whoami?page_token=$secret&%zz=$secret"
    for path in /api/v1/login /v1/auth/sessions/verify /rollcall/v1/sessions /v2/sessions /api/v1/sessions/logout.me; do
        get "$path" -X POST -d "{\"resume\":\"$secret\",\"session_token\":\"$secret\",\"user\":\"$secret\"" -H "Authorization: Bearer $secret"
    done
}

# places: every file that is searched, one a line; what the system shows of the processes, in files, too.
places() {
    local pid
    for pid in $pool $(pgrep -P "$pool"); do
        for each in cmdline environ comm status; do
            tr '\0' '\n' <"/proc/$pid/$each" >"$BATS_FILE_TMPDIR/proc-$pid-$each"
        done
    done
    get /rollcall/metrics -H "Authorization: Bearer $(cat "$BATS_FILE_TMPDIR/status")"
    expect_status 200
    echo "$body" >"$BATS_FILE_TMPDIR/metrics.txt"
    get /rollcall/health -H "Authorization: Bearer $(cat "$BATS_FILE_TMPDIR/status")"
    echo "$body" >>"$BATS_FILE_TMPDIR/metrics.txt"
    ls "$BATS_FILE_TMPDIR"/proc-* "$BATS_FILE_TMPDIR"/{metrics.txt,access.log,pool.log,refusals} "$BATS_FILE_TMPDIR"/store/*
}

# Each secret as it is, and as base64 makes it wherever it stands in what is encoded: all but its ends.
patterns() {
    local secret shift
    while read -r secret; do
        printf '%s\n' "$secret"
        for shift in '' x xx; do
            printf '%s%s' "$shift" "$secret" | base64 -w0 | cut -c5- | sed 's/.\{4\}=*$//'
            echo
        done
    done <"$BATS_FILE_TMPDIR/secrets" | awk 'length > 20'
}

@test "what is right lets in, by every way" {
    local id
    ask 200 /sessions -H "X-Session-Token: $(of_session acme token)"
    ask 200 /sessions -H "Cookie: ory_kratos_session=$(of_session acme token)"
    ask 200 /admin/sessions -H "Authorization: Bearer $(key admin)"
    ask 200 /v2/sessions -u "$(key corbado)"
    ask 200 "/v1/auth/sessions/list?user_id=ann" -H "Authorization: Bearer $(key streambird)"
    ask 200 "/v1/auth/jwks/default?api_key=$(key streambird)"
    ask 200 /v1/session/me/list -H "Authorization: Bearer $(of_session acme access_token)"
    ask 200 /v2/session/apps/acme/users/ann/sessions -H "Authorization: Bearer $(key prelude)"
    ask 200 /api/v1/me -H "X-User-Id: ann" -H "X-Auth-Token: $(of_session acme token)"
    ask 200 /api/v1/login -X POST -H "Content-Type: application/json" -d "{\"resume\":\"$(of_session acme token)\"}"
    ask 200 /v1/auth/sessions/verify -X POST -H "Authorization: Bearer $(key streambird)" \
        -d "{\"session_token\":\"$(of_session acme token)\"}"
    ask 200 /v1/session/refresh -X POST -d '' -H "Cookie: __Host-refresh_loose=$(of_session loose refresh_token)"
    keep "$(sed -n 's/^X-Refresh-Token: //Ip' <<<"$headers")" "$(jq -r .access_token <<<"$body" | cut -d. -f3)"
    ask 201 /rollcall/v1/sessions -X POST -H "Authorization: Bearer $(key admin)" -d '{"user":"ben"}'
    id=$(jq -r .session.id <<<"$body")
    keep "$(jq -r '.credentials.refresh_token' <<<"$body")"
    ask 200 "/rollcall/v1/sessions/$id" -X DELETE -H "Authorization: Bearer $(key admin)"
    ask 401 /v1/session/refresh -X POST -d '' -H "X-Refresh-Token: $(of_session acme refresh_token)"
    ask 403 /sessions -X DELETE -H "Cookie: ory_kratos_session=$(of_session acme token)" -H "Origin: https://evil.example"
}

@test "the command line takes secrets from standard input alone, and tells of none" {
    local key
    "$rollcall" key add --app acme --for admin >"$BATS_FILE_TMPDIR/added"
    key=$(awk '{ print $2 }' "$BATS_FILE_TMPDIR/added")
    keep "$key"
    "$rollcall" key remove --app acme --for admin --secret-stdin <<<"$key" >"$BATS_FILE_TMPDIR/refusals"
    for line in "{\"kind\":\"app\",\"id\":\"x\",\"keys\":[{\"for\":\"admin\",\"secret\":\"$key\"" \
        "{\"kind\":\"app\",\"id\":\"X\",\"keys\":[{\"for\":\"admin\",\"secret\":\"$key\"}]}" \
        "{\"kind\":\"app\",\"id\":\"x\",\"keys\":[{\"for\":\"admin\",\"secret\":\"$key\",\"sha256\":\"$key\"}]}" \
        "{\"kind\":\"app\",\"id\":\"x\",\"keys\":[{\"for\":\"$key\",\"secret\":\"$key\"}]}" \
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":\"$key\",\"token_sha256\":\"$key\"}" \
        "{\"kind\":\"session\",\"app\":\"acme\",\"user\":\"ann\",\"token\":[\"$key\"]}"; do
        run -1 "$rollcall" import - <<<"$line"
        [ -n "$output" ]
        echo "$output" >>"$BATS_FILE_TMPDIR/refusals"
    done
    "$rollcall" app list >>"$BATS_FILE_TMPDIR/refusals"
    "$rollcall" key list --app acme --json >>"$BATS_FILE_TMPDIR/refusals"
    "$rollcall" list >>"$BATS_FILE_TMPDIR/refusals"
    "$rollcall" audit >>"$BATS_FILE_TMPDIR/refusals"
    "$rollcall" backup "$BATS_FILE_TMPDIR/copy" >>"$BATS_FILE_TMPDIR/refusals"
    for word in $("$rollcall" --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
        "$rollcall" "$word" --help 2>/dev/null || true
    done | grep -oE -- '--[a-z-]*(secret|token|password|key)[a-z-]*=?' | grep -v -- '--secret-stdin' >"$BATS_TEST_TMPDIR/options" || true
    [ ! -s "$BATS_TEST_TMPDIR/options" ] || cat "$BATS_TEST_TMPDIR/options"
    [ ! -s "$BATS_TEST_TMPDIR/options" ]
}

@test "no secret is in logs, metrics, files, errors or what the system shows of the processes" {
    local found
    [ "$(sort -u "$BATS_FILE_TMPDIR/secrets" | grep -cE '^[A-Za-z0-9_-]{43,}$')" -ge 14 ]
    everywhere "$(of_session acme token)"
    everywhere "$(key admin)x"
    places >"$BATS_TEST_TMPDIR/places"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/places")" -ge 20 ]
    ls "$BATS_FILE_TMPDIR"/copy/* >>"$BATS_TEST_TMPDIR/places"
    patterns >"$BATS_TEST_TMPDIR/patterns"
    # The search finds what is there.
    of_session acme token | base64 >"$BATS_TEST_TMPDIR/there"
    grep -qaFf "$BATS_TEST_TMPDIR/patterns" "$BATS_TEST_TMPDIR/there"
    while read -r place; do
        found=$(grep -acFf "$BATS_TEST_TMPDIR/patterns" "$place") || continue
        echo "$place: $found"
        return 1
    done <"$BATS_TEST_TMPDIR/places"
    # ... and the logs have been written at all.
    grep -q '"dialect":"kratos"' "$BATS_FILE_TMPDIR/access.log"
    [ "$(wc -l <"$BATS_FILE_TMPDIR/access.log")" -gt 300 ]
}

@test "a client's Proxy header is in no process's environment" {
    places >/dev/null
    ls "$BATS_FILE_TMPDIR"/proc-*-environ
    fails grep -il proxy.example "$BATS_FILE_TMPDIR"/proc-*-environ "$BATS_FILE_TMPDIR"/*.log
}

@test "the store and its copies are their owner's alone, whatever the umask" {
    umask 0000
    "$rollcall" --store "$BATS_TEST_TMPDIR/fresh" init >/dev/null
    "$rollcall" --store "$BATS_TEST_TMPDIR/fresh" backup "$BATS_TEST_TMPDIR/copy" >/dev/null
    [ "$(find "$BATS_FILE_TMPDIR/store" "$BATS_TEST_TMPDIR/fresh" "$BATS_TEST_TMPDIR/copy" -perm /077 | wc -l)" = 0 ]
}
