#!/usr/bin/env bats
# Completion in bash: what bash-completion finds for the programs, installed as they are.
load doc

setup_file() {
    install_all
}

# offers WORD...: for the last word, by the words before it.
offers() {
    bash "$BATS_TEST_DIRNAME/complete.bash" "$root/usr/share" "$@"
}

# offered EXPECTED WORD...
offered() {
    same "$(printf '%s' "$1" | tr ' ' '\n')" "$(offers "${@:2}")" "${*:2}"
}

@test "the scripts are sound" {
    run -0 shellcheck -s bash "$root"/usr/share/bash-completion/completions/*
}

@test "commands, and those in them" {
    same "$(commands_in '' | sort)" "$(offers rollcall '')" rollcall
    for group in app key session user; do
        same "$(commands_in $group | sort)" "$(offers rollcall $group '')" $group
    done
    offered "session" rollcall se
    offered "revoke" rollcall --store /somewhere session --store = elsewhere r
    offered "" rollcall stat ''
}

@test "every option of every command" {
    local command
    for command in '' $(each_command | tr ' ' ,); do
        # shellcheck disable=SC2086 # words are meant
        set -- ${command//,/ }
        same "$(options_in rollcall "$@")" "$(offers rollcall "$@" -- | sed 's/=$//' | sort)" "$*"
    done
    same "$(options_in rollcalld)" "$(offers rollcalld -- | sed 's/=$//' | sort)" rollcalld
    offered "--status= --store=" rollcall list --st
}

@test "what options take" {
    local states="active expired inactivity_reached logged_out revoked"
    offered "$states" rollcall list --status ''
    offered "$states" rollcall list --status = ''
    offered "$states" rollcall -s list list -t ''
    offered "active" rollcall list --status a
    offered "" rollcall list --app ''
    offered "" rollcall list --json = ''
    offered "active inactive" rollcall user set u --app a --state ''
    offered "admin corbado prelude streambird" rollcall key add --for ''
    mkdir -p "$BATS_TEST_TMPDIR/in/folder"
    touch "$BATS_TEST_TMPDIR/in/file"
    cd "$BATS_TEST_TMPDIR/in"
    offered "folder" rollcall --store ''
    offered "folder" rollcall --store = ''
    offered "folder" rollcall backup ''
    offered "folder" rollcall restore --force ''
    offered "file folder" rollcall import ''
    offered "file folder" rollcalld --config ''
    offered "file folder" rollcalld -c ''
    offered "" rollcalld ''
}

# taken WORD...: each word that is offered last is one that the program knows.
taken() {
    local word
    for word in $(offers rollcall "$@" ''); do
        run -1 --separate-stderr "$ROLLCALL_BUILD/rollcall" "$@" "$word" --store /nowhere/at/all
    done
    [ -n "$word" ]
    run -2 "$ROLLCALL_BUILD/rollcall" "$@" frobnicate
}

@test "the words that are offered are taken" {
    taken list --status
    taken session revoke --app a --user u --as
    taken user set u --app a --state
    taken app add a --at-max
    taken key add --app a --for
    taken key remove --app a --secret-stdin --for
}
