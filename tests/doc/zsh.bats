#!/usr/bin/env bats
# Completion in zsh: what an interactive one offers, by the functions as they are installed.
load doc

setup_file() {
    install_all
}

# offered EXPECTED LINE
offered() {
    same "$(printf '%s' "$1" | tr ' ' '\n')" \
        "$(timeout 60 zsh -f "$BATS_TEST_DIRNAME/complete.zsh" "$root/usr/share/zsh/site-functions" "$2")" "$2"
}

# Names on one line, as offered takes them.
line() {
    sort | tr '\n' ' ' | sed 's/ $//'
}

@test "the functions are sound" {
    zsh -n "$root/usr/share/zsh/site-functions/_rollcall"
    zsh -n "$root/usr/share/zsh/site-functions/_rollcalld"
}

@test "commands, and those in them" {
    offered "$(commands_in '' | line)" "rollcall "
    offered "$(commands_in app | line)" "rollcall app "
    offered "$(commands_in session | line)" "rollcall --store=/somewhere session -s elsewhere "
    offered "" "rollcall stat x"
}

@test "options" {
    offered "$(options_in rollcall | line)" "rollcall --"
    offered "$(options_in rollcall list | line)" "rollcall list --"
    offered "$(options_in rollcall session revoke | line)" "rollcall session revoke --"
    offered "$(options_in rollcall key remove | line)" "rollcall -s /somewhere key remove --"
    offered "$(options_in rollcalld | line)" "rollcalld --"
    offered "--status --store" "rollcall list --st"
    # What was said need not be said again.
    offered "--store" "rollcall list --status=active --st"
}

@test "what options take" {
    local states="active expired inactivity_reached logged_out revoked"
    offered "$states" "rollcall list --status="
    offered "$states" "rollcall list -t "
    offered "admin corbado prelude streambird" "rollcall key add --for "
    offered "end_oldest refuse" "rollcall app add acme --at-max="
    mkdir -p "$BATS_TEST_TMPDIR/in/folder/inner"
    touch "$BATS_TEST_TMPDIR/in/folder/file"
    cd "$BATS_TEST_TMPDIR/in"
    offered "inner" "rollcall --store folder/"
    offered "inner" "rollcall backup folder/"
    offered "file inner" "rollcall import folder/"
    offered "file inner" "rollcalld -c folder/"
}
