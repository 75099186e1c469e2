#!/usr/bin/env bash
# The inside of the sandbox: runs in the new namespaces, lays a root with what a server needs and nothing else, goes there and becomes
# Java. Called by scripts/sandbox.sh only.
#
#   /share                       the shared directory, with what is mounted in it
#   what a share that is named by a URI needs, at its own path: plug-ins, an archive; for one in a network the files of /etc by which
#                                names are told
#   /socket                      the folder of the socket
#   /control, /metrics           those of --control-path and --metrics-path
#   the JDK, the modules, the start cache, setpriv (and unshare, without root) and all their libraries, at their own paths, read-only
#   /proc/self, /proc/sys/fs/nr_open, /proc/sys/vm/max_map_count
#   /dev/shm                     an empty file system in memory, of 4 MiB
#   /dev/null, /dev/random, /dev/urandom; /dev/log with --syslog; systemd's socket for notifications
#   /etc/group with the group of --socket-group, /etc/ld.so.cache, the locale C.UTF-8, and /mounts, the table of all this
set -Eeuo pipefail

name=$1 mode=$2 shared=$3 folder=$4 group=$5 syslog=$6 bounding=$7 own_ids=$8 java_home=$9
modules=${10} cache=${11} network=${12} lays=${13}
shift 13

die() {
    printf '%s: --sandbox %s cannot be had here: %s.\n%s\n' "$name" "$mode" "$1" \
        'Nothing was served. Where the host confines the server in another way (docs/operating.md), say --sandbox none.' >&2
    exit 1
}

trap 'die "$BASH_COMMAND failed"' ERR

# run COMMAND...: what it says is the reason why there is no sandbox.
run() {
    local said
    said=$("$@" 2>&1) || die "${said:-$1 failed}"
}

# Where the root is put together: a folder that is not needed any more, in these namespaces.
for base in /sys /mnt /media /srv /opt; do
    if [ -d "$base" ]; then break; fi
done

# Mounts are laid by one command, as a table of mounts says.
table=''
folders=("$base/old" "$base/dev" "$base/etc" "$base/proc/self" "$base/proc/sys/fs" "$base/proc/sys/vm")
files=()

