"""fio writes files at random through a window that is much smaller than they are, and reads back all that it wrote:

    window_soak.py soak FOLDER --rounds N [--seconds S]
    window_soak.py sums FOLDER

Sixteen files at once, every other one as memory, the rest by read and write. Rounds go on until both numbers are reached. Each is a
case. At the end come lines `sum NAME DIGEST` of what the files hold, which are compared with those that the host finds.
"""

import argparse
import hashlib
import json
import os
import subprocess
import time

from contents import MiB

KiB = 1024
SECTOR, PAGE = 512, 4096

# Four windows of 32 MiB: files that end within pages, within ranges, and just beside their ends.
SIZES = [SECTOR, PAGE, 5 * SECTOR + 64 * KiB, 700 * KiB, 2 * MiB - SECTOR, 2 * MiB, 2 * MiB + SECTOR, 4 * MiB + PAGE,
         5 * MiB + 3 * SECTOR, 7 * MiB, 9 * MiB - PAGE, 11 * MiB + SECTOR, 14 * MiB, 19 * MiB + 7 * SECTOR, 24 * MiB, 29 * MiB]


def smallest_blocks():
    """One for each file. As memory fio writes whole pages only."""
    return [SECTOR if i % 2 == 0 else PAGE for i in range(len(SIZES))]


def job_file(folder, round_):
    lines = [
        "[global]",
        f"directory={folder}",
        "rw=randwrite",
        "verify=crc32c",
        "verify_backlog=48",  # so many blocks are written, then read again, and so on; at the end all of them
        "verify_fatal=1",
        "verify_state_save=0",
        f"randseed={round_ + 1}",
        "fallocate=none",
        "thread=1",
    ]
    for i, (size, block) in enumerate(zip(SIZES, smallest_blocks(), strict=True)):
        lines += [
            f"[file{i}]",
            f"filename=file{i}",
            f"ioengine={'psync' if block == SECTOR else 'mmap'}",
            f"size={size}",
            f"bsrange={block}-{min(size, 64 * KiB)}",
            f"fsync={16 * (i // 2)}",  # 0: never
        ]
    return "\n".join(lines) + "\n"


def run(folder, round_):
    """One round: bytes written; bytes read back and found right."""
    result = subprocess.run(["fio", "--output-format=json", "-"], input=job_file(folder, round_).encode(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = result.stdout.decode(errors="replace")
    start = text.find("{\n")
    complaint = " ".join((text[:start] if start >= 0 else text).split())
    if result.returncode != 0 or start < 0:
        raise AssertionError(f"fio ends with status {result.returncode}: {complaint[-600:]}")
    jobs = json.loads(text[start:])["jobs"]
    written = sum(job["write"]["io_bytes"] for job in jobs)
    verified = sum(job["read"]["io_bytes"] for job in jobs)  # it reads for nothing else
    if any(job["error"] for job in jobs) or len(jobs) != len(SIZES):
        raise AssertionError(f"errors of fio: {[job['error'] for job in jobs]} {complaint[-600:]}")
    whole = sum(size - size % block for size, block in zip(SIZES, smallest_blocks(), strict=True))
    if written < whole or verified < written:
        raise AssertionError(f"of {whole} bytes {written} were written, and {verified} read back")
    return written, verified


def soak(options):
    begun = time.monotonic()
    round_ = written = verified = 0
    while round_ < options.rounds or time.monotonic() - begun < options.seconds:
        name = f"round_{round_}"
        try:
            sizes = run(options.folder, round_)
            written, verified = written + sizes[0], verified + sizes[1]
            print(f"ok {name}", flush=True)
        except (AssertionError, ValueError) as e:
            print(f"not ok {name}: {' '.join(str(e).split())}", flush=True)
            break
        round_ += 1
    seconds = time.monotonic() - begun
    print(f"soak {round_} rounds in {seconds:.0f} s: {written >> 20} MiB written, {verified >> 20} MiB read back", flush=True)
    print("cases end", flush=True)


def sums(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            print(f"sum {name} {hashlib.file_digest(file, 'sha256').hexdigest()}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("soak", "sums"))
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0)
    options = parser.parse_args()
    if options.what == "soak":
        soak(options)
    sums(options.folder)


if __name__ == "__main__":
    main()
