# shellcheck shell=bash disable=SC2034
# What tests/package/run and tests/package/inside say of each thing they try, in TAP.

number=0 failed=0 running=''

# check NAME COMMAND...: a command that fails, or a function in which one does; then what it printed is shown. Not to be
# called where a failure is looked at, as after `if`: there, none would end the function.
check() {
    local name=$1 log status
    log=$(mktemp)
    shift
    number=$((number + 1))
    # A signal is minded while one waits, and not while one runs something.
    (set -e && "$@") >"$log" 2>&1 </dev/null &
    running=$!
    wait $running
    status=$? running=''
    if [ $status = 0 ]; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        tail -n 40 "$log" | cut -c 1-300 | sed 's/^/# /'
        failed=1
    fi
    rm "$log"
}

fail() {
    echo "$1" >&2
    return 1
}
