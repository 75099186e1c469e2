# shellcheck shell=bash disable=SC2154 # set by oriel
# The cache of classes and profiles that a start begins with (JEP 483, 514, 515); sourced by `oriel`, which sets root, modules,
# java_home and java_command. A start without it is only slower, so nothing here fails.
#
# A server makes it, for one Java: it is started on a folder of its own and practises, as each does before a guest comes; then files are
# copied through it, and when it is stopped its JVM writes down what it loaded and what ran hot. The JVM looks at its own version and at
# each jar before it uses a cache, and goes without where one has changed; that the file is younger than the jars and the launcher is
# checked here so that it is made anew.
# An empty file stands for a Java that cannot make one.

# Sets cache to where this Java's is.
find_cache() {
    local line version=''
    while IFS= read -r line; do
        case $line in JAVA_RUNTIME_VERSION=*) version=${line#*=} ;; esac
    done <"$java_home/release"
    cache=$java_home-$version
    cache=$root/app/target/cache/${cache//[!0-9A-Za-z.+-]/_}
}

is_cached() {
    local jar
    for jar in "$modules"/oriel-app-*.jar; do
        [ "$cache" -nt "$jar" ] && [ "$cache" -nt "$root/oriel" ]
        return
    done
    return 1
}

# Those of other Javas are as old as their jars, or good.
remove_old_caches() {
    local jar
    for jar in "$modules"/oriel-app-*.jar; do
        find "${cache%/*}" -type f ! -name lock ! -newer "$jar" -delete
    done
}

# make_cache: two starts at once make it once. Takes some seconds.
make_cache() {
    mkdir -p "${cache%/*}" 2>/dev/null && [ -w "${cache%/*}" ] || return 0
    exec 9>"${cache%/*}/lock"
    if command -v flock >/dev/null; then flock 9; fi
    if ! is_cached; then
        remove_old_caches
        rm -f "$cache" "$cache".new*
        echo "$name: preparing quick starts with this Java, once, some seconds" >&2
        (train) >"${cache%/*}/log" 2>&1 9>&- || : >"$cache"
    fi
    exec 9>&-
}

# Runs in a shell of its own; fails if no cache comes of it.
train() {
    local work server socket line listening='' new=$cache.new output jar i
    local modern=$cache.new.jar
    unset NOTIFY_SOCKET # systemd waits for the server that it has asked for
    work=$(mktemp -d) || return
    # shellcheck disable=SC2064 # now
    trap "rm -rf '$work' '$new' '$new.config' '$modern'" EXIT
    socket=$work/socket
    mkdir "$work"/{share,source}
    for jar in "$modules"/picocli-*.jar; do
        [ -e "$jar" ] || continue # it is in the image of a package, which has it so
        # In place at once, for somebody may be starting: with the rights of the old one.
        cp -p "$jar" "$modern" && "$java_home/bin/java" "$root/scripts/ModernClasses.java" "$jar" "$work/modern.jar" &&
            cat "$work/modern.jar" >"$modern" && mv "$modern" "$jar"
    done
    for i in {1..1000}; do echo "$i" >"$work/source/$i"; done
    exec {output}< <(exec timeout 300 "${java_command[0]}" "-XX:AOTCacheOutput=$new" "${java_command[@]:1}" \
        serve --shared-dir "$work/share" --socket-path "$socket" --tag train --sandbox none --seccomp none)
    server=$!
    while [ -z "$listening" ] && read -r -t 120 -u "$output" line; do
        case $line in 'Listening on '*) listening=1 ;; esac
    done
    [ -n "$listening" ] || return 1
    sleep 2 # it practises meanwhile
    timeout 120 "${java_command[@]}" cp -r --socket "$socket" "$work/source" :/copy
    timeout 120 "${java_command[@]}" cp -r --socket "$socket" :/copy "$work/back"
    kill "$server"
    wait "$server" || true
    [ -s "$new" ] && mv "$new" "$cache"
}
