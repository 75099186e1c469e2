# shellcheck shell=dash
# Programs that people run, as a benchmark: for the script that ProgramsBenchmark makes. The current folder is the share, or the host's
# own, and holds what the program works on.

# What is timed and said is not the load of the program: it comes from another share.
cold() {
    [ -z "${BENCH_DROP_CACHES-}" ] || { sync; echo 3 >/proc/sys/vm/drop_caches; }
    "$1" --version >/dev/null 2>&1 || :
}

# program NAME: does it as the first thing that the server is asked, and again. "BENCH BEGIN NAME:WHEN", waits for a line, runs it, "BENCH
# END NAME:WHEN NANOSECONDS", waits for a line.
program() {
    for when in fresh again; do
        "before_$1"
        echo "BENCH BEGIN $1:$when"
        read -r _
        began=$(date +%s%N)
        "run_$1" >/tmp/said 2>&1 || { echo "BENCH FAILED $1: $(tail -n 3 /tmp/said | tr '\n' ' ')"; return 1; }
        ended=$(date +%s%N)
        echo "BENCH END $1:$when $((ended - began))"
        read -r _
        "after_$1"
    done
}

before_git_clone() { cold git; }
run_git_clone() { git clone -q repository clone; }
after_git_clone() { rm -rf clone; }

before_git_status_cold() { cold git; }
run_git_status_cold() { git -C repository status --short; }
after_git_status_cold() { :; }

before_git_status() { git -C repository status --short >/dev/null; }
run_git_status() { git -C repository status --short; }
after_git_status() { :; }

before_tar() { cold tar && mkdir extracted; }
run_tar() { tar -xf packages.tar -C extracted; }
after_tar() { rm -rf extracted; }

before_remove() { [ -e packages ] || tar -xf packages.tar; cold rm; }
run_remove() { rm -rf packages; }
after_remove() { :; }

before_rsync() { cold rsync; }
run_rsync() { rsync -a --exclude=.git repository/ copy/; }
after_rsync() { rm -rf copy; }

before_grep() { cold grep; }
run_grep() { grep -r --exclude-dir=.git 'no line has this' repository || [ $? -eq 1 ]; }
after_grep() { :; }

before_compile() { cold tcc && mkdir objects; }
run_compile() {
    for source in sources/*.c; do
        source=${source##*/}
        tcc -nostdinc -c "sources/$source" -o "objects/${source%.c}.o" || return
    done
}
after_compile() { rm -rf objects; }

before_sqlite() { cold sqlite3; }
run_sqlite() { sqlite3 -bail database <transactions.sql; }
after_sqlite() { rm -f database*; }

before_python() { cold python3; }
run_python() { python3 -B modules/main.py; }
after_python() { :; }

before_fio() { cold fio; }
run_fio() {
    fio --minimal --name=mixed --filename=data --thread --group_reporting --numjobs=4 --size=32m --offset_increment=32m --io_size=16m \
        --ioengine=psync --rw=randrw --rwmixread=75 --bs=4k
}
after_fio() { :; }
