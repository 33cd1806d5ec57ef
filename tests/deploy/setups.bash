# shellcheck shell=bash disable=SC2034,SC2154
# Every way in: its name, who answers behind the web server ("-": whom it starts itself), and the recipe that somebody
# copies. Then what the server does not let through, as WHAT=STATUS, a part of a path or a kind of request: each of these
# is tested to be so. Load tests/support/servers.bash first.
setups='
apache-proxy           pool          apache-conf/rollcall.conf             %00=404 %zz=400
apache-proxy-tcp       pool-tcp      apache-conf/rollcall.conf             %00=404 %zz=400
apache-handler         pool          apache-conf/rollcall-handler.conf     %00=404 %zz=400
apache-fcgid           -             apache-conf/rollcall-fcgid.conf       %00=404 %zz=400
apache-htaccess-cgi    -             cgi-bin/.htaccess                     %00=404 %zz=400 %2F=404 %2f=404 long-cookie=400 chunked=400
apache-htaccess-fcgid  -             cgi-bin/fcgid.htaccess                %00=404 %zz=400 %2F=404 %2f=404 long-cookie=400 large-body=500 larger-body=500
lighttpd               pool          lighttpd-conf/rollcall.conf           no-length=411
lighttpd-bin-path      -             lighttpd-conf/rollcall-bin-path.conf  no-length=411
lighttpd-cgi           -             lighttpd-conf/rollcall-cgi.conf       no-length=411
nginx                  pool          nginx-conf/rollcall.conf              %00=400 %zz=400
spawn-fcgi-each        spawn-each    nginx-conf/rollcall.conf              %00=400 %zz=400
spawn-fcgi-master      spawn-master  lighttpd-conf/rollcall.conf           no-length=411
systemd-socket         activated     apache-conf/rollcall.conf             %00=404 %zz=400
'

# choose SETUP: its row goes to $backend, $recipe and $refused.
choose() {
    local name
    while read -r name backend recipe refused; do
        [ "$name" != "$1" ] || return 0
    done <<<"$setups"
    echo "no such set-up: $1" >&2
    return 1
}

# start_setup [LINE...]: its servers, with these lines in the configuration, mounted under $mount.
start_setup() {
    local socket=$BATS_FILE_TMPDIR/rollcall.sock
    export ROLLCALL_CONFIG=$BATS_FILE_TMPDIR/rollcall.conf
    [ -z "$mount" ] || set -- "prefix = \"$mount\"" "$@"
    case $backend in
    -) make_config "$@" ;;
    pool) start_pool "$@" ;;
    pool-tcp)
        pool_address=tcp:127.0.0.1:$(free_port)
        start_pool "$@"
        ;;
    spawn-each)
        make_config "workers = 0" "$@"
        spawn-fcgi -s "$socket" -F 3 -P "$BATS_FILE_TMPDIR/spawned" -- "$rollcalld" >/dev/null 3>&-
        # Its last line has no end.
        { cat "$BATS_FILE_TMPDIR/spawned" && echo; } >>"$BATS_FILE_TMPDIR/pids"
        ;;
    spawn-master)
        make_config "$@"
        spawn-fcgi -n -s "$socket" -- "$rollcalld" 2>>"$BATS_FILE_TMPDIR/pool.log" 3>&- &
        note_pid $!
        ;;
    activated)
        make_config "$@"
        systemd-socket-activate -l "$socket" -E ROLLCALL_CONFIG "$rollcalld" 2>>"$BATS_FILE_TMPDIR/pool.log" 3>&- &
        note_pid $!
        until_true test -S "$socket"
        ;;
    esac
    start_web "$recipe"
}
