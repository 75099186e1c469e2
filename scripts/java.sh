# shellcheck shell=bash
# Finding a JDK, and the locale that it is started in; sourced by `oriel` and `check`, which define die.

wanted_java=25

# A JDK tells its version in the file `release`, as in JAVA_VERSION="25.0.3": no need to start it.
is_new_enough() {
    local line version=0
    [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
    while IFS= read -r line; do
        case $line in JAVA_VERSION=*) version=${line#JAVA_VERSION=\"} ;; esac
    done <"$1/release"
    version=${version%%[!0-9]*}
    [ "${version:-0}" -ge "$wanted_java" ]
}

# Sets java_home.
find_java() {
    local candidate program
    if [ -n "${ORIEL_JAVA_HOME:-}" ]; then
        is_new_enough "$ORIEL_JAVA_HOME" || die "ORIEL_JAVA_HOME=$ORIEL_JAVA_HOME is no JDK $wanted_java or newer"
        java_home=$(cd -P "$ORIEL_JAVA_HOME" && pwd)
        return
    fi
    for candidate in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
        if [ -n "$candidate" ] && is_new_enough "$candidate"; then
            java_home=$(cd -P "$candidate" && pwd)
            return
        fi
    done
    if program=$(command -v java); then
        program=$(readlink -f "$program")
        if is_new_enough "${program%/bin/java}"; then
            java_home=${program%/bin/java}
            return
        fi
    fi
    die "Java $wanted_java or newer is missing (looked at ORIEL_JAVA_HOME, JAVA_HOME, /usr/lib/jvm and PATH).
Install a JDK $wanted_java, for example with 'apt install openjdk-$wanted_java-jdk-headless' or from https://adoptium.net,
or say where one is: ORIEL_JAVA_HOME=/path/to/jdk"
}

# Java decodes names of files by the locale, and refuses bytes that are no characters of it. Services and containers often have no
# locale, which means ASCII, and the sandbox has C.UTF-8 alone. Names are UTF-8 in all of them.
choose_encoding() {
    case ${LC_ALL:-${LC_CTYPE:-${LANG:-C}}} in
    C | POSIX | *.[Uu][Tt][Ff]*8*)
        unset LC_ALL LANG
        export LC_CTYPE=C.UTF-8
        ;;
    esac
}

# What it takes to build.
require_build_tools() {
    command -v mvn >/dev/null || die "Maven is missing, and is needed to build. Install it ('apt install maven') and start again."
    [ -x "$java_home/bin/javac" ] ||
        die "$java_home has no compiler, which is needed to build. Install a JDK (not a JRE) $wanted_java or newer and start again."
}
