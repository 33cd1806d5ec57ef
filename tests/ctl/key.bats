# key: signing keys and secret ones; what they open and verify by real requests.
# shellcheck disable=SC2154 # run sets stderr
load ctl

setup() {
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    cd "$BATS_TEST_TMPDIR" || return
    "$ROLLCALL" init >/dev/null
    "$ROLLCALL" app add acme --project-id pro-1 >keys
    "$ROLLCALL" app add other --no-keys >/dev/null
}

# The key for that use that `app add` printed.
first_key() {
    awk -v use="$1" '$1 == use { print $2 }' keys
}

# opens STATUS KEY: whether Rollcall's own API lets the key in.
opens() {
    expect_request "$1" /rollcall/v1/app "HTTP_AUTHORIZATION=Bearer $2"
}

signing() {
    "$ROLLCALL" key list --app acme --json | jq -c "$1"
}

@test "list shows the signing key, and how many secret keys there are for what" {
    run -0 --separate-stderr "$ROLLCALL" key list --app acme
    [ -z "$stderr" ]
    [[ ${lines[0]} =~ ^SIGNING\ KEY\ +STATE\ +UNTIL$ ]]
    [[ ${lines[1]} =~ ^[A-Za-z0-9_-]{43}\ +current\ *$ ]]
    [ "${lines[2]}" = "SECRET KEYS FOR  COUNT" ]
    [ "$(awk 'NR > 4 { print $1, $2 }' <<<"$output" | tr '\n' ' ')" = "admin 1 prelude 1 corbado 1 streambird 1 " ]
    run -0 "$ROLLCALL" key list --app other
    [ "${#lines[@]}" = 3 ]
}

@test "list --json has the key ids, and each secret key's SHA-256" {
    hash=$(first_key admin | tr -d '\n' | sha256sum | cut -d' ' -f1)
    run -0 "$ROLLCALL" key list --app acme --json
    [ "$(jq -c '[.app, (.signing | length), .signing[0].state, (.secret | length)]' <<<"$output")" = \
        '["acme",1,"current",4]' ]
    [ "$(jq -r '.secret[] | select(.for == "admin").sha256' <<<"$output")" = "$hash" ]
    assert_lacks "$(first_key admin)" "$output"
}

@test "rotate makes a new key current; tokens of the old one are good for as long as they live" {
    old=$(signing '.signing[0].kid')
    token=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    before=$(date +%s)
    run -0 --separate-stderr "$ROLLCALL" key rotate --app acme
    [[ $output =~ ^[A-Za-z0-9_-]{43}$ ]]
    [ -z "$stderr" ]
    [ "$(signing '.signing[] | select(.state == "current").kid')" = "\"$output\"" ]
    [ "$(signing '.signing[] | select(.state == "retired").kid')" = "$old" ]
    until=$(signing '.signing[] | select(.state == "retired").until | sub("\\.[0-9]+Z$"; "Z") | fromdate')
    [ $((until - before)) -ge 86460 ]
    [ $((until - before)) -le 86470 ]
    [[ $("$ROLLCALL" key list --app acme) =~ retired\ +$(date -u -d "@$until" +%FT%TZ) ]]
    expect_request 200 /v1/session/me/list "HTTP_AUTHORIZATION=Bearer $token"
    token=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    expect_request 200 /v1/session/me/list "HTTP_AUTHORIZATION=Bearer $token"
    [ "$(cut -d. -f1 <<<"$token" | jose b64 dec -i- | jq -r .kid)" = "$output" ]
    [ "$("$ROLLCALL" key list --app other --json | jq '.signing | length')" = 1 ]
    "$ROLLCALL" check
}

# lists STATUS TOKEN: whether Prelude's API lets the access token in.
lists() {
    expect_request "$1" /v1/session/me/list "HTTP_AUTHORIZATION=Bearer $2"
}

# A key id for each that JWKS shows.
shown() {
    expect_request 200 /.well-known/jwks.json HTTP_HOST=acme.example
    tail -n 1 answer | jq -r '.keys[].kid' | sort
}

