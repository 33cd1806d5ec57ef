# shellcheck shell=bash disable=SC2034
# Servers for tests: each test file gets a folder and ports of its own; what was started is ended by its id.
# Set by tests/run-bats: ROLLCALL_SOURCE (the tree), ROLLCALL_BUILD (where the programs are).

rollcall=$ROLLCALL_BUILD/rollcall
rollcalld=$ROLLCALL_BUILD/rollcalld
PATH=$PATH:/usr/sbin:/sbin

# until COMMAND...: waits, ten seconds at most, for it to succeed.
until_true() {
    local tries
    for ((tries = 0; tries < 500; tries++)); do
        "$@" && return 0
        sleep 0.02
    done
    echo "waited in vain for: $*" >&2
    return 1
}

# fails COMMAND...: a "!" before a command that does not end a test says nothing there.
fails() {
    if "$@"; then
        echo "succeeds: $*" >&2
        return 1
    fi
}

free_port() {
    local candidate
    while :; do
        candidate=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null || break
    done
    echo "$candidate"
}

# Processes started in the background write their ids here, one a line, for stop_servers.
note_pid() {
    echo "$1" >>"$BATS_FILE_TMPDIR/pids"
}

is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

# Ends a process with a signal (TERM by default) and waits until it is gone.
end_process() {
    kill "-${2:-TERM}" "$1" 2>/dev/null || return 0
    until_true is_gone "$1"
}

