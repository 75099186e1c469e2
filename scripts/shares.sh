# shellcheck shell=bash disable=SC2154 # set by oriel
# What a share that is named by a URI needs beside the modules of Oriel: plug-ins, which are folders of jars. Sourced by `oriel` where
# --share is given, and only then. It sets share and network, and adds to share_java, share_reads and share_writes.

# What Hadoop's client opens, some of them with jars that Hadoop does not bring: those belong into a plug-in of one's own.
hadoop_client='the client of Hadoop (50 MB)'
s3a_client='the client of Hadoop for S3 (70 MB)'
hadoop_schemes=' hdfs webhdfs swebhdfs viewfs har s3a '

# prepare_share ARGUMENTS...: those of serve, or of try or bench, which need a cluster and Hadoop's client for their server.
prepare_share() {
    local option='' options=() word scheme folder plugins='' folders=() readonly=''
    if [ "$name" != virtiofsd ] && [ "$1" != serve ]; then
        case " $* " in
        *' --help '* | *' -h '*) ;;
        ' try'*' --share hdfs '* | ' try'*' --share=hdfs '* | ' bench share '*)
            plugin cluster 'a Hadoop cluster to try (110 MB)'
            share_java=("-Doriel.cluster=${plugins##*:}")
            plugin hadoop "$hadoop_client"
        # In a sandbox without root this user has another number, and so no name.
        [ "$EUID" -eq 0 ] || export HADOOP_USER_NAME=${HADOOP_USER_NAME:-$(id -un)}
            ;;
        esac
        return 0
    fi
    while [ $# -gt 0 ]; do
        word=$1
        shift
        case $word in
        --share=*) share=${word#*=} ;;
        --share-option=*) options+=("${word#*=}") ;;
        --share) share=${1-} ;;
        --share-option) options+=("${1-}") ;;
        --readonly) readonly=1 ;;
        esac
    done
    scheme=${share%%:*}
    scheme=${scheme,,}
    case $scheme in
    "$share" | '') return 0 ;; # Java says what is wrong
    file)
        share_folder=$(path_of "${share#*:}")
        share=''
        return 0
        ;;
    jar)
        word=$(path_of "${share#*:*:}")
        if [ -n "$readonly" ]; then share_reads+=("$word"); else share_writes+=("${word%/*}"); fi
        ;;
    virtiofs)
        word=$(path_of "${share#*:}")
        share_reads+=("${word%/*}")
        ;;
    esac
    case $share in *:///* | *:/[!/]* | jar:*) ;; *://*) network=1 ;; esac
    case $hadoop_schemes in *" $scheme "*)
        network=1
        if [ "$scheme" = s3a ]; then plugin hadoop "$s3a_client" s3a; else plugin hadoop "$hadoop_client"; fi
        # In a sandbox without root this user has another number, and so no name.
        [ "$EUID" -eq 0 ] || export HADOOP_USER_NAME=${HADOOP_USER_NAME:-$(id -un)}
        [ ! -d "${HADOOP_CONF_DIR-}" ] || share_reads+=("$HADOOP_CONF_DIR")
        kerberos
        ;;
    esac
    if [ "$scheme" = sftp ]; then
        plugin sftp 'a client of SFTP'
        [ -z "${HOME-}" ] || share_java+=("-Duser.home=$HOME")
        for word in known_hosts id_ed25519 id_ecdsa id_rsa; do
            [ ! -f "${HOME-}/.ssh/$word" ] || share_reads+=("$HOME/.ssh/$word")
        done
    fi
    IFS=: read -ra folders <<<"${ORIEL_PLUGINS-}"
    for folder in ${folders[@]+"${folders[@]}"}; do
        for word in "$folder"/*/; do
            [ ! -d "$word" ] || plugins+=:$(cd -P -- "$word" && pwd)
        done
    done
    if [ -n "$plugins" ]; then
        share_java+=("-Doriel.plugins=${plugins#:}" --add-modules ALL-DEFAULT --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow)
        IFS=: read -ra folders <<<"${plugins#:}"
        share_reads+=("${folders[@]}")
    fi
    # What an option names by its path can be read: a key, a list of known hosts.
    for option in ${options[@]+"${options[@]}"}; do
        case $option in
        oriel.staging-folder=/*) share_writes+=("${option#*=}") ;;
        *=/*) [ ! -f "${option#*=}" ] || share_reads+=("${option#*=}") ;;
        esac
    done
    # They are told to the sandbox one in a line.
    case ${share_reads[*]-}${share_writes[*]-} in *$'\n'*) die "--share $share: a path with an end of a line in it" ;; esac
}

# What a login by Kerberos reads, where others of this user have it: Java does not know KRB5_CONFIG, and inside a sandbox this user may
# have another number, which the name of the ticket cache has.
kerberos() {
    local cache=${KRB5CCNAME-/tmp/krb5cc_$EUID}
    case ${KRB5_CONFIG-} in
    /*)
        share_java+=("-Djava.security.krb5.conf=$KRB5_CONFIG")
        share_reads+=("$KRB5_CONFIG")
        ;;
    esac
    cache=${cache#FILE:}
    if [ -f "$cache" ]; then
        export KRB5CCNAME=$cache
        # A new ticket is another file by the same name, which is seen where the folder is; but nothing else is to be.
        [ "$(ls -A "${cache%/*}")" != "${cache##*/}" ] || cache=${cache%/*}
        share_reads+=("$cache")
    fi
}

