#!/usr/bin/env bats
# The configuration: file, environment, --check-config, and what a wrong option says.
bats_require_minimum_version 1.5.0
. "$ROLLCALL_SOURCE/tests/support/servers.bash"

setup() {
    conf=$BATS_TEST_TMPDIR/rollcall.conf
}

check() {
    "$rollcalld" --config "$conf" --check-config
}

# wrong LINE REASON: the start stops with file, line and reason.
wrong() {
    printf '# first\n%s\n' "$1" >"$conf"
    run -1 --separate-stderr check
    [[ $stderr == *"$conf:2: "*"$2"* ]] || {
        echo "$1: $stderr"
        return 1
    }
}

@test "the example is sound, and says what is the default anyway" {
    run -0 --separate-stderr "$rollcalld" --config "$ROLLCALL_BUILD/data/rollcall.conf" --check-config
    with_example=$output
    : >"$conf"
    run -0 --separate-stderr check
    [ "$output" = "$with_example" ]
}

@test "what is checked can be read again" {
    printf '%s\n' 'workers = 7' 'cookie_names = {"a", "b*"}' 'public_url = "https://x.example"' >"$conf"
    check >"$BATS_TEST_TMPDIR/again.conf"
    run -0 --separate-stderr "$rollcalld" --config "$BATS_TEST_TMPDIR/again.conf" --check-config
    [ "$output" = "$(cat "$BATS_TEST_TMPDIR/again.conf")" ]
    [[ $output == *"workers=7"* ]]
}

@test "a wrong option stops it with file, line and reason" {
    wrong 'workers = 257' 'workers must be from 0 to 256'
    wrong 'workers = -1' 'workers must be from 0 to 256'
    wrong 'workers = many' 'workers'
    wrong 'drain_seconds = 99999' 'drain_seconds must be from 0 to 3600'
    wrong 'request_seconds = 3601' 'request_seconds must be from 0 to 3600'
    wrong 'failures_per_minute = 60001' 'failures_per_minute must be from 0 to 60000'
    wrong 'store = "relative"' 'store must be an absolute path'
    wrong 'listen = "somewhere"' 'listen must be "unix:/path", "tcp:host:port" or empty'
    wrong 'socket_mode = "0999"' 'socket_mode must be an octal mode'
    wrong 'public_url = "x.example"' 'public_url must begin with http:// or https://'
    wrong 'public_url = "https://x.example/"' 'and not end with'
    wrong 'prefix = "auth"' "prefix must begin with '/'"
    wrong 'cookie_names = {"a=b"}' 'cookie_names must be names of cookies'
    wrong 'trusted_proxies = {"10.0.0.0/33"}' 'trusted_proxies must be addresses, networks'
    wrong 'trusted_proxies = {"::1", "localhost"}' 'trusted_proxies must be addresses, networks'
    wrong 'forwarded = "x-real-ip"' 'forwarded must be none, x-forwarded or rfc7239'
    wrong 'log_level = "loud"' 'log_level must be error, warn, info or debug'
    wrong 'log_file = "relative"' 'log_file must be an absolute path'
    wrong 'access_log = "on"' 'access_log must be off, keyvalue or json'
    wrong 'status_token_sha256 = "abc"' 'status_token_sha256 must be 64 hexadecimal digits or empty'
    wrong 'health = "everybody"' 'health must be token or anybody'
    wrong 'frobnicate = 1' 'frobnicate'
    wrong 'public_url = https://x.example"' 'what begins with " does not end'
    wrong "prefix = '/x" "what begins with ' does not end"
    wrong '/* workers = 1' 'what begins with /* does not end'
    wrong 'log_file = "/${"}' 'what begins with " does not end'
    wrong 'user = ${"} "' 'what begins with " does not end'
    wrong '"" = 1' "an option's name is expected"
    wrong 'user = www data ""' 'data'
    wrong 'user = www ""' "an option's name is expected"
}

@test "the environment overrides the file" {
    echo 'workers = 7' >"$conf"
    ROLLCALL_WORKERS=3 ROLLCALL_COOKIE_NAMES='one, two*' ROLLCALL_STORE=/somewhere/else run -0 --separate-stderr check
    [[ $output == *"workers=3"* ]]
    [[ $output == *'cookie_names = {"one", "two*"}'* ]]
    [[ $output == *'store="/somewhere/else"'* ]]
}

@test "a wrong variable is told by its name" {
    : >"$conf"
    ROLLCALL_WORKERS=999 run -1 --separate-stderr check
    [[ $stderr == *"ROLLCALL_WORKERS: workers must be from 0 to 256"* ]]
    ROLLCALL_WORKERS=x run -1 --separate-stderr check
    [[ $stderr == *"ROLLCALL_WORKERS: "* ]]
    ROLLCALL_LOG_LEVEL=x run -1 --separate-stderr check
    [[ $stderr == *"ROLLCALL_LOG_LEVEL: "* ]]
}

@test "what is shown reads as the same again, whatever it is" {
    cat >"$conf" <<'CONF'
log_file = '/a ${HOME} "b" \\ $c'
cookie_names = {'${x}', "a\\b"}
CONF
    run -0 --separate-stderr check
    [[ $output == *'log_file="/a \${HOME} \"b\" \\ \$c"'* ]]
    local shown=$output
    echo "$shown" >"$conf"
    run -0 --separate-stderr check
    [ "$output" = "$shown" ]
}

@test "what stands in a word or between quotes is no comment" {
    cat >"$conf" <<'CONF'
public_url = https://x.example
/* prefix = "/no" */ cookie_names = {"a#b", 'c//d'} // workers = 7
log_file = "/*/log" # drain_seconds = 9
CONF
    run -0 --separate-stderr check
    local line
    for line in 'public_url="https://x.example"' 'prefix=""' 'cookie_names={"a#b", "c//d"}' 'log_file="/*/log"' 'workers=2'; do
        [[ ${output// = /=} == *"$line"* ]]
    done
}

@test "a file with a NUL byte is none, not half of one" {
    printf 'workers = 3\n\0drain_seconds = many\n' >"$conf"
    run -1 --separate-stderr check
    [[ $stderr == *"$conf: is no text: it has a NUL byte"* ]]
}

@test "a file that was named must be there" {
    run -1 --separate-stderr "$rollcalld" --config /nowhere/at/all --check-config
    [[ $stderr == *"/nowhere/at/all: No such file"* ]]
    ROLLCALL_CONFIG=/nowhere/at/all run -1 --separate-stderr "$rollcalld" --check-config
}

@test "--help names every option, wrong usage is 2" {
    # The store's default may be a path of any length.
    ARGP_HELP_FMT=rmargin=4096 run -0 "$rollcalld" --help
    local option
    for option in store listen socket_mode workers requests_per_worker request_seconds failures_per_minute drain_seconds \
        map_size_mib public_url prefix trusted_proxies forwarded cookie_names log_level; do
        [[ $output == *"  $option = "* ]]
    done
    run -0 "$rollcalld" --version
    run -2 "$rollcalld" --frobnicate
    run -2 "$rollcalld" surplus
}

@test "with nothing to listen on it says so" {
    echo 'store = "/nowhere"' >"$conf"
    run -2 --separate-stderr "$rollcalld" --config "$conf" </dev/null
    [[ $stderr == *"nothing to listen on"* ]]
}