# escaped PATH: as in fstab(5)
escaped() {
    local path=${1//\\/\\134}
    path=${path// /\\040}
    path=${path//$'\t'/\\011}
    path=${path//$'\n'/\\012}
    printf %s "$path"
}

# Without root, a mount keeps the restrictions of the one that it shows: what is not said again is refused.
mounts=()
while read -r _ _ _ _ place options _; do mounts+=("$place $options"); done </proc/self/mountinfo

# restrictions PATH: those of the mount in which it lies, each with a comma before it.
restrictions() {
    local mount place best='' option options=''
    for mount in "${mounts[@]}"; do
        place=${mount% *}
        case $1/ in "${place%/}"/*) [ ${#place} -lt ${#best} ] || { best=$place options=${mount##* }; } ;; esac
    done
    for option in ${options//,/ }; do
        case $option in ro | nosuid | nodev | noexec) printf ,%s "$option" ;; esac
    done
}

# lay OPTIONS PATH [PLACE]: PATH, absolute, a folder or a file, at PLACE.
lay() {
    local place=$base${3-$2}
    case $2 in /*) ;; *) die "$2 is no absolute path" ;; esac
    if [ -d "$2" ]; then folders+=("$place"); else folders+=("${place%/*}") files+=("$place"); fi
    table+="$(escaped "$2") $(escaped "$place") none $1$(restrictions "$2") 0 0"$'\n'
}

if [ -n "$shared" ]; then
    case $shared in /*) ;; *) shared=$PWD/$shared ;; esac
    lay rbind,nosuid,nodev,noexec "$shared" /share
fi
while read -r access place; do
    case $access in
    ro | rw) lay bind,$access,nosuid,nodev,noexec "$(readlink -f "$place")" "$place" ;;
    control | metrics) lay bind,nosuid,nodev,noexec "$place" "/$access" ;;
    esac
done <<<"$lays"
case $folder in /* | '') ;; *) folder=$PWD/$folder ;; esac
[ -z "$folder" ] || lay bind,nosuid,nodev,noexec "$folder" /socket

programs=bind,ro,nosuid,nodev
lay $programs "$java_home"
# Some distributions keep a part of a JDK elsewhere.
for link in "$java_home"/conf "$java_home"/conf/* "$java_home"/lib "$java_home"/lib/* "$java_home"/lib/security/*; do
    if [ -L "$link" ]; then
        target=$(readlink -e "$link") || continue # it leads nowhere
        case $target in "$java_home"/*) ;; *) lay $programs "$target" ;; esac
    fi
done
[ -z "$modules" ] || lay $programs "$modules"
[ -z "$cache" ] || [ ! -s "$cache" ] || lay $programs,noexec "$cache"

# libraries PROGRAM [LIBRARY...]: their libraries, one in a line, and the loader; the loader tells, as it does for ldd(1).
libraries() {
    local first arrow library
    LD_TRACE_LOADED_OBJECTS=1 LD_LIBRARY_PATH=$java_home/lib:$java_home/lib/server LD_PRELOAD="${*:2}" "$1" 2>/dev/null |
        while read -r first arrow library; do
            case $first in /*) echo "$first" ;; *) [ "$arrow" != '=>' ] || echo "${library% (0x*}" ;; esac
        done || :
}
setpriv=$(readlink -f "$(command -v setpriv)")
lay $programs "$setpriv" /usr/bin/setpriv
[ -z "$own_ids" ] || lay $programs "$(readlink -f "$(command -v unshare)")" /usr/bin/unshare
loader=''
while read -r library; do
    case $library in
    "$java_home"/*) ;;
    /*)
        lay $programs "$library"
        case ${library##*/} in ld-*) loader=$library ;; esac
        ;;
    esac
done < <(libraries "$setpriv" libjvm.so libjava.so libjli.so libnio.so libnet.so libzip.so libjimage.so libsyslookup.so ${network:+libjaas.so libextnet.so})
[ -n "$loader" ] || die "the libraries of $setpriv and Java cannot be told"
for file in /etc/ld.so.cache /usr/lib/locale/C.utf8; do [ ! -e "$file" ] || lay $programs,noexec "$file"; done

# By what names are told and users known, and what Kerberos needs.
if [ -n "$network" ]; then
    for file in /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/host.conf /etc/gai.conf /etc/passwd /etc/group /etc/krb5.conf /etc/krb5.conf.d; do
        [ ! -e "$file" ] || lay $programs,noexec "$(readlink -f "$file")" "$file"
    done
fi

# Where the server practises before a guest comes.
folders+=("$base/dev/shm")
case $table in
*" $base/dev/shm"[/\ ]*) ;; # it would hide what was laid there: then the server does not practise
*) table+="oriel $base/dev/shm tmpfs nosuid,nodev,noexec,mode=1777,size=4m,nr_inodes=256 0 0"$'\n' ;;
esac

lay bind "/proc/$$" /proc/self
lay bind,ro /proc/sys/fs/nr_open
lay bind,ro /proc/sys/vm/max_map_count
for device in /dev/null /dev/random /dev/urandom; do lay bind,nosuid,noexec $device; done
if [ -n "$syslog" ] && [ -S /dev/log ]; then lay bind,nosuid,nodev,noexec "$(readlink -f /dev/log)" /dev/log; fi
case ${NOTIFY_SOCKET-} in /*) [ ! -S "$NOTIFY_SOCKET" ] || lay bind,nosuid,nodev,noexec "$NOTIFY_SOCKET" ;; esac
here=$PWD
folders+=("$base$here")

run mount -t tmpfs -o nosuid,nodev,mode=755,size=1m --make-unbindable oriel "$base"
run mkdir -p "${folders[@]}"
for file in "${files[@]}"; do : >"$file"; done
if [ -n "$group" ] && [ -z "$network" ]; then getent group "$group" >"$base/etc/group" || :; fi
printf %s "$table" >"$base/mounts" # mount(8) wants a file
run mount --all --fstab "$base/mounts"
# What is mounted in the share comes with it, but the options above are those of its first mount only.
while read -r _ _ _ _ place options _; do
    case $place in
    "$base"/share/*)
        place=$(printf %b "$place")
        run mount -o "remount,bind,nosuid,nodev,noexec$(case ,$options, in *,ro,*) printf ,ro ;; esac)" "$place"
        ;;
    esac
done </proc/self/mountinfo
run mount -o remount,bind,ro "$base"
confined=(/usr/bin/setpriv --bounding-set "$bounding" --inh-caps=-all --ambient-caps=-all --no-new-privs -- "$@")
if [ "$mode" = chroot ]; then
    cd "$base$here"
    exec chroot "$base" "${confined[@]}"
fi
umount=$(readlink -f "$(command -v umount)")
old=''
while read -r library; do old+=:/old${library%/*}; done < <(libraries "$umount")
run pivot_root "$base" "$base/old"
run "$loader" --library-path "${old#:}" "/old$umount" --lazy /old
cd "$here"
# shellcheck disable=SC2086 # two words
[ -z "$own_ids" ] || exec /usr/bin/unshare --user --keep-caps $own_ids -- "${confined[@]}"
exec "${confined[@]}"