# Ends all that was started, the last one first. Sanitizers report at the end of a process: what they found in a
# log is a failure.
stop_servers() {
    local pid
    if [ -f "$BATS_FILE_TMPDIR/pids" ]; then
        while read -r pid; do
            end_process "$pid"
        done < <(tac "$BATS_FILE_TMPDIR/pids")
    fi
    ! grep -lE 'Sanitizer|runtime error:' "$BATS_FILE_TMPDIR"/*.log
}

# make_store FILE [OPTION...]: a store in $BATS_FILE_TMPDIR/store.
make_store() {
    local records=$1
    shift
    "$rollcall" --store "$BATS_FILE_TMPDIR/store" import "$@" "$records" >/dev/null
}

# make_config [LINE...]: a configuration file, with these lines beside the store.
make_config() {
    {
        echo "store = \"$BATS_FILE_TMPDIR/store\""
        printf '%s\n' "$@"
    } >"$BATS_FILE_TMPDIR/rollcall.conf"
}

# start_pool [LINE...]: a pool on $pool_address, by default $BATS_FILE_TMPDIR/rollcall.sock; its master's id is in $pool.
pool_address=''
start_pool() {
    make_config "listen = \"${pool_address:-unix:$BATS_FILE_TMPDIR/rollcall.sock}\"" "$@"
    "$rollcalld" --config "$BATS_FILE_TMPDIR/rollcall.conf" 2>>"$BATS_FILE_TMPDIR/pool.log" 3>&- &
    pool=$!
    note_pid $pool
    # The socket is there before anybody listens, and before the master minds signals.
    until_true grep -q "\[$pool\] .*: started\$" "$BATS_FILE_TMPDIR/pool.log"
}

# ---- web servers, each with a recipe of the tree: as somebody copies it, who edits what it takes for granted ----

# place RECIPE [WORDS=>OTHERS...]: copies it, with others in place of words, each of which has to be there.
place() {
    local recipe=$1 edit script=(-e '')
    shift
    for edit in "$@"; do
        grep -qF -- "${edit%%=>*}" "$ROLLCALL_SOURCE/$recipe" || {
            echo "$recipe has no ${edit%%=>*}" >&2
            return 1
        }
        script+=(-e "s|${edit%%=>*}|${edit#*=>}|")
    done
    sed "${script[@]}" "$ROLLCALL_SOURCE/$recipe" >"$BATS_FILE_TMPDIR/site.conf"
}

serve_lighttpd() {
    local edits=("rollcall_path = \"/\"=>rollcall_path = \"$mount/\"")
    local config="/etc/rollcall/rollcall.conf=>$BATS_FILE_TMPDIR/rollcall.conf"
    case $1 in
    *-bin-path.conf) edits+=("$config" "/usr/sbin/rollcalld=>$rollcalld" "/run/lighttpd/=>$BATS_FILE_TMPDIR/") ;;
    *-cgi.conf)
        edits+=("$config" "/usr/libexec/rollcall/=>$BATS_FILE_TMPDIR/")
        make_entry "$BATS_FILE_TMPDIR/rollcall.cgi"
        ;;
    *) edits+=("/run/rollcall/=>$BATS_FILE_TMPDIR/") ;;
    esac
    place "$1" "${edits[@]}" || return
    PORT=$port DIR=$BATS_FILE_TMPDIR exec lighttpd -D -f "$ROLLCALL_SOURCE/tests/support/lighttpd.conf"
}

# make_entry FILE [SED OPTION...]: the entry for plain CGI, as `make` makes it.
make_entry() {
    sed -e "s|@sbindir@/rollcalld|$rollcalld|" "${@:2}" "$ROLLCALL_SOURCE/cgi-bin/rollcall.cgi.in" >"$1"
    chmod +x "$1"
}

# A recipe for Apache is taken as it is: what it is to be told otherwise is defined beforehand.
serve_apache() {
    local backend=unix:$BATS_FILE_TMPDIR/rollcall.sock\|fcgi://rollcall
    [ -z "$pool_address" ] || backend=fcgi://${pool_address#tcp:}
    mkdir -p "$BATS_FILE_TMPDIR/htdocs"
    place "$1" || return
    PORT=$port DIR=$BATS_FILE_TMPDIR exec apache2 -D FOREGROUND -C "Define ROLLCALL_BACKEND \"$backend\"" \
        -C "Define ROLLCALL_PATH \"$mount/\"" -C "Define ROLLCALLD \"$rollcalld\"" \
        -C "Define ROLLCALL_CONFIG \"$BATS_FILE_TMPDIR/rollcall.conf\"" -f "$ROLLCALL_SOURCE/tests/support/apache.conf"
}

# In a folder of somebody else's server: what Apache itself is told is what a host that lends folders tells it. The prefork MPM
# ends its whole process group, which must not be the tests'.
serve_htaccess() {
    local folder=$BATS_FILE_TMPDIR/htdocs$mount name=rollcall.cgi mpm=PREFORK
    [[ $1 != */fcgid* ]] || name=rollcall.fcgi mpm=EVENT
    mkdir -p "$folder"
    cp "$ROLLCALL_SOURCE/$1" "$folder/.htaccess"
    make_entry "$folder/$name" -e "s|^# ROLLCALL_STORE=.*|ROLLCALL_STORE=$BATS_FILE_TMPDIR/store|" \
        -e "s|^# ROLLCALL_PREFIX=.*|ROLLCALL_PREFIX=$mount|" -e "s|^# export|export|"
    place tests/support/hoster.conf
    PORT=$port DIR=$BATS_FILE_TMPDIR exec setsid apache2 -D FOREGROUND -D $mpm -f "$ROLLCALL_SOURCE/tests/support/apache.conf"
}

serve_nginx() {
    local user=''
    place "$1" "listen 80;=>listen 127.0.0.1:$port;" "location / {=>location $mount/ {" \
        "/run/rollcall/=>$BATS_FILE_TMPDIR/" || return
    cp /etc/nginx/fastcgi.conf "$ROLLCALL_SOURCE/tests/support/nginx.conf" "$BATS_FILE_TMPDIR"
    # Its workers, too, must reach the test's folder.
    [ "$(id -u)" != 0 ] || user='user root;'
    exec nginx -p "$BATS_FILE_TMPDIR" -c "$BATS_FILE_TMPDIR/nginx.conf" -e nginx.log -g "daemon off; $user"
}

# Whether it is what answers there that was started: a request without a credential is told so.
refusal_of_nobody=401
answers() {
    [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$mount/sessions/whoami")" = $refusal_of_nobody ]
}

