"""Operations on names, as a benchmark: metadata.py PREFIX JOBS FILES ROW...

Works in the current folder, with JOBS processes in a folder each. For each ROW it writes "BENCH BEGIN PREFIXROW", waits for a line
from standard input, does FILES operations (more if they are quick) in each job, all jobs beginning at once, writes "BENCH END PREFIXROW
OPERATIONS SECONDS", and waits for a line again. What a row needs beforehand is made before it begins, and removed after it has ended.
"""

import os
import sys
import time


def make_files(folder, count):
    for i in range(count):
        os.close(os.open(f"{folder}/f{i}", os.O_CREAT | os.O_WRONLY, 0o644))


def remove_files(folder, count):
    for entry in os.listdir(folder):
        os.unlink(f"{folder}/{entry}")


def make_folders(folder, count):
    for i in range(count):
        os.mkdir(f"{folder}/f{i}")


def remove_folders(folder, count):
    for entry in os.listdir(folder):
        os.rmdir(f"{folder}/{entry}")


def nothing(folder, count):
    pass


def rename(folder, count):
    for i in range(count):
        os.rename(f"{folder}/f{i}", f"{folder}/g{i}")


def stat(folder, count):
    for i in range(count):
        os.stat(f"{folder}/f{i}")


def readdir_stat(folder, count):
    with os.scandir(folder) as entries:
        for entry in entries:
            entry.stat()


def open_close(folder, count):
    names = [f"{folder}/f{i}" for i in range(100)]
    for i in range(OPENS_PER_FILE * count):
        os.close(os.open(names[i % 100], os.O_RDONLY))


# An open that no server is asked for takes so little that more of them are needed to measure it.
OPENS_PER_FILE = 3

# row: what is made before, whether caches are emptied then, what is measured, what is removed after
ROWS = {
    "create": (nothing, False, make_files, remove_files),
    "unlink": (make_files, False, remove_files, nothing),
    "rename": (make_files, False, rename, remove_files),
    "stat": (make_files, True, stat, remove_files),
    "readdir_stat": (make_files, True, readdir_stat, remove_files),
    "open_close": (make_files, False, open_close, remove_files),
    "mkdir": (nothing, False, make_folders, remove_folders),
    "rmdir": (make_folders, False, remove_folders, nothing),
}


def empty_caches():
    """In a guest only: what the host caches is not this benchmark's business."""
    if os.environ.get("BENCH_DROP_CACHES"):
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3")


def host(line):
    print(line, flush=True)
    sys.stdin.readline()


def in_jobs(folders, count, operations):
    """Runs operations for each folder in a process of its own; from the moment that all may begin, it takes so many seconds."""
    start_read, start_write = os.pipe()
    children = []
    for folder in folders:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(start_write)
                os.read(start_read, 1)
                operations(folder, count)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    os.close(start_read)
    began = time.monotonic()
    os.close(start_write)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    seconds = time.monotonic() - began
    if any(statuses):
        sys.exit("a job failed")
    return seconds


def main():
    prefix, jobs, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    folders = [f"job{i}" for i in range(jobs)]
    for folder in folders:
        os.mkdir(folder)
    for row in sys.argv[4:]:
        before, cold, operations, after = ROWS[row]
        for folder in folders:
            before(folder, count)
        if cold:
            empty_caches()
        host(f"BENCH BEGIN {prefix}{row}")
        seconds = in_jobs(folders, count, operations)
        done = jobs * count * (OPENS_PER_FILE if row == "open_close" else 1)
        host(f"BENCH END {prefix}{row} {done} {seconds}")
        for folder in folders:
            after(folder, count)
    for folder in folders:
        os.rmdir(folder)


if __name__ == "__main__":
    main()
