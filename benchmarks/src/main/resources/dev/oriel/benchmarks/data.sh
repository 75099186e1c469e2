# shellcheck shell=dash
# Operations on file data, as a benchmark: functions for the script that GuestBenchmark makes; "fio" and the current folder are its choice.
# The file "data" is there, of $DATA_MEBIBYTES MiB.

# data PREFIX ROW JOBS MILLISECONDS FIO-OPTIONS...: writes "BENCH BEGIN PREFIXROW", waits for a line, runs fio, writes
# "BENCH END PREFIXROW" with what fio says: KiB, operations a second of reads, and of writes; waits for a line.
# Each job has a part of the file to itself, and goes through it again and again for as long as the row lasts. fio empties the page
# cache of the file before each time; no block is read twice in one.
data() {
    name=$1$2 jobs=$3 millis=$4
    shift 4
    part=$((DATA_MEBIBYTES / jobs))
    echo "BENCH BEGIN $name"
    read -r _
    said=$(fio --minimal --terse-version=3 --name=row --filename=data --thread --group_reporting --numjobs="$jobs" \
        --size="${part}m" --offset_increment="${part}m" --runtime="${millis}ms" --loops=100 --ioengine=psync "$@" 2>&1) ||
        { echo "BENCH FAILED $name: $said"; return 1; }
    echo "BENCH END $name $(printf '%s\n' "$said" | grep '^3;fio' | cut -d';' -f6,8,47,49 | tr ';' ' ')"
    read -r _
}
