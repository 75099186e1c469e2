"""What a guest sees of files that it uses through the window, and the host beside it:

    window_truth.py log FILE      read it, say READ; when it has grown say GREW and what it holds where it ended before
    window_truth.py dated FILE    map it and say READ; after a line has come in, open it anew and say what it begins with
    window_truth.py blocks FILE   look at a sparse file, store into it, and say whether it has blocks before and after
    window_truth.py times FILE    store into it and date it back, say what time it has then
"""

import mmap
import os
import sys

from cases import eventually


def log(file):
    fd = os.open(file, os.O_RDONLY)
    size = os.fstat(fd).st_size
    while os.read(fd, 1 << 20):
        pass
    with mmap.mmap(fd, size, prot=mmap.PROT_READ) as view:
        sum(view[::4096])
    print("READ", flush=True)
    eventually(lambda: os.fstat(fd).st_size > size, "the file has grown")
    print("GREW", os.read(fd, 1 << 20), flush=True)


def dated(file):
    fd = os.open(file, os.O_RDONLY)
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as view:
        print("READ", view[:5], flush=True)
        sys.stdin.readline()
        again = os.open(file, os.O_RDONLY)
        print("AGAIN", view[:5], os.pread(again, 5, 0), flush=True)


def blocks(file):
    before = os.stat(file).st_blocks
    fd = os.open(file, os.O_RDWR)
    with mmap.mmap(fd, 0) as view:
        view[100000:100006] = b"stored"
        print("BLOCKS", before > 0, os.stat(file).st_blocks > 0, flush=True)


def times(file):
    fd = os.open(file, os.O_RDWR)
    os.pwrite(fd, b"stored", 100)
    os.utime(file, (1000000000, 1000000000))
    os.close(fd)
    print("DATED", int(os.stat(file).st_mtime), flush=True)


if __name__ == "__main__":
    {"log": log, "dated": dated, "blocks": blocks, "times": times}[sys.argv[1]](sys.argv[2])
