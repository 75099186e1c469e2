"""What a guest is at when something ends in the middle:

    window_ends.py touch FILE     map it, say MAPPED, and touch all its pages until a line comes in and it is empty
    window_ends.py store FILE     store into a map, fsync, say SYNCED, and go on storing for ever
"""

import mmap
import os
import signal
import sys

from cases import eventually

PAGE = 4096


def touch(file):
    fd = os.open(file, os.O_RDWR)
    with mmap.mmap(fd, 0) as view:
        sum(view[::PAGE])
        print("MAPPED", flush=True)
        pid = os.fork()
        if pid == 0:
            while True:
                sum(view[::PAGE])
        sys.stdin.readline()
        eventually(lambda: os.fstat(fd).st_size == 0, "the file is empty")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    print("EMPTY", flush=True)


def store(file):
    fd = os.open(file, os.O_RDWR)
    with mmap.mmap(fd, 0) as view:
        for at in range(0, len(view), PAGE):
            view[at : at + 6] = b"synced"
        view[-6:] = b"synced"
        os.fsync(fd)
        print("SYNCED", flush=True)
        while True:
            for at in range(100, len(view), PAGE):
                view[at] = (view[at] + 1) % 256


if __name__ == "__main__":
    {"touch": touch, "store": store}[sys.argv[1]](sys.argv[2])
