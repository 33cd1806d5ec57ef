# shellcheck shell=bash disable=SC2034
# What the tests of faults share: a pool, requests to it in every dialect, and an account of what was acknowledged, which
# is held against what is there.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

dialects=(native kratos corbado prelude streambird rocketchat)
auth='HTTP_AUTHORIZATION=Bearer rk'
basic='HTTP_AUTHORIZATION=Basic cHJvLTE6Y29yYmFkbzFfeA==' # pro-1:corbado1_x
key='HTTP_AUTHORIZATION=Bearer sk_test_x'

# begin_faults FOLDER: the store is to be there; the account is kept elsewhere.
begin_faults() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR
    dir=$BATS_TEST_TMPDIR
    store=${1:-$dir/store}
    socket=$dir/rollcall.sock
    log=$dir/pool.log
    plan=$dir/plan
    round=0 clock=0 monotonic=0
    : >"$log"
    : >"$dir/made"    # id token jwt spellings of corbado, prelude, streambird, kratos, rocketchat: acknowledged, and not ended
    : >"$dir/created" # ids of all that were acknowledged
    : >"$dir/ended"   # ids of those whose end was acknowledged
    : >"$dir/unsure"  # ids of those whose end was asked for, and not acknowledged
    no_fault
    echo '{"kind":"app","id":"acme","session":{"lifetime_s":8640000,"idle_s":0,"retain_s":8640000},"corbado":{"project_id":"pro-1"},"keys":[{"for":"admin","secret":"rk"},{"for":"corbado","secret":"corbado1_x"},{"for":"streambird","secret":"sk_test_x"}]}
{"kind":"app","id":"globex","keys":[{"for":"admin","secret":"rk_other"}]}
{"kind":"user","app":"acme","id":"eve"}
{"kind":"user","app":"globex","id":"eve"}
{"kind":"session","app":"acme","user":"eve","token":"eves-token","created_at":"2026-01-01T00:00:00Z","expires_at":"2100-01-01T00:00:00Z"}
{"kind":"session","app":"globex","user":"eve","token":"other-token","user_agent":"globex-alone"}' >"$dir/records.jsonl"
}

# Making the apps' keys takes longer than most tests: all start from copies of one store.
make_faulty_store() {
    local first=$BATS_RUN_TMPDIR/faults-store
    [ -e "$first" ] || "$rollcall" --store "$first" import "$dir/records.jsonl" >/dev/null
    mkdir -p -m 700 "$store"
    cp "$first/data.mdb" "$store"
}

# ---- the shim ----

# fault FIRST COUNT WHAT: which of the calls that write below the store's folder fail from now on (shim.c).
fault() {
    round=$((round + 1))
    echo "$round $1 $2 $3 $clock $monotonic" >"$plan.new"
    rm -f "$plan.hits"
    mv "$plan.new" "$plan"
}
no_fault() {
    fault 0 0 none
}
# set_clock MS [MONOTONIC MS]: how far clocks are ahead of the system's.
set_clock() {
    clock=$1 monotonic=${2:-0}
    no_fault
}
hits() {
    cat "$plan.hits" 2>/dev/null | wc -l
}
# pool [shim] [LINE...]: starts one on the store, under the shim where that is said.
pool() {
    local rollcalld=$rollcalld
    if [ "${1:-}" = shim ]; then
        shift
        shimmed "$rollcalld" >"$dir/shimmed"
        chmod +x "$dir/shimmed"
        rollcalld=$dir/shimmed
    fi
    ROLLCALL_STORE=$store start_pool "workers = 2" "$@"
}
# shimmed PROGRAM: a script that runs it under the shim, as the same process; confined, it could not read the shim's plan.
shimmed() {
    printf '#!/bin/bash\nexport LD_PRELOAD=%q FAULTS_PLAN=%q FAULTS_BELOW=%q ASAN_OPTIONS=%q ROLLCALL_CONFINE=off\nexec %q "$@"\n' \
        "$ROLLCALL_BUILD/tests/faults-shim.so" "$plan" "$store" \
        "${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" "$1"
}

# ---- requests ----

# ask METHOD TARGET BODY PARAMETER...: leaves $status_code and $body; 0 where no answer comes.
ask() {
    local method=$1 target=$2 text=$3 query='' said
    shift 3
    [[ $target != *\?* ]] || query=${target#*\?}
    said=$(timeout 30 "$fcgi_client" --body "$text" "$socket" "REQUEST_METHOD=$method" "REQUEST_URI=$target" \
        "QUERY_STRING=$query" CONTENT_TYPE=application/json "CONTENT_LENGTH=${#text}" "$@" 2>/dev/null) || true
    said=${said//$'\r'/}
    status_code=0 body=''
    [[ $said == Status:* ]] || return 0
    status_code=${said:8:3}
    body=${said#*$'\n\n'}
}

# member NAME: the text of a member of the answer's body, in $found; jq takes longer than the request.
member() {
    found=${body#*\"$1\":\"}
    found=${found%%\"*}
}

# make [N]: so many sessions, each acknowledged or not; $refused says how many were not.
make() {
    local n name line
    refused=0
    for ((n = 0; n < ${1:-1}; n++)); do
        ask POST /rollcall/v1/sessions '{"user":"u"}' "$auth"
        if [ "$status_code" = 201 ]; then
            line=''
            for name in id token access_token corbado prelude streambird kratos rocketchat; do
                member $name
                line+="$found "
            done
            echo "$line" >>"$dir/made"
            echo "${line%% *}" >>"$dir/created"
        else
            refused=$((refused + 1))
        fi
    done
}

# read_in DIALECT: a list.
read_in() {
    local id token jwt
    read -r id token jwt _ <"$dir/made"
    case $1 in
    native) ask GET '/rollcall/v1/sessions?limit=100' '' "$auth" ;;
    kratos) ask GET /sessions '' "HTTP_X_SESSION_TOKEN=$token" ;;
    corbado) ask GET '/v2/sessions?pageSize=100' '' "$basic" ;;
    prelude) ask GET /v1/session/me/list '' "HTTP_AUTHORIZATION=Bearer $jwt" ;;
    streambird) ask GET '/v1/auth/sessions/list?user_id=u' '' "$key" ;;
    rocketchat) ask GET /api/v1/sessions/list '' "HTTP_X_USER_ID=u" "HTTP_X_AUTH_TOKEN=$token" ;;
    esac
}

