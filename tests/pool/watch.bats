#!/usr/bin/env bats
# Watching it: the log and its files, a line for each request, counts, health, and `rollcall top`.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

whoami=(REQUEST_METHOD=GET REQUEST_URI=/sessions/whoami QUERY_STRING= HTTP_X_SESSION_TOKEN=s3cret-session)
guard="status_token_sha256 = \"$(printf %s st4tus | sha256sum | cut -d' ' -f1)\""

setup() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    socket=$BATS_FILE_TMPDIR/rollcall.sock
    log=$BATS_FILE_TMPDIR/pool.log
    store=$BATS_FILE_TMPDIR/store
    touch "$log"
    echo '{"kind":"app","id":"acme","keys":[{"for":"admin","secret":"s3cret-admin"},{"for":"prelude","secret":"s3cret-prelude"},{"for":"corbado","secret":"corbado1_s3cret"},{"for":"streambird","secret":"sk_test_s3cret"}]}
{"kind":"session","app":"acme","user":"u","token":"s3cret-session"}' >"$BATS_FILE_TMPDIR/records.jsonl"
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
}

teardown() {
    stop_servers
}

# ask [METHOD] PATH [NAME=VALUE...]: straight over FastCGI; leaves $status_code, $headers, $body.
ask() {
    local method=GET
    [[ $1 == /* ]] || { method=$1; shift; }
    local path=$1
    shift
    "$fcgi_client" "$socket" REQUEST_METHOD="$method" REQUEST_URI="$path" QUERY_STRING= "$@" | tr -d '\r' >"$BATS_TEST_TMPDIR/answer"
    headers=$(sed '/^$/,$d' "$BATS_TEST_TMPDIR/answer")
    body=$(sed '1,/^$/d' "$BATS_TEST_TMPDIR/answer")
    status_code=$(sed -n '1s/^Status: \(...\).*/\1/p' <<<"$headers")
}

# metric NAME: its value now; 0 while it is not told.
metric() {
    ask /rollcall/metrics HTTP_AUTHORIZATION="Bearer st4tus"
    awk -v name="$1" '$1 == name { value = $2 } END { print value + 0 }' <<<"$body"
}

metric_is() {
    [ "$(metric "$1")" = "$2" ]
}

expect_metric() {
    local value
    value=$(metric "$1")
    [ "$value" = "$2" ] || {
        echo "$1 is $value, not $2"
        return 1
    }
}

started() {
    sed -n "s/.* $1 \([0-9]*\): started$/\1/p" "$log"
}

has_started() {
    [ "$(started "$1" | wc -l)" -ge "$2" ]
}

health_is() {
    ask /rollcall/health HTTP_AUTHORIZATION="Bearer st4tus"
    [ "$status_code $body" = "$1" ]
}

# expect_none PATTERN FILE...: none of their lines has it.
expect_none() {
    ! grep -E "$@"
}

# lines FILE...: how many requests are told there.
lines() {
    cat "$@" 2>/dev/null | grep -c ' route='
}

@test "through a web server, every request is counted once, by dialect, route and status" {
    start_pool "workers = 2" "$guard"
    start_web
    local n name=rollcall_requests_total duration=rollcall_request_duration_seconds_count
    local refused='{dialect="kratos",method="GET",route="/sessions/whoami",status="401"}'
    local -A before
    for name in "rollcall_requests_total$refused" "$duration{dialect=\"kratos\"}"; do
        before[$name]=$(metric "$name")
    done
    for n in 1 2 3 4 5; do
        get /sessions/whoami -H "X-Session-Token: s3cret-session"
        get /rollcall/v1/sessions/nothing/at/all
    done
    for n in 1 2 3; do
        get /sessions/whoami -H "X-Session-Token: wrong"
        get "/nowhere/$n"
        get /rollcall/v1/users -H "Authorization: Bearer s3cret-admin"
    done
    get /rollcall/v1/users/u -I -H "Authorization: Bearer s3cret-admin"
    get /rollcall/v1/sessions -X POST -d '{"user":"u"}' -H "Authorization: Bearer s3cret-admin"
    get /rollcall/v1/users -X POST -d ''
    expect_status 405
    name=rollcall_requests_total
    expect_metric "$name{dialect=\"kratos\",method=\"GET\",route=\"/sessions/whoami\",status=\"200\"}" 5
    expect_metric "$name$refused" $((before[$name$refused] + 3))
    expect_metric "$name{dialect=\"rollcall\",method=\"-\",route=\"-\",status=\"405\"}" 1
    expect_metric "$name{dialect=\"-\",method=\"-\",route=\"-\",status=\"404\"}" 3
    expect_metric "$name{dialect=\"rollcall\",method=\"GET\",route=\"/rollcall/v1/users\",status=\"200\"}" 3
    expect_metric "$name{dialect=\"rollcall\",method=\"GET\",route=\"/rollcall/v1/users/{}\",status=\"200\"}" 1
    expect_metric "$name{dialect=\"rollcall\",method=\"POST\",route=\"/rollcall/v1/sessions\",status=\"201\"}" 1
    expect_metric "$name{dialect=\"rollcall\",method=\"-\",route=\"-\",status=\"404\"}" 5
    expect_metric "$duration{dialect=\"kratos\"}" $((before[$duration{dialect=\"kratos\"}] + 8))
    expect_metric "$duration{dialect=\"-\"}" 3
    expect_metric 'rollcall_store_objects{kind="session"}' 2
    expect_metric rollcall_workers 2
    expect_metric rollcall_writers 1
    expect_metric rollcall_writer_queue_batches 0
    [ "$(metric rollcall_write_batches_count)" -ge 1 ]
    get /rollcall/metrics -H 'Authorization: Bearer st4tus'
    expect_header Content-Type 'text/plain; version=0.0.4; charset=utf-8'
    # Every series belongs to a family that was named, once, before it.
    [ -z "$(awk '/^# TYPE/ { if (seen[$3]++) print "twice: " $0; next }
        /^#/ { next }
        { name = $1; sub(/{.*/, "", name); bare = name; sub(/_(bucket|sum|count)$/, "", bare)
          if (!seen[name] && !seen[bare]) print "of no family: " $0
          if (told[$1]++) print "told twice: " $0 }' <<<"$body")" ]
}

@test "plain CGI and a single process count with the pool" {
    start_pool "workers = 1" "$guard"
    ask /sessions/whoami HTTP_X_SESSION_TOKEN=s3cret-session
    env -i GATEWAY_INTERFACE=CGI/1.1 "${whoami[@]}" ROLLCALL_STORE="$store" "$rollcalld" </dev/null >/dev/null
    ROLLCALL_STORE=$store ROLLCALL_WORKERS=0 ROLLCALL_CONFIG=/dev/null spawn-fcgi -n -s "$BATS_FILE_TMPDIR/alone.sock" \
        -- "$rollcalld" 2>>"$log" 3>&- &
    note_pid $!
    until_true test -S "$BATS_FILE_TMPDIR/alone.sock"
    "$fcgi_client" "$BATS_FILE_TMPDIR/alone.sock" "${whoami[@]}" >/dev/null
    expect_metric 'rollcall_requests_total{dialect="kratos",method="GET",route="/sessions/whoami",status="200"}' 3
}

@test "counts go on where a pool left off, and whoever was killed is told" {
    start_pool "workers = 2" "$guard"
    until_true has_started worker 2
    kill -KILL "$(started worker | head -n 1)"
    until_true has_started worker 3
    until_true metric_is rollcall_workers 2
    expect_metric 'rollcall_restarts_total{role="worker",cause="failure"}' 1
    expect_metric 'rollcall_restarts_total{role="worker",cause="normal"}' 0
    kill -KILL "$(started writer)"
    until_true metric_is 'rollcall_restarts_total{role="writer",cause="failure"}' 1
    kill -HUP "$pool"
    until_true metric_is rollcall_reloads_total 1
    end_process "$pool"
    : >"$log"
    start_pool "workers = 1" "requests_per_worker = 2" "$guard"
    expect_metric 'rollcall_restarts_total{role="worker",cause="failure"}' 1
    until_true metric_is rollcall_workers_wanted 1
    [ "$(metric 'rollcall_restarts_total{role="worker",cause="normal"}')" -ge 1 ]
}

@test "without a folder the pool counts for itself, and in the folder from a reload on" {
    mv "$store" "$BATS_FILE_TMPDIR/elsewhere"
    start_pool "workers = 2" "$guard"
    ask /nowhere
    ask /nowhere
    expect_metric 'rollcall_requests_total{dialect="-",method="-",route="-",status="404"}' 2
    expect_metric rollcall_store_up 0
    mv "$BATS_FILE_TMPDIR/elsewhere" "$store"
    kill -HUP "$pool"
    until_true test -e "$store/metrics"
    [ "$(stat -c %a "$store/metrics")" = 600 ]
    until_true metric_is rollcall_store_up 1
}

@test "neither health nor metrics is there unless it is configured" {
    start_pool "workers = 1"
    local path method
    for path in /rollcall/health /rollcall/metrics; do
        for method in GET HEAD POST OPTIONS; do
            ask $method /rollcall/nothing HTTP_AUTHORIZATION="Bearer st4tus"
            cp "$BATS_TEST_TMPDIR/answer" "$BATS_TEST_TMPDIR/unknown"
            ask $method $path HTTP_AUTHORIZATION="Bearer st4tus"
            expect_status 404
            cmp "$BATS_TEST_TMPDIR/answer" "$BATS_TEST_TMPDIR/unknown"
        done
    done
}

@test "the token lets in, and nothing else does" {
    start_pool "workers = 1" "$guard"
    local path
    for path in /rollcall/health /rollcall/metrics; do
        ask $path
        expect_status 401
        ask $path HTTP_AUTHORIZATION="Bearer st4tuS"
        expect_status 401
        ask $path HTTP_AUTHORIZATION="Bearer "
        expect_status 401
        ask $path HTTP_AUTHORIZATION="Bearer s3cret-admin"
        expect_status 401
        ask $path HTTP_AUTHORIZATION="bearer st4tus"
        expect_status 200
        ask HEAD $path HTTP_AUTHORIZATION="Bearer st4tus"
        expect_status 200
        [ -z "$body" ]
        ask POST $path HTTP_AUTHORIZATION="Bearer st4tus"
        expect_status 405
        expect_header Allow 'GET, HEAD'
    done
    expect_none st4tus "$BATS_FILE_TMPDIR/rollcall.conf" "$log"
}

@test "anybody may ask for health where it is configured so, and for nothing else" {
    start_pool "workers = 1" 'health = "anybody"'
    ask /rollcall/health
    [ "$status_code $body" = '200 {"status":"ok"}' ]
    ask /rollcall/metrics
    expect_status 404
}

@test "health tells a store that is gone, and that it is back" {
    start_pool "workers = 1" "$guard"
    health_is '200 {"status":"ok"}'
    mv "$store" "$BATS_FILE_TMPDIR/elsewhere"
    health_is '503 {"status":"unavailable","reason":"no_store"}'
    mv "$BATS_FILE_TMPDIR/elsewhere" "$store"
    health_is '200 {"status":"ok"}'
    rm -r "$store"
    health_is '503 {"status":"unavailable","reason":"no_store"}'
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    health_is '200 {"status":"ok"}'
}

@test "health tells that there is no store, and no writer" {
    rm -r "$store"
    start_pool "workers = 1" "$guard"
    health_is '503 {"status":"unavailable","reason":"no_store"}'
    make_store "$BATS_FILE_TMPDIR/records.jsonl"
    health_is '200 {"status":"ok"}'
    # One that dies again and again is replaced ever later.
    local n
    for n in 1 2 3 4; do
        until_true has_started writer $n
        kill -KILL "$(started writer | tail -n 1)"
    done
    until_true health_is '503 {"status":"unavailable","reason":"no_writer"}'
    until_true health_is '200 {"status":"ok"}'
}

@test "each request is a line, of keys and values or of JSON, in the log or in a file of its own" {
    start_pool "workers = 1" 'access_log = "keyvalue"'
    ask /sessions/whoami HTTP_X_SESSION_TOKEN=s3cret-session REMOTE_ADDR=192.0.2.7
    expect_status 200
    local line bytes
    bytes=$(sed -n 's/^Content-Length: //p' <<<"$headers")
    line=$(grep ' route=' "$log")
    [[ $line =~ ^time=[0-9T:.-]+Z\ id=[0-9A-Za-z]{27}\ app=acme\ dialect=kratos\ method=GET\ route=/sessions/whoami\ status=200\ ms=[0-9]+\.[0-9]{3}\ bytes=$bytes\ client=192\.0\.2\.7$ ]] || {
        echo "$line"
        false
    }
    make_config "listen = \"unix:$socket\"" 'access_log = "json"' "access_log_file = \"$BATS_TEST_TMPDIR/access\""
    kill -HUP "$pool"
    until_true grep -q reloaded "$log"
    asks_json() {
        ask DELETE /sessions/s-1/x REMOTE_ADDR=192.0.2.7
        [ -s "$BATS_TEST_TMPDIR/access" ]
    }
    until_true asks_json
    [ "$(head -n 1 "$BATS_TEST_TMPDIR/access" | jq -c '[.app, .dialect, .method, .route, .status, .client, (.ms | type), (.id | length)]')" = \
        '["-","kratos","DELETE","-",404,"192.0.2.7","number",27]' ]
    expect_none '"route"' "$log"
}

@test "a rotation loses no line of any process" {
    local logs=$BATS_TEST_TMPDIR/logs n
    mkdir "$logs"
    start_pool "workers = 2" 'access_log = "keyvalue"' "requests_per_worker = 500"
    make_config "listen = \"unix:$socket\"" "workers = 2" 'access_log = "keyvalue"' "requests_per_worker = 500" \
        "log_file = \"$logs/log\""
    kill -HUP "$pool"
    until_true grep -qs reloaded "$logs/log"
    # Those of before the reload finish into the old one.
    "$fcgi_client" --count 6000 "$socket" "${whoami[@]}" >"$BATS_TEST_TMPDIR/out" 3>&- &
    local client=$!
    writes_anew() {
        [ "$(lines "$logs/log")" -ge 20 ]
    }
    for n in 1 2 3 4 5; do
        until_true writes_anew
        mv "$logs/log" "$logs/log.$n"
        kill -USR1 "$pool"
        until_true test -e "$logs/log"
    done
    wait $client
    [ "$(cat "$BATS_TEST_TMPDIR/out")" = 6000 ]
    [ "$(lines "$log" "$logs"/*)" = 6000 ]
    # Nobody has kept an old one open.
    [ "$(lines "$logs/log.5")" -gt 0 ]
    n=$(cat "$logs"/log.? | wc -l)
    for _ in 1 2 3 4; do
        ask /nowhere
    done
    [ "$(cat "$logs"/log.? | wc -l)" = "$n" ]
    expect_none 'killed|exit code|no answer' "$log" "$logs"/*
}

@test "a single process opens its log anew, too" {
    make_config "workers = 0" 'access_log = "keyvalue"' "access_log_file = \"$BATS_TEST_TMPDIR/access\""
    ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf spawn-fcgi -n -s "$socket" -- "$rollcalld" 2>>"$log" 3>&- &
    local alone=$!
    note_pid $alone
    until_true test -S "$socket"
    ask /nowhere
    mv "$BATS_TEST_TMPDIR/access" "$BATS_TEST_TMPDIR/access.1"
    kill -USR1 $alone
    until_true test -e "$BATS_TEST_TMPDIR/access"
    ask /nowhere
    ask /nowhere
    [ "$(lines "$BATS_TEST_TMPDIR/access.1") $(lines "$BATS_TEST_TMPDIR/access")" = "1 2" ]
    fails is_gone $alone
}

@test "a log that cannot be written stops the start, but not plain CGI" {
    make_config "listen = \"unix:$socket\"" 'log_file = "/nowhere/at/all"'
    run -1 --separate-stderr "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf"
    [[ $stderr == *"log: /nowhere/at/all: No such file or directory"* ]]
    [ ! -e "$socket" ]
    run -0 --separate-stderr env -i GATEWAY_INTERFACE=CGI/1.1 "${whoami[@]}" ROLLCALL_STORE="$store" \
        ROLLCALL_LOG_FILE=/nowhere/at/all ROLLCALL_ACCESS_LOG=keyvalue "$rollcalld" </dev/null
    [[ ${lines[0]} == "Status: 200 OK"* ]]
    [[ $stderr == *"log: /nowhere/at/all"*" route=/sessions/whoami "* ]]
}

@test "no token gets into the log, wherever it was sent" {
    start_pool "workers = 2" 'log_level = "debug"' 'access_log = "keyvalue"' "$guard" 'cookie_names = {"s"}'
    start_web
    local token=s3cret-session path
    for path in /sessions/whoami /sessions /v1/session/me/list /v2/sessions /v1/auth/sessions /api/v1/sessions/list \
        /rollcall/v1/sessions /rollcall/v1/openapi.json /rollcall/metrics /nowhere; do
        get "$path/$token?token=$token&api_key=$token&x=%zz$token" -H "Authorization: Bearer $token"
        get "$path?token=$token" -H "Authorization: Basic $(printf '%s:%s' $token $token | base64)" -b "s=$token"
        get "$path" -X POST -d "{\"token\":\"$token\",\"resume\":\"$token\"}" -H "Content-Type: application/json" -H "X-Session-Token: $token"
        get "$path" -X DELETE -H "X-Auth-Token: $token" -H "X-User-Id: $token" -H "X-Refresh-Token: $token" \
            -H "DPoP: $token" -A "$token" -e "http://$token.example/" -H "X-Request-Id: $token"
        ask "$token" "$path" HTTP_AUTHORIZATION="Bearer $token"
        ask "$path" REMOTE_USER=$token HTTP_HOST=$token QUERY_STRING="$token"
    done
    get /rollcall/metrics -H "Authorization: Bearer st4tus"
    expect_status 200
    [ "$(lines "$log")" -ge 60 ]
    expect_none "$token|st4tus|$(printf %s $token | base64)" "$log" - <<<"$body"
}

@test "top prints what was counted" {
    run -1 --separate-stderr "$rollcall" --store "$store" top --once
    [[ $stderr == *"nothing was counted at $store so far"* ]]
    start_pool "workers = 2"
    [ "$("$fcgi_client" --count 7 "$socket" "${whoami[@]}")" = 7 ]
    ask /nowhere
    run -0 --separate-stderr "$rollcall" --store "$store" top --once
    [ -z "$stderr" ]
    [[ $output == *"workers 2 of 2, writer there"* ]]
    grep -qxE ' +7 +200  kratos +GET +/sessions/whoami' <<<"$output"
    grep -qxE ' +1 +404  - +- +-' <<<"$output"
    grep -qxE 'kratos +7 +[0-9.]+ +[0-9.]+ +[0-9.]+' <<<"$output"
    [[ $output == *"apps 1, users 1, sessions 1"* ]]
    # Where it is no terminal that is all there is.
    "$rollcall" --store "$store" top >"$BATS_TEST_TMPDIR/piped"
    grep -q 'kratos  *GET' "$BATS_TEST_TMPDIR/piped"
    end_process "$pool"
    run -0 "$rollcall" --store "$store" top
    [[ $output == *"none is running"* ]]
}

@test "top in a terminal is renewed until q, and leaves the terminal as it was" {
    start_pool "workers = 1"
    ask /nowhere
    mkfifo "$BATS_TEST_TMPDIR/keys"
    local screen=$BATS_TEST_TMPDIR/screen
    script -qefc "stty rows 20 cols 60; stty -g; '$rollcall' --store '$store' top; stty -g" "$screen" \
        <"$BATS_TEST_TMPDIR/keys" >/dev/null 2>&1 3>&- &
    local typist=$!
    note_pid $typist
    exec 4>"$BATS_TEST_TMPDIR/keys"
    until_true grep -q 'per second' "$screen"
    printf q >&4
    wait $typist
    exec 4>&-
    tr -d '\r' <"$screen" | grep -oE '^[^ ]*[0-9a-f]+(:[0-9a-f]+){10,}' | sed 's/.*\x1b[^:]*[hl]//' | sort | uniq -c | grep -q '^ *2 '
    # No line is longer than the terminal is wide.
    [ -z "$(tr -d '\r' <"$screen" | sed 's/\x1b\[[?0-9]*[A-Za-z]//g' | grep -E '^(rollcall|pool|store)' | awk 'length > 60')" ]
}