# start_web [RECIPE]: its web server, by default lighttpd in front of a pool, on $port; $url is where
# Rollcall is mounted, under $mount.
mount=''
start_web() {
    local recipe=${1:-lighttpd-conf/rollcall.conf} server tries
    server=${recipe%%-conf/*}
    [[ $recipe != cgi-bin/* ]] || server=htaccess
    for tries in 1 2 3 4 5; do
        port=$(free_port)
        "serve_$server" "$recipe" 2>>"$BATS_FILE_TMPDIR/web.log" 3>&- &
        web=$!
        if until_true web_decided && answers; then
            note_pid $web
            url=http://127.0.0.1:$port$mount
            export port url mount
            return
        fi
        end_process $web
    done
    echo "the web server does not answer" >&2
    tail -n 20 "$BATS_FILE_TMPDIR"/*.log >&2
    return 1
}

# The web server has either come to answer or given up, as when its port was taken in the meantime.
web_decided() {
    is_gone "$web" || answers
}

# ---- requests over FastCGI itself ----

fcgi_client=$ROLLCALL_BUILD/tests/fcgi-client

# Whether nobody waits at the socket to be accepted.
is_taken_up() {
    [ "$(ss -xlH src "${socket:?}" | awk '{print $3}')" = 0 ]
}

# hold_request PARAMETER...: a request at $socket that is begun, taken up and not at its end, until let_go; the answer goes
# to $BATS_TEST_TMPDIR/out.
hold_request() {
    mkfifo "$BATS_TEST_TMPDIR/go"
    "$fcgi_client" --wait "${socket:?}" "$@" <"$BATS_TEST_TMPDIR/go" >"$BATS_TEST_TMPDIR/out" 3>&- &
    client=$!
    exec 4>"$BATS_TEST_TMPDIR/go"
    until_true grep -q begun "$BATS_TEST_TMPDIR/out"
    until_true is_taken_up
}

let_go() {
    echo >&4
    wait "$client"
    exec 4>&-
}

# get PATH [CURL OPTION...]: leaves the answer in $status_code, $headers and $body.
get() {
    local path=$1 said
    shift
    said=$(curl -s -m 20 --path-as-is -g -D "$BATS_TEST_TMPDIR/headers" -o "$BATS_TEST_TMPDIR/body" \
        -w '%{http_code} %{method}' "$@" "$url$path") || true
    status_code=${said% *}
    headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers")
    body=$(cat "$BATS_TEST_TMPDIR/body" 2>/dev/null || true)
    if [ -d "$BATS_FILE_TMPDIR/answers" ]; then
        # Without the status line, and what may come before it: 100 Continue.
        keep_answer "${said#* }" "$path" "$(sed -e '/^HTTP[^ ]* 1/,/^$/d' -e '/^HTTP/d' <<<"$headers")"
    fi
}

# keep_answer METHOD PATH HEADERS: keeps what is in $status_code and $body for hold_answers, in the form of a golden
# case. A test file that makes the folder answers wants it of all that it gets.
keep_answer() {
    local folder
    folder=$(mktemp -d "$BATS_FILE_TMPDIR/answers/$BATS_TEST_NUMBER-XXXXXX")
    echo "$1 $2" >"$folder/request"
    printf '%s\n%s\n\n%s' "$status_code" "$3" "$body" >"$folder/expected"
}

# hold_answers [OPTION...] [FOLDER...]: every answer kept so far, and those in the folders, is one that the OpenAPI
# document knows. Options are tests/openapi/check.py's.
hold_answers() {
    local status=0
    "$ROLLCALL_SOURCE/tests/openapi/run" "$@" "$BATS_FILE_TMPDIR/answers" || status=$?
    [ $status != 77 ] || skip "Python lacks jsonschema"
    return $status
}

# expect_status N: and says what came instead.
expect_status() {
    [ "$status_code" = "$1" ] || {
        echo "status $status_code, not $1: $body"
        return 1
    }
}

# expect_json FILTER VALUE: what jq finds with it.
expect_json() {
    local found
    found=$(jq -c "$1" <<<"$body") || {
        echo "no JSON: $body"
        return 1
    }
    [ "$found" = "$2" ] || {
        echo "$1 is $found, not $2; the body: $body"
        return 1
    }
}

# expect_header NAME VALUE
expect_header() {
    grep -qix "$1: $2" <<<"$headers" || {
        echo "no \"$1: $2\" among: $headers"
        return 1
    }
}