# plugin MODULE WHAT [PROFILE]: adds a plug-in that is a module of Oriel, and no part of it until somebody wants it;
# with a profile of Maven it is another one of that module.
plugin() {
    local profile=${3-} folder
    local target=$1/target/plugin${profile:+-$profile}
    folder=$root/$target
    if [ -d "$root/image" ]; then
        folder=$root/plugins/${profile:-$1}
        [ -d "$folder" ] || die "--share: $2 is no part of this package. Make it in a clone of Oriel's sources \
('mvn${profile:+ -P$profile} -pl $1 -am -DskipTests package'), and put its folder $target here as $folder"
        plugins+=:$folder
        return
    fi
    if ! is_plugin_built "$1"; then
        [ "$name" != virtiofsd ] || die "--share $share: $2 is not there yet: run $root/oriel serve --share once, as somebody who may write to $root"
        build_plugin "$1" "$2"
    fi
    plugins+=:$folder
}

# Of the sources that it is compiled against too: a plug-in of yesterday does not find what has another name today.
# $folder is the one that plugin() has found.
is_plugin_built() {
    local jar newer
    for jar in "$folder"/oriel-"$1"-*.jar; do
        [ -e "$jar" ] || return 1
        newer=$(find "$root/pom.xml" "$root"/{"$1",linux,fuse,filesystem}/{pom.xml,src/main} -type f -newer "$jar" \
            -print -quit 2>/dev/null) || true
        [ -z "$newer" ]
        return
    done
}

build_plugin() {
    local started=$SECONDS
    log=$root/$1/target/build.log
    require_build_tools
    mkdir -p "$root/$1/target" 2>/dev/null || die "$2 is not there yet, and $root/$1 cannot be written"
    exec 9>"$root/$1/target/build.lock"
    if command -v flock >/dev/null; then flock 9; fi
    if ! is_plugin_built "$1"; then
        echo "$name: fetching $2, once" >&2
        if ! plugin_maven "$1" --offline && ! plugin_maven "$1"; then
            grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
            die "$2 could not be had; all of what Maven said is in $log"
        fi
        echo "$name: fetched in $((SECONDS - started)) s" >&2
    fi
    exec 9>&-
}

# plugin_maven MODULE [OPTION...]
plugin_maven() {
    local module=$1
    shift
    JAVA_HOME=$java_home mvn -B "$@" -f "$root/pom.xml" -pl "$module" -am ${profile:+"-P$profile"} \
        -Dmaven.test.skip=true -Doriel.launch package 2>&1 | tee "$log" |
        sed -unE "s/^\[INFO\] Building Oriel: (.*) [^ ]+ +\[([0-9/]+)\]$/$name: building [\2] \1/p
            s/^(\[INFO\] )?Downloaded from [^ ]*: .*\/([^/ ]+\.jar) (\(.*\))$/$name: fetched \2 \3/p" >&2
}

# path_of URI: the path of ///DIR or /DIR, up to !/, as it is on this host.
path_of() {
    local path=${1%%!/*}
    case $path in //*) path=/${path#//*/} ;; esac
    path=${path//\\/\\\\}
    printf %b "${path//%/\\x}"
}
