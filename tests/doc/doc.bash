# shellcheck shell=bash disable=SC2034
# What the tests of manual and completions share: the programs say by --help what there is to be told of them.
bats_require_minimum_version 1.5.0
# What is sorted here is sorted there.
export LC_ALL=C

# Names of what can stand behind "rollcall", each with its group's before it: "list", "app add".
each_command() {
    local name nested
    for name in $(commands_in ''); do
        nested=$(commands_in "$name")
        [ -n "$nested" ] || echo "$name"
        [ -z "$nested" ] || sed "s/^/$name /" <<<"$nested"
    done
}

# commands_in GROUP: those that the help of a group lists.
commands_in() {
    # shellcheck disable=SC2086 # words are meant
    "$ROLLCALL_BUILD/rollcall" $1 --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# options_in PROGRAM WORD...: the long options that its help lists.
options_in() {
    "$ROLLCALL_BUILD/$1" "${@:2}" --help | sed -nE 's/^ {2,6}(-.,)? *(--[a-z0-9-]+).*/\2/p' | sort -u
}

# same EXPECTED GOT WHAT: fails and shows both when they are not.
same() {
    [ "$1" = "$2" ] || {
        printf '%s: expected\n%s\ngot\n%s\n' "$3" "$1" "$2"
        return 1
    }
}

# Installs all that there is into $root, once for a file of tests.
install_all() {
    env -u MAKEFLAGS -u MFLAGS make -s -C "$ROLLCALL_BUILD" install DESTDIR="$BATS_FILE_TMPDIR/root" prefix=/usr sysconfdir=/etc >/dev/null
}
root=$BATS_FILE_TMPDIR/root
