# shellcheck shell=bash disable=SC2154 # set by oriel
# What `oriel serve` does before Java starts: it chooses the sandbox and enters its namespaces. Sourced by `oriel`, which sets name,
# root, modules, java_home, java_command, with_cache and cache. scripts/enter.sh goes on inside, in the same process.
#
# Java reads the same options, and says what is wrong with them. It is told what was done (-Doriel.sandbox=MODE) and does not
# serve if that is not what the options ask for: what is overlooked here ends in a refusal, never in an open server.

# What serving needs, as virtiofsd keeps it: to act as any user, and to make, own and label what root of a guest may.
kept_capabilities=(chown dac_override fowner fsetid setgid setuid mknod setfcap)

# enter_sandbox ARGUMENTS...: those of serve. Returns if nothing is to be done before Java starts; otherwise this process becomes the
# server.
enter_sandbox() {
    local sandbox=namespace shared='' folder='' modcaps='' handles='' group='' syslog='' files='' fd='' uid_maps=() gid_maps=()
    local control='' metrics='' # the folders of --control-path and --metrics-path
    read_options "$@" || return 0
    shared=${shared:-$share_folder}
    case $sandbox in
    namespace | chroot) ;;
    none) give_up_capabilities "$@"; return ;;
    *) return 0 ;;
    esac
    # What is missing or wrong is left to Java to say.
    [ -z "$folder" ] || [ -d "$folder" ] || return 0
    local place lays=''
    if [ -z "$share" ]; then
        [ -d "$shared" ] && ! lies_in "$folder" "$shared" || return 0
    else
        [ -z "$shared" ] || return 0
        for place in ${share_reads[@]+"${share_reads[@]}"}; do
            case $place in /*) ;; *) place=$PWD/$place ;; esac
            [ ! -e "$place" ] || lays+="ro $place"$'\n'
        done
        for place in ${share_writes[@]+"${share_writes[@]}"}; do
            [ -d "$place" ] && ! lies_in "$folder" "$place" || return 0
            lays+="rw $place"$'\n'
        done
    fi
    for place in control metrics; do
        [ -n "${!place}" ] || continue
        [ -d "${!place}" ] && ! lies_in "${!place}" "${shared:-/}" || return 0
        lays+="$place $(cd -P -- "${!place}" && pwd)"$'\n'
    done

    local tool missing=()
    for tool in unshare setpriv mount umount mkdir pivot_root; do
        command -v "$tool" >/dev/null || [ -x "/usr/sbin/$tool" ] || [ -x "/sbin/$tool" ] || missing+=("$tool")
    done
    PATH=$PATH:/usr/sbin:/sbin
    if [ ${#missing[@]} -gt 0 ]; then
        cannot_confine "${missing[*]} of util-linux is missing"
        return 0
    fi

    local namespaces=(--mount --propagation slave) bounding own_ids='' inside outside count
    [ "$sandbox" = chroot ] || namespaces+=(--ipc --uts)
    if [ -n "$network" ]; then
        java_command=("${java_command[0]}" -Doriel.sandbox.network=true "${java_command[@]:1}")
    elif [ "$sandbox" != chroot ]; then
        namespaces+=(--net)
    fi
    if [ "$EUID" -eq 0 ]; then
        [ ${#uid_maps[@]} -eq 0 ] && [ ${#gid_maps[@]} -eq 0 ] || return 0
        bounding=$(bounding_set) || return 0
        raise_open_files "$files"
    else
        [ "$sandbox" = namespace ] || return 0
        map_ids || return 0
    fi
    local refusal
    if ! refusal=$(unshare "${namespaces[@]}" true 2>&1); then
        cannot_confine "${refusal#unshare: }"
        return 0
    fi
    close_others
    exec unshare "${namespaces[@]}" "$BASH" "$root/scripts/enter.sh" "$name" "$sandbox" "$shared" "$folder" "$group" "$syslog" "$bounding" \
        "$own_ids" "$java_home" "$modules" "${cache-}" "$network" "$lays" "${java_command[0]}" "-Doriel.sandbox=$sandbox" "${java_command[@]:1}" "$@"
}

# give_up_capabilities ARGUMENTS...: root keeps those that serving needs, in all threads of Java, whatever else confines him. Returns
# where that cannot be had, as in a container without CAP_SETPCAP: then Java gives them up in the threads that serve.
give_up_capabilities() {
    local bounding confined
    [ "$EUID" -eq 0 ] || return 0
    handles=${handles:-prefer}
    bounding=$(bounding_set) || return 0
    confined=(setpriv --bounding-set "$bounding" --inh-caps=-all --ambient-caps=-all --)
    "${confined[@]}" true 2>/dev/null || return 0
    raise_open_files "$files"
    exec "${confined[@]}" "${java_command[@]}" "$@"
}

# lies_in FOLDER SHARE: whether guests can reach the folder, in a share that is not all of the host; or it is all of the host, and
# nothing would be left to confine.
lies_in() {
    local folder share
    # Where the user may not look, Java says so.
    { [ -n "$1" ] && folder=$(cd -P -- "$1" && pwd) && share=$(cd -P -- "$2" && pwd); } 2>/dev/null || return 1
    [ "$folder" != / ] || return 0
    [ "$share" != / ] || return 1
    case $folder/ in "$share"/*) return 0 ;; *) return 1 ;; esac
}

# Descriptors that were left open lead out of any sandbox: only those of standard input, output and errors stay, that of --fd, and
# that of a file which this process has locked: libvirt takes a server for dead whose PID file is not locked, and does not end it.
close_others() {
    local open inode locks=''
    for open in /proc/self/fd/*; do
        open=${open##*/}
        case $open in
        0 | 1 | 2 | 255 | "$fd") ;; # 255 is this script, and closed by exec
        *)
            [ -e "/proc/self/fd/$open" ] || continue
            [ -n "$locks" ] || locks=$(</proc/locks)$'\n'
            inode=$(stat -L -c %i "/proc/self/fd/$open")
            # "1: POSIX  ADVISORY  WRITE PID MAJOR:MINOR:INODE ..."
            if [[ $locks =~ \ $$\ [0-9a-f]+:[0-9a-f]+:$inode\  ]]; then continue; fi
            exec {open}>&-
            ;;
        esac
    done
}