@test "rotate --at-once: from the next request on nothing counts that an older key has signed" {
    first=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    "$ROLLCALL" key rotate --app acme >/dev/null
    second=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    others=$("$ROLLCALL" session create --app other --user bob --json | jq -r .access_token)
    lists 200 "$first"
    lists 200 "$second"
    [ "$(shown | wc -l)" = 2 ]
    run -0 --separate-stderr "$ROLLCALL" key rotate --app acme --at-once
    [[ $output =~ ^[A-Za-z0-9_-]{43}$ ]]
    [ "$(signing '[.signing[] | [.kid, .state]]')" = "[[\"$output\",\"current\"]]" ]
    [ "$(shown)" = "$output" ]
    lists 401 "$first"
    lists 401 "$second"
    lists 200 "$others"
    lists 200 "$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)"
    "$ROLLCALL" check
}

@test "keys are changed without a refused request" {
    # The secret one: two are good while applications go over from one to the other.
    old=$(first_key admin)
    new=$("$ROLLCALL" key add --app acme --for admin | awk '{ print $2 }')
    opens 200 "$old"
    opens 200 "$new"
    "$ROLLCALL" key remove --app acme --for admin --secret-stdin <<<"$old"
    opens 401 "$old"
    opens 200 "$new"
    # The one that signs: tokens of either are good, and whoever verifies them finds both keys.
    before=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    old=$(shown)
    new=$("$ROLLCALL" key rotate --app acme)
    after=$("$ROLLCALL" session create --app acme --user bob --json | jq -r .access_token)
    [ "$(shown)" = "$(printf '%s\n' "$old" "$new" | sort)" ]
    lists 200 "$before"
    lists 200 "$after"
    [ "$(cut -d. -f1 <<<"$before" | jose b64 dec -i- | jq -r .kid)" = "$old" ]
    [ "$(cut -d. -f1 <<<"$after" | jose b64 dec -i- | jq -r .kid)" = "$new" ]
}

@test "a key that is added opens, beside those there were; it is not in the store in clear" {
    run -0 --separate-stderr "$ROLLCALL" key add --app acme --for admin
    [ -z "$stderr" ]
    [[ $output =~ ^admin\ +(rk_[A-Za-z0-9_-]{43})$ ]]
    key=${BASH_REMATCH[1]}
    opens 200 "$key"
    opens 200 "$(first_key admin)"
    run -1 grep -qF "$key" "$ROLLCALL_STORE/data.mdb"
    [[ $("$ROLLCALL" key list --app acme) =~ admin\ +2 ]]
    [ "$("$ROLLCALL" key add --app acme --for corbado | sed 's/ *pro-1:corbado1_.*/ pro-1/')" = "corbado pro-1" ]
    [[ $("$ROLLCALL" key add --app acme --for prelude) =~ ^prelude\ +prelude_ ]]
    [[ $("$ROLLCALL" key add --app other --for streambird) =~ ^streambird\ +sk_live_ ]]
    [ "$("$ROLLCALL" app list | awk '$1 == "acme" { print $2, $3, $6, $7 }')" = \
        "2592000 604800 pro-1 admin,prelude,corbado,streambird" ]
    "$ROLLCALL" check
}

# Others wait for the store while it is written to: what they looked at before is not put back.
@test "what is imported of the app while keys are added stays" {
    for n in {1..12}; do
        echo '{"kind":"app","id":"acme","session":{"lifetime_s":'$((100 + n))'}}' >app.jsonl
        for _ in {1..4}; do
            "$ROLLCALL" key add --app acme --for admin >/dev/null &
        done
        "$ROLLCALL" import app.jsonl >/dev/null
        wait
        [ "$("$ROLLCALL" app list | awk '$1 == "acme" { print $2 }')" = $((100 + n)) ]
    done
    "$ROLLCALL" check
}

@test "a key that is removed opens nothing, named by its SHA-256 or given on standard input" {
    second=$("$ROLLCALL" key add --app acme --for admin | awk '{ print $2 }')
    run -0 --separate-stderr "$ROLLCALL" key remove --app acme --for admin \
        --sha256 "$(first_key admin | tr -d '\n' | sha256sum | cut -d' ' -f1)"
    [ "$output" = "removed a key for admin" ]
    [ -z "$stderr" ]
    opens 401 "$(first_key admin)"
    opens 200 "$second"
    run -0 "$ROLLCALL" key remove --app acme --for admin --secret-stdin <<<"$second"
    opens 401 "$second"
    run -0 "$ROLLCALL" key remove --app acme --for streambird --secret-stdin < <(printf %s "$(first_key streambird)")
    [ "$("$ROLLCALL" key list --app acme --json | jq -c '[.secret[].for]')" = '["prelude","corbado"]' ]
    "$ROLLCALL" check
}

