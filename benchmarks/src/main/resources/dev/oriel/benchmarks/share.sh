# shellcheck shell=dash disable=SC2154 # set by GuestShare
# A share of files on other machines, as a benchmark: for GuestShare. The current folder is the share.

cold() { sync; echo 3 >/proc/sys/vm/drop_caches; }

failed() {
    echo "BENCH FAILED $1: $(tail -n 3 /tmp/said | tr '\n' ' ')"
    exit 1
}

# timed ROW COMMAND...: "BENCH BEGIN ROW", waits for a line, runs it, "BENCH END ROW NANOSECONDS", waits for a line.
timed() {
    row=$1
    shift
    echo "BENCH BEGIN $row"
    read -r _
    began=$(date +%s%N)
    "$@" 2>/tmp/said || failed "$row"
    ended=$(date +%s%N)
    echo "BENCH END $row $((ended - began))"
    read -r _
}

list() { [ "$(ls -UA "$LISTED" | wc -l)" -eq "$NAMES" ]; }

# All programs have run once before the clock does: they come from another share.
rm -f in-guest
dd if=/dev/zero of=/tmp/one bs=1M count=1 2>/dev/null
ls -UA /tmp | wc -l >/dev/null
fio --version >/dev/null
date >/dev/null
timed write dd if=/dev/zero of=in-guest bs=1M count="$MEBIBYTES"
cold
timed read dd if=in-guest of=/dev/null bs=1M

# Open as long as it is read: what a server stages of a file it keeps as long.
exec 5<"$CACHED"
dd if="$CACHED" of=/dev/null bs=1M 2>/dev/null
echo "BENCH BEGIN randread"
read -r _
said=$(fio --minimal --terse-version=3 --name=row --filename="$CACHED" --rw=randread --bs=4k --direct=1 --readonly \
    --size="${CACHED_MEBIBYTES}m" --runtime=1500ms --loops=100 --ioengine=psync 2>/tmp/said) || failed randread
echo "BENCH END randread $(printf '%s\n' "$said" | grep '^3;fio' | cut -d';' -f6,8,47,49 | tr ';' ' ')"
read -r _
exec 5<&-
cold
timed list list