# Java says it, when it has found nothing else to complain about.
cannot_confine() {
    java_command=("${java_command[0]}" "-Doriel.sandbox.refusal=$1" "${java_command[@]:1}")
}

# Sets what enter_sandbox declares; fails if nothing will be served.
read_options() {
    local word value
    while [ $# -gt 0 ]; do
        word=$1 value=''
        shift
        case $word in
        --*=*) value=${word#*=} word=${word%%=*} ;;
        -o) legacy_options "${1-}" && shift ;;
        -o*) legacy_options "${word#-o}" ;;
        --sandbox | --shared-dir | --share | --share-option | --socket-path | --socket | --vfio-user-path | --modcaps | --inode-file-handles | --uid-map | --control-path | --metrics-path | \
            --gid-map | --socket-group | --rlimit-nofile | --fd) value=${1-} && shift ;;
        esac
        case $word in
        --sandbox) sandbox=${value,,} ;;
        --shared-dir) shared=$value ;;
        --socket-path | --socket | --vfio-user-path)
            value=${value%"${value##*[!/]}"}
            case $value in */*) folder=${value%/*}/ ;; *) folder=. ;; esac
            ;;
        --control-path) case $value in */*) control=${value%/*}/ ;; *) control=. ;; esac ;;
        --metrics-path) case $value in */*) metrics=${value%/*}/ ;; *) metrics=. ;; esac ;;
        --fd) fd=$value ;;
        --modcaps) modcaps=$value ;;
        --inode-file-handles) handles=${value,,} ;;
        --uid-map) uid_maps+=("$value") ;;
        --gid-map) gid_maps+=("$value") ;;
        --socket-group) group=$value ;;
        --rlimit-nofile) files=$value ;;
        --syslog) syslog=1 ;;
        --help | -h | --version | -V | --print-capabilities) return 1 ;;
        esac
    done
}

# legacy_options LIST: source=DIR,sandbox=MODE,... of -o; a value cannot hold a comma.
legacy_options() {
    local option options
    IFS=, read -ra options <<<"$1"
    for option in ${options[@]+"${options[@]}"}; do
        case $option in
        source=*) shared=${option#*=} ;;
        sandbox=*) option=${option#*=} sandbox=${option,,} ;;
        modcaps=*) modcaps=${option#*=} ;;
        esac
    done
}

# raise_open_files N: inside, nobody can raise the hard limit any more. Without N the limit stays, which is LimitNOFILE= of a unit; as
# virtiofsd as many as Java wants, as far as the kernel lets.
raise_open_files() {
    local wanted=$1 hard
    [ -n "$wanted" ] || [ "$name" != virtiofsd ] || wanted=1000000
    hard=$(ulimit -Hn)
    [[ $wanted =~ ^[0-9]+$ ]] && [ "$hard" != unlimited ] && [ "$wanted" -gt "$hard" ] || return 0
    ulimit -Hn "$wanted" 2>/dev/null || :
}

# Prints what setpriv is told; fails if --modcaps is not right.
bounding_set() {
    local kept=" ${kept_capabilities[*]} " change capability changes list=-all
    # File handles open anything on the same file system: only who asks for them keeps what they need.
    case $handles in '' | never) ;; *) kept+='dac_read_search ' ;; esac
    IFS=:, read -ra changes <<<"$modcaps"
    for change in ${changes[@]+"${changes[@]}"}; do
        capability=${change:1}
        capability=${capability,,}
        capability=${capability#cap_}
        case $change in
        +*)
            setpriv --list-caps | grep -qx "$capability" || return 1
            kept="${kept/ $capability / }$capability "
            ;;
        -*) kept=${kept/ $capability / } ;;
        *) return 1 ;;
        esac
    done
    for capability in $kept; do
        list+=,+$capability
    done
    echo "$list"
}

# map_ids: adds to namespaces, sets bounding and own_ids, for who is not root; fails if --uid-map or --gid-map is not right.
#
# Whoever has a range of ids in /etc/subuid and /etc/subgid serves as root of a user namespace: 0 is himself, and the ids from 1 on are
# his range. Whoever has none keeps his own id, and no capability: then all that a guest makes is his.
map_ids() {
    local user
    namespaces+=(--user)
    if [ ${#uid_maps[@]} -eq 0 ] && [ ${#gid_maps[@]} -eq 0 ]; then
        user=$(id -un 2>/dev/null) || user=$EUID
        if command -v newuidmap >/dev/null && command -v newgidmap >/dev/null && has_range "$user" /etc/subuid && has_range "$user" /etc/subgid
        then
            namespaces+=(--map-root-user --map-users=auto --map-groups=auto)
            bounding=$(bounding_set)
            return
        fi
        # Root until the sandbox is laid, as mount(8) and umount(8) want it, and then himself.
        namespaces+=(--map-root-user)
        bounding=-all
        own_ids="--map-user=$EUID --map-group=$(id -g)"
        return
    fi
    local range ranges=0 ids option own
    if single_id "${uid_maps[*]}" "$EUID" && own_ids="--map-user=$inside" && single_id "${gid_maps[*]}" "$(id -g)"; then
        namespaces+=(--map-root-user)
        own_ids+=" --map-group=$inside"
        bounding=-all
        return
    fi
    own_ids=''
    for option in user:"${uid_maps[*]}" group:"${gid_maps[*]}"; do
        ids=${option#*:} option=${option%%:*} ranges=0
        own=$EUID
        [ "$option" = user ] || own=$(id -g)
        for range in $ids; do
            # :INSIDE:OUTSIDE:COUNT: in which any character may be in place of the colon, as with virtiofsd
            IFS=${range:0:1} read -r _ inside outside count _ <<<"$range"
            [[ $inside$outside$count =~ ^[0-9]+$ && -n $inside && -n $outside && -n $count ]] || return 1
            if [ "$count" = 1 ] && [ "$outside" = "$own" ]; then
                namespaces+=("--map-$option=$inside")
            else
                namespaces+=("--map-${option}s=$outside,$inside,$count")
                ranges=$((ranges + 1))
            fi
        done
        if [ $ranges -gt 0 ] && ! { command -v newuidmap && command -v newgidmap; } >/dev/null; then
            cannot_confine "a range of ids takes newuidmap and newgidmap (Debian: package uidmap), which are missing"
            return 1
        fi
        if [ $ranges -gt 1 ] && ! unshare --help | grep -q 'inneruid:outeruid'; then
            cannot_confine "the unshare of this util-linux takes one range of ids beside the own id; 2.39 takes several"
            return 1
        fi
    done
    namespaces+=(--setuid 0 --setgid 0)
    bounding=$(bounding_set)
}

# single_id MAPS ID: whether this is one map, of the own id; sets inside to what it becomes.
single_id() {
    local outside count rest
    IFS=${1:0:1} read -r _ inside outside count rest <<<"$1"
    [[ -z ${rest//[!0-9]/} && $inside =~ ^[0-9]+$ && $outside = "$2" && $count = 1 ]]
}

# has_range USER FILE
has_range() {
    local line
    while IFS= read -r line; do
        case $line in "$1":* | "$EUID":*) return 0 ;; esac
    done 2>/dev/null <"$2"
    return 1
}