# end_in DIALECT: ends the last session that is left, in its way. The first is for reading.
end_in() {
    local id token jwt corbado prelude streambird kratos rocketchat
    read -r id token jwt corbado prelude streambird kratos rocketchat < <(tail -n 1 "$dir/made")
    case $1 in
    native) ask DELETE "/rollcall/v1/sessions/$id" '' "$auth" ;;
    kratos) ask DELETE "/admin/sessions/$kratos" '' 'HTTP_AUTHORIZATION=rk' ;;
    corbado) ask POST "/v2/sessions/$corbado/revoke" '' "$basic" ;;
    prelude) ask POST '/v1/session/me/revoke?target=mine' '' "HTTP_AUTHORIZATION=Bearer $jwt" ;;
    streambird) ask DELETE /v1/auth/sessions/delete "{\"session_token\":\"$token\"}" "$key" ;;
    rocketchat) ask POST /api/v1/logout '' "HTTP_X_USER_ID=u" "HTTP_X_AUTH_TOKEN=$token" ;;
    esac
    case $status_code in
    20[04])
        echo "$id" >>"$dir/ended"
        sed -i '$d' "$dir/made"
        ;;
    *) echo "$id" >>"$dir/unsure" ;;
    esac
}

# The answer has the shape of that dialect's errors, whatever its status.
expect_error_of() {
    local shape
    case $1 in
    native) shape='{"error":"*","message":"*"*}' ;;
    kratos) shape='{"error":{*"code":50?,*"message":"*"*}}' ;;
    corbado) shape='{"httpStatusCode":50?,*"requestData":{"requestID":"*"*},*"error":{"type":"*"*}}' ;;
    prelude) shape='{"code":"*","message":"*"*}' ;;
    streambird) shape='{*"error_type":"*"*"error_message":"*"*}' ;;
    rocketchat) shape='{*"success":false*}' ;;
    esac
    # shellcheck disable=SC2053
    [[ $body == $shape ]] || {
        echo "$1: no error of its own: $status_code $body"
        return 1
    }
}

# all_read STATUS, all_end STATUS: in every dialect; errors in its own shape.
all_read() {
    local dialect
    for dialect in "${dialects[@]}"; do
        read_in "$dialect"
        expect_as "$1" "$dialect" reads
    done
}
all_end() {
    local dialect
    for dialect in "${dialects[@]}"; do
        end_in "$dialect"
        expect_as "$1" "$dialect" writes
    done
}
# expect_as PATTERN DIALECT WHAT
expect_as() {
    # shellcheck disable=SC2053
    [[ $status_code == $1 ]] || {
        echo "$2 $3: status $status_code, not $1: $body"
        tail -n 5 "$log"
        return 1
    }
    case $status_code in
    20?) ;;
    *) expect_error_of "$2" ;;
    esac
}

answers_native() {
    read_in native
    [ "$status_code" = 200 ]
}
# A worker that finds another store in the place of its own answers 503 once, and is replaced.
all_answer() {
    local n
    for ((n = 0; n < 8; n++)); do
        answers_native || return 1
    done
}
writes_again() {
    make 1
    [ "$refused" = 0 ]
}

# ---- the account ----

# hold_account NAME: what was acknowledged is there, and no more than was asked for; says how much.
hold_account() {
    local status=0 lost undone extra
    "$rollcall" --store "$store" check >"$dir/check" 2>&1 || status=$?
    [ $status = 0 ] || {
        echo "$1: rollcall check: $(cat "$dir/check")"
        return 1
    }
    "$rollcall" --store "$store" list --app=acme --json --limit 0 |
        jq -r 'select(.user == "u") | [.id, .ended.as // "active"] | join(" ")' | LC_ALL=C sort >"$dir/there"
    LC_ALL=C sort "$dir/created" >"$dir/created.sorted"
    LC_ALL=C sort "$dir/ended" >"$dir/ended.sorted"
    LC_ALL=C sort -u "$dir/unsure" >"$dir/unsure.sorted"
    awk '$2 != "active" { print $1 }' "$dir/there" >"$dir/there.ended"
    cut -d' ' -f1 "$dir/there" >"$dir/there.ids"
    lost=$(LC_ALL=C comm -23 "$dir/created.sorted" "$dir/there.ids" | wc -l)
    undone=$(LC_ALL=C comm -23 "$dir/ended.sorted" "$dir/there.ended" | wc -l)
    extra=$(LC_ALL=C comm -13 <(LC_ALL=C sort -u "$dir/ended" "$dir/unsure") "$dir/there.ended" | wc -l)
    echo "# $1: acknowledged $(wc -l <"$dir/created") sessions, $(wc -l <"$dir/ended") ends;" \
        "found $(LC_ALL=C comm -12 "$dir/created.sorted" "$dir/there.ids" | wc -l) and" \
        "$(LC_ALL=C comm -12 "$dir/ended.sorted" "$dir/there.ended" | wc -l)" >&3
    [ "$lost $undone $extra" = '0 0 0' ] || {
        echo "$1: $lost sessions lost, $undone ends undone, $extra ended that nobody ended"
        return 1
    }
}