@test "a key that the app has not is told, and nothing is removed" {
    hash=$(first_key admin | tr -d '\n' | sha256sum | cut -d' ' -f1)
    run -1 --separate-stderr "$ROLLCALL" key remove --app acme --for corbado --sha256 "$hash"
    [ "$stderr" = "rollcall: app acme has no such key for corbado" ]
    [ -z "$output" ]
    run -1 --separate-stderr "$ROLLCALL" key remove --app other --for admin --sha256 "$hash"
    [ "$stderr" = "rollcall: app other has no such key for admin" ]
    run -1 --separate-stderr "$ROLLCALL" key remove --app acme --for kratos --secret-stdin <<<"nonsense"
    [ "$stderr" = "rollcall: app acme has no such key for kratos" ]
    run -1 --separate-stderr "$ROLLCALL" key remove --app acme --for admin --secret-stdin </dev/null
    [ "$stderr" = "rollcall: a key of 1 to 1024 bytes is expected on standard input" ]
    run -1 "$ROLLCALL" key remove --app acme --for admin --secret-stdin <<<""
    run -1 "$ROLLCALL" key remove --app acme --for admin --secret-stdin < <(printf 'x%.0s' {1..1025})
    assert_has "1 to 1024 bytes" "$output"
    [ "$(signing '.secret | length')" = 4 ]
    for command in "list" "rotate" "add --for admin" "remove --for admin --sha256 $hash"; do
        # shellcheck disable=SC2086 # words are meant
        run -1 --separate-stderr "$ROLLCALL" key $command --app nowhere
        [ "$stderr" = "rollcall: no app nowhere" ]
        [ -z "$output" ]
    done
}

@test "keys that are added at once are all kept" {
    for _ in {1..8}; do
        "$ROLLCALL" key add --app other --for admin >>added &
    done
    wait
    [ "$(wc -l <added)" = 8 ]
    [[ $("$ROLLCALL" key list --app other) =~ admin\ +8 ]]
    while read -r _ key; do
        opens 200 "$key"
    done <added
}

@test "an app has no more than 64 keys" {
    { printf '{"kind":"app","id":"full","keys":['
      for n in {1..64}; do printf '%s{"for":"admin","secret":"s%d"}' "$([ "$n" = 1 ] || echo ,)" "$n"; done
      echo ']}'; } | "$ROLLCALL" import - >/dev/null
    run -1 --separate-stderr "$ROLLCALL" key add --app full --for admin
    [ "$stderr" = "rollcall: app full has 64 keys already, as many as it may have" ]
    [ -z "$output" ]
    "$ROLLCALL" key remove --app full --for admin --secret-stdin <<<s64
    run -0 "$ROLLCALL" key add --app full --for admin
    [[ $("$ROLLCALL" key list --app full) =~ admin\ +64 ]]
}

@test "wrong usage is told" {
    while IFS='|' read -r arguments expected; do
        # shellcheck disable=SC2086 # words are meant
        run -2 --separate-stderr "$ROLLCALL" key $arguments
        assert_has "$expected" "$(tr -s '\n ' ' ' <<<"$stderr")"
        [ -z "$output" ]
    done <<<"|a command is expected
frob|no such command: frob
list|--app is expected
list acme|no argument is expected: acme
rotate|--app is expected
rotate --json --app acme|unrecognized option
add --app acme|--app and --for are expected
add --for admin|--app and --for are expected
add --app acme --for kratos|--for: admin, prelude, corbado or streambird is expected: kratos
add --app acme --for admin x|no argument is expected: x
remove --app acme --for nobody|--for: admin or a vendor's name is expected: nobody
remove --app acme --for admin|either --sha256 or --secret-stdin is expected
remove --app acme --for admin --sha256 12|--sha256: 64 hexadecimal digits are expected
remove --app acme --for admin --secret-stdin --sha256 $(printf 'a%.0s' {1..64})|either --sha256 or --secret-stdin is expected"
    [ "$(signing '.secret | length')" = 4 ]
}
