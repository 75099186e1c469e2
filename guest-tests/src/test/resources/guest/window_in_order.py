"""Reads a file in order, larger than the window, by mmap and by read(2), before and after the host changes it."""
import hashlib
import mmap
import sys

STEP = 1 << 20


def mapped(path):
    with open(path, 'rb') as file:
        content = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        return [content[at:at + STEP] for at in range(0, len(content), STEP)]


def read(path):
    with open(path, 'rb', buffering=0) as file:
        return list(iter(lambda: file.read(STEP), b''))


def told(turn):
    for way in (mapped, read):
        print(turn, way.__name__, hashlib.sha256(b''.join(way(sys.argv[1]))).hexdigest(), flush=True)


told('FIRST')
input()
told('AGAIN')
