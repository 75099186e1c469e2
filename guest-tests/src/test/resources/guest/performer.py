"""Performs operations on the files of a folder as lines of standard input say, one after another:

    performer.py FOLDER

Each line is a number, an operation and its arguments, without blanks in them. It is answered by a line "= NUMBER RESULT", or "= NUMBER !ERRNO WHY".
Open files and maps are known by numbers, here called slots. Bytes that are written come of a phase: what phase P puts at offset O of a file is
(O + P) % 251 + 1, so that each byte tells where it belongs, and is never that of a hole.
"""

import ctypes
import fcntl
import mmap
import os
import sys
import zlib

import calls
from cases import errno_name

PERIOD = 251
PATTERN = bytes(range(1, PERIOD + 1)) * 4400
PAGE = 4096
MS_SYNC = 4
PROT_READ_WRITE, MAP_SHARED = 3, 1

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p

fds = {}
maps = {}


class Map:
    """A map of a file's first bytes that, unlike Python's own, keeps no descriptor."""

    def __init__(self, fd, length):
        address = _libc.mmap(None, ctypes.c_size_t(length), PROT_READ_WRITE, MAP_SHARED, fd, ctypes.c_long(0))
        if address == ctypes.c_void_p(-1).value:
            raise OSError(ctypes.get_errno(), "mmap")
        self.address, self.length = address, length

    def load(self, offset, length):
        return ctypes.string_at(self.address + offset, length)

    def store(self, offset, data):
        ctypes.memmove(self.address + offset, data, len(data))

    def sync(self):
        if _libc.msync(ctypes.c_void_p(self.address), ctypes.c_size_t(self.length), MS_SYNC) != 0:
            raise OSError(ctypes.get_errno(), "msync")

    def close(self):
        _libc.munmap(ctypes.c_void_p(self.address), ctypes.c_size_t(self.length))


def data(offset, length, phase):
    start = (offset + phase) % PERIOD
    return PATTERN[start:start + length]


def whole(count, length, what):
    if count != length:
        raise OSError(5, f"{what} of {length} bytes did {count}")


def pieces(content, sizes):
    """Checksums of pieces that follow each other."""
    sums, at = [], 0
    for size in sizes:
        sums.append(format(zlib.crc32(content[at:at + size]), "x"))
        at += size
    return f"{len(content)} {' '.join(sums)}"


def text(content):
    return content.decode("latin-1").replace("\0", ".")


def read(slot, offset, *sizes):
    return pieces(os.pread(fds[slot], sum(sizes), offset), sizes)


def load(number, offset, *sizes):
    return pieces(maps[number].load(offset, sum(sizes)), sizes)


def write(slot, offset, length, phase):
    whole(os.pwrite(fds[slot], data(offset, length, phase), offset), length, "write")


def append(slot, size, length, phase):
    flags = fcntl.fcntl(fds[slot], fcntl.F_GETFL)
    fcntl.fcntl(fds[slot], fcntl.F_SETFL, flags | os.O_APPEND)
    try:
        whole(os.write(fds[slot], data(size, length, phase)), length, "append")
    finally:
        fcntl.fcntl(fds[slot], fcntl.F_SETFL, flags)


def create(slot, name):
    fds[slot] = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)


def make(name, length, phase):
    """A file that has its content when it gets its name."""
    with open(name + ".new", "wb") as file:
        at = 0
        while at < length:
            at += file.write(data(at, min(length - at, 1 << 20), phase))
    os.rename(name + ".new", name)


def open_by_name(slot, name):
    fds[slot] = os.open(name, os.O_RDWR)


def open_direct(slot, name):
    fds[slot] = os.open(name, os.O_RDWR | os.O_CREAT | os.O_DIRECT)


def open_again(slot, other):
    fds[slot] = os.open(f"/proc/self/fd/{fds[other]}", os.O_RDWR)


def close(slot):
    os.close(fds.pop(slot))


def map_(number, slot, length):
    maps[number] = Map(fds[slot], length)


def unmap(number):
    maps.pop(number).close()


def stat(slot, asks):
    """Size, time of modification in ns, blocks. With `asks` the guest may not answer of what it knows."""
    if asks:
        calls.Statx(f"/proc/self/fd/{fds[slot]}", flags=calls.AT_STATX_FORCE_SYNC)
    return attributes(os.fstat(fds[slot]))


