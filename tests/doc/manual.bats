#!/usr/bin/env bats
# The manual pages and the example file: all that the programs can do stands there.
load doc

openapi=$ROLLCALL_SOURCE/data/openapi.json

# page NAME: the page, without the signs that keep mdoc(7) from taking words for something else.
page() {
    sed -e 's/\\&//g' -e 's/\\-/-/g' "$ROLLCALL_BUILD/man/$1"
}

# section COMMAND: what rollcall(1) says of a command.
section() {
    page rollcall.1 | awk -v name="$1" '
        /^\.It Cm / { here = index($0 " ", ".It Cm " name " ") == 1 || (here && here_is_head); here_is_head = 1; }
        !/^\.It Cm / { here_is_head = 0 }
        /^\.(Ss|Sh) / { here = 0 }
        here { print }'
}

describe() {
    "$ROLLCALL_BUILD/src/doc/describe" "$@"
}

@test "the pages are sound" {
    run -0 mandoc -T lint -W warning "$ROLLCALL_BUILD"/man/*.[0-9]
    [ -z "$output" ]
}

@test "rollcall(1) has every command, and under it every option" {
    local command option
    for command in $(each_command | tr ' ' ,); do
        command=${command//,/ }
        page rollcall.1 | sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESC/p' | grep -qx "\.Cm $command" || {
            echo "not in the synopsis: $command"
            return 1
        }
        section "$command" | grep -q . || {
            echo "not described: $command"
            return 1
        }
        # shellcheck disable=SC2086 # words are meant
        for option in $(options_in rollcall $command | grep -vE -- '^--(store|help|usage|version)$'); do
            section "$command" | grep -qE "^\.It .*Fl Fl ${option#--}( |$)" || {
                echo "not described: $command $option"
                section "$command"
                return 1
            }
        done
    done
}

@test "rollcalld(8) has every option" {
    local option
    for option in $(options_in rollcalld); do
        page rollcalld.8 | grep -qE "^\.It .*Fl Fl ${option#--}( |$)" || {
            echo "not described: $option"
            return 1
        }
    done
}

@test "rollcall.conf(5) and the example have every option with its default" {
    local expected
    # Wide enough for the longest path it may have been built for.
    expected=$(ARGP_HELP_FMT=rmargin=4096 "$ROLLCALL_BUILD/rollcalld" --help | sed -n 's/^  \([a-z0-9_]* = .*\)/\1/p')
    [ -n "$expected" ]
    same "$expected" "$(sed -n 's/^#\([a-z0-9_]* = .*\)/\1/p' "$ROLLCALL_BUILD/data/rollcall.conf")" "the example"
    same "$expected" "$(page rollcall.conf.5 | sed -n -e 's/\\(dq/"/g' -e 's/\\ / /g' \
        -e 's/^\.It Cm \([a-z0-9_]*\) No = /\1 = /p')" "the page"
}

@test "the example in rollcall.conf(5) is sound" {
    page rollcall.conf.5 | sed -n '/^\.Bd/,/^\.Ed/{/^\./d;p}' >"$BATS_TEST_TMPDIR/rollcall.conf"
    run -0 "$ROLLCALL_BUILD/rollcalld" --config "$BATS_TEST_TMPDIR/rollcall.conf" --check-config
    [[ $output == *'prefix="/auth"'* ]]
}

@test "rollcall-api(7) has every operation, and all that it takes and answers" {
    local expected
    expected=$(jq -r '.paths | to_entries[] | .key as $path | .value | keys[] |
        select(test("^(get|put|post|patch|delete)$")) | ascii_upcase + " " + $path' "$openapi" | sort)
    [ -n "$expected" ]
    same "$expected" "$(page rollcall-api.7 | sed -nE 's/^\.It Li ([A-Z]+ \/.*)/\1/p' | sort)" "operations"
    local name
    for name in $(jq -r '[.. | .parameters? // empty | .[]? | select(.in? and .in != "path") | .name] | unique[]' \
        "$openapi"); do
        page rollcall-api.7 | grep -qE "^\.It Li $(sed 's/[][]/\\&/g' <<<"$name") Pq" || {
            echo "not described: $name"
            return 1
        }
    done
    for name in $(jq -r '.components.securitySchemes | keys[]' "$openapi"); do
        page rollcall-api.7 | grep -q "^\.It Li $name Pq"
    done
}

@test "the spellings of an id in rollcall-api(7) are those of one session" {
    local id=019b7591-1100-7ebf-99be-069fc6b90fe8 spelled
    export ROLLCALL_STORE=$BATS_TEST_TMPDIR/store
    "$ROLLCALL_BUILD/rollcall" import - <<RECORDS
{"kind":"app","id":"a"}
{"kind":"session","app":"a","user":"u","id":"$id","created_at":"2025-12-31T18:00:00Z"}
RECORDS
    for spelled in $("$ROLLCALL_BUILD/rollcall" session show $id --json | jq -r '.spelled[]'); do
        page rollcall-api.7 | grep -qF " Ta Li $spelled" || {
            echo "not in the page: $spelled"
            return 1
        }
    done
}

@test "a page that is pointed to is there, and every page points to the others" {
    local name section pages
    pages=$(cd "$ROLLCALL_BUILD/man" && echo *.[0-9])
    for page in $pages; do
        while read -r name section; do
            case $name in rollcall*) [[ " $pages " == *" $name.$section "* ]] || {
                echo "$page points to $name($section)"
                return 1
            } ;; esac
        done < <(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1 \2/p' "$ROLLCALL_BUILD/man/$page")
        for other in $pages; do
            [ "$page" = "$other" ] || sed -n '/^\.Sh SEE ALSO/,$p' "$ROLLCALL_BUILD/man/$page" |
                grep -q "^\.Xr ${other%.*} ${other##*.}" || {
                echo "$page does not point to $other"
                return 1
            }
        done
    done
}

@test "a template that leaves something out, or asks for what is not there, makes no page" {
    run -1 describe page "$openapi" <<<'@synopsis rollcall@'
    [[ $output == *"options of: rollcall session revoke"* ]]
    run -1 describe page "$openapi" <<<'@options rollcall frobnicate@'
    [[ $output == *"no such command: rollcall frobnicate"* ]]
    run -1 describe page "$openapi" <<<'@dialect Prelude@'
    [[ $output == *"leaves out the dialect: Corbado"* ]]
    run -1 describe page "$openapi" <<<'@dialect Nobody@'
    run -1 describe page /nowhere <<<'@dialect Prelude@'
    run -1 describe page "$openapi" <<<'@frobnicate@'
    run -1 describe frobnicate
    run -1 describe bash frobnicate
    run -1 bash -c "'$ROLLCALL_BUILD/src/doc/describe' example >/dev/full"
}

@test "all of it is installed, and names the places it is installed in" {
    install_all
    (cd "$root/usr/share/man" && [ -s man1/rollcall.1 ] && [ -s man5/rollcall.conf.5 ] && [ -s man7/rollcall-api.7 ] &&
        [ -s man8/rollcalld.8 ])
    [ -s "$root/usr/share/bash-completion/completions/rollcall" ]
    [ -s "$root/usr/share/bash-completion/completions/rollcalld" ]
    [ -s "$root/usr/share/zsh/site-functions/_rollcall" ]
    [ -s "$root/usr/share/zsh/site-functions/_rollcalld" ]
    [ -s "$root/etc/rollcall/rollcall.conf" ]
    run -0 grep -rn '@[a-z]*@' "$root/usr/share/man" || [ "$status" -eq 1 ]
    [ -z "$output" ]
}