def attributes(found):
    return f"{found.st_size} {found.st_mtime_ns} {found.st_blocks}"


def dated(slot, seconds):
    os.utime(fds[slot], (seconds, seconds))


def fallocate(slot, mode, offset, length):
    calls.fallocate(fds[slot], mode, offset, length)


def as_user(uid, operation, *arguments):
    """The same by a user of the guest."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            OPERATIONS[operation](*arguments)
            os._exit(0)
        except OSError as e:
            os._exit(e.errno)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status != 0:
        raise OSError(status, operation)


def fill(name):
    """Takes all the room that its file system has."""
    with open(name, "wb", buffering=0) as file:
        for size in (1 << 20, PAGE):
            try:
                while True:
                    file.write(data(0, size, 0))
            except OSError as e:
                if errno_name(e.errno) != "ENOSPC":
                    raise


def seek(slot, offset):
    """Where data begins, and where a hole does; -1: not before the end."""
    found = []
    for whence in (os.SEEK_DATA, os.SEEK_HOLE):
        try:
            found.append(os.lseek(fds[slot], offset, whence))
        except OSError as e:
            if errno_name(e.errno) != "ENXIO":
                raise
            found.append(-1)
    return f"{found[0]} {found[1]}"


def drop(what):
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write(str(what))


def show(slot, offset, length):
    """What bytes are there, for people: runs of one phase, of zeros or of something else."""
    content = os.pread(fds[slot], length, offset)
    runs, begun, last = [], 0, None
    for at in range(len(content) + 1):
        phase = None
        if at < len(content):
            phase = "zero" if content[at] == 0 else (content[at] - 1 - offset - at) % PERIOD
        if phase != last:
            if last is not None:
                runs.append(f"[{offset + begun},{offset + at}):{last}")
            begun, last = at, phase
    return " ".join(runs[:12]) + (" ..." if len(runs) > 12 else "")


OPERATIONS = {
    "read": read,
    "load": load,
    "write": write,
    "append": append,
    "store": lambda number, offset, length, phase: maps[number].store(offset, data(offset, length, phase)),
    "truncate": lambda slot, size: os.ftruncate(fds[slot], size),
    "create": create,
    "make": make,
    "open": open_by_name,
    "open-direct": open_direct,
    "put": lambda slot, offset, word: whole(os.pwrite(fds[slot], word.encode(), offset), len(word), "write"),
    "get": lambda slot, offset, length: text(os.pread(fds[slot], length, offset)),
    "poke": lambda number, offset, word: maps[number].store(offset, word.encode()),
    "peek": lambda number, offset, length: text(maps[number].load(offset, length)),
    "as": as_user,
    "chown": lambda slot, uid: os.fchown(fds[slot], uid, uid),
    "fill": fill,
    "again": open_again,
    "close": close,
    "map": map_,
    "unmap": unmap,
    "msync": lambda number: maps[number].sync(),
    "fsync": lambda slot: os.fsync(fds[slot]),
    "fdatasync": lambda slot: os.fdatasync(fds[slot]),
    "syncfs": lambda slot: calls.syncfs(fds[slot]),
    "chmod": lambda slot, mode: os.fchmod(fds[slot], mode),
    "stat": stat,
    "look": lambda name: attributes(os.stat(name)),
    "dated": dated,
    "fallocate": fallocate,
    "seek": seek,
    "rename": os.rename,
    "unlink": os.unlink,
    "names": lambda folder: " ".join(sorted(os.listdir(folder))),
    "drop": drop,
    "show": show,
}


def main():
    os.umask(0o022)
    os.chdir(sys.argv[1])
    print("READY", flush=True)
    while line := sys.stdin.readline().split():
        number, operation, *words = line
        if operation == "end":
            break
        try:
            arguments = [int(word) if word.lstrip("-").isdigit() else word for word in words]
            answer = OPERATIONS[operation](*arguments)
        except OSError as e:
            answer = f"!{errno_name(e.errno)} {e}"
        except (KeyError, ValueError, TypeError) as e:
            answer = f"!{type(e).__name__} {e}"
        os.write(1, f"= {number} {'' if answer is None else answer}\n".encode())


if __name__ == "__main__":
    main()
