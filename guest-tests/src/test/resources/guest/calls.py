"""Linux system calls that Python's os module lacks. Each raises OSError, as the os module's do."""

import ctypes
import fcntl
import os
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

AT_FDCWD = -100
AT_SYMLINK_NOFOLLOW = 0x100
AT_SYMLINK_FOLLOW = 0x400
AT_EMPTY_PATH = 0x1000
AT_STATX_FORCE_SYNC = 0x2000

RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4

FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE = 0x01, 0x02, 0x10

UTIME_NOW, UTIME_OMIT = (1 << 30) - 1, (1 << 30) - 2

STATX_BASIC_STATS, STATX_BTIME = 0x7FF, 0x800

# linux/fs.h; the numbers say `long`, the kernel means int.
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR = 0x801C581F, 0x401C5820
FS_IMMUTABLE_FL, FS_APPEND_FL, FS_NODUMP_FL, FS_NOATIME_FL = 0x10, 0x20, 0x40, 0x80


def _result(value):
    if value < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return value


def _call(number, *arguments):
    return _result(_libc.syscall(ctypes.c_long(number), *arguments))


def renameat2(old, new, flags):
    _result(_libc.renameat2(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags))


def linkat(old_fd, old, new, flags):
    _result(_libc.linkat(old_fd, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags))


def fallocate(fd, mode, offset, length):
    _result(_libc.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)))


def syncfs(fd):
    _result(_libc.syncfs(fd))


def sync_file_range(fd, offset, length, flags):
    _result(_libc.sync_file_range(fd, ctypes.c_long(offset), ctypes.c_long(length), flags))


def truncate(path, size):
    """Unlike os.truncate it never opens the file."""
    _result(_libc.truncate(os.fsencode(path), ctypes.c_long(size)))


def utimensat(path, atime, mtime, flags=0):
    """Times are (seconds, nanoseconds)."""
    times = struct.pack("4q", *atime, *mtime)
    _result(_libc.utimensat(AT_FDCWD, os.fsencode(path), times, flags))


def lchown_fd(fd, uid, gid):
    """Change the owner of what an O_PATH descriptor stands for."""
    _result(_libc.fchownat(fd, b"", uid, gid, AT_EMPTY_PATH))


class Statx:
    """struct statx (linux/stat.h)."""

    def __init__(self, path, mask=STATX_BASIC_STATS | STATX_BTIME, flags=AT_SYMLINK_NOFOLLOW):
        buffer = ctypes.create_string_buffer(256)
        _result(_libc.statx(AT_FDCWD, os.fsencode(path), flags, mask, buffer))
        self.mask, self.blksize, self.attributes = struct.unpack_from("=IIQ", buffer, 0)
        self.nlink, self.uid, self.gid, self.mode = struct.unpack_from("=IIIH", buffer, 16)
        self.ino, self.size, self.blocks, self.attributes_mask = struct.unpack_from("=4Q", buffer, 32)
        self.atime, self.btime, self.ctime, self.mtime = (
            struct.unpack_from("=qI", buffer, 64 + 16 * i) for i in range(4)
        )


class Map:
    """A map of any range of a file, also of what lies behind its end; for reading."""

    def __init__(self, fd, offset, length):
        _libc.mmap.restype = ctypes.c_void_p
        address = _libc.mmap(None, ctypes.c_size_t(length), 1, 1, fd, ctypes.c_long(offset))  # PROT_READ, MAP_SHARED
        if address == ctypes.c_void_p(-1).value:
            _result(-1)
        self.address, self._length = address, length

    def bytes(self):
        return ctypes.string_at(self.address, self._length)

    def close(self):
        _result(_libc.munmap(ctypes.c_void_p(self.address), ctypes.c_size_t(self._length)))


def byte_at(address):
    return ctypes.string_at(address, 1)


def get_flags(fd):
    return struct.unpack("=I", fcntl.ioctl(fd, FS_IOC_GETFLAGS, bytes(4)))[0]


def set_flags(fd, flags):
    fcntl.ioctl(fd, FS_IOC_SETFLAGS, struct.pack("=I", flags))


def get_fsxattr(fd):
    """struct fsxattr: xflags, extent size, number of extents, project id, cow extent size, padding."""
    return list(struct.unpack("=5I8x", fcntl.ioctl(fd, FS_IOC_FSGETXATTR, bytes(28))))


def set_fsxattr(fd, fields):
    fcntl.ioctl(fd, FS_IOC_FSSETXATTR, struct.pack("=5I8x", *fields))


def lock_fields(kind, start, length, whence=0, pid=0):
    """struct flock of 64-bit machines."""
    return struct.pack("=hh4xqqi4x", kind, whence, start, length, pid)


def set_lock(fd, command, kind, start=0, length=0):
    fcntl.fcntl(fd, command, lock_fields(kind, start, length))


def get_lock(fd, kind, start=0, length=0, command=fcntl.F_GETLK):
    """(kind, start, length, pid) of a lock that is in the way; kind F_UNLCK when there is none."""
    answer = fcntl.fcntl(fd, command, lock_fields(kind, start, length))
    kind, _, start, length, pid = struct.unpack("=hh4xqqi4x", answer)
    return kind, start, length, pid


class _Dirent(ctypes.Structure):
    _fields_ = [
        ("ino", ctypes.c_uint64),
        ("off", ctypes.c_int64),
        ("reclen", ctypes.c_uint16),
        ("type", ctypes.c_uint8),
        ("name", ctypes.c_char * 256),
    ]


_libc.opendir.restype = ctypes.c_void_p
_libc.readdir.restype = ctypes.POINTER(_Dirent)
_libc.readdir.argtypes = _libc.telldir.argtypes = _libc.rewinddir.argtypes = [ctypes.c_void_p]
_libc.closedir.argtypes = [ctypes.c_void_p]
_libc.telldir.restype = ctypes.c_long
_libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]


class Directory:
    """A directory stream: readdir(3), telldir(3), seekdir(3)."""

    def __init__(self, path):
        self._stream = _libc.opendir(os.fsencode(path))
        if not self._stream:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def next(self):
        """(name, inode number, type) or None at the end."""
        ctypes.set_errno(0)
        entry = _libc.readdir(self._stream)
        if not entry:
            number = ctypes.get_errno()
            if number:
                raise OSError(number, os.strerror(number))
            return None
        return entry.contents.name, entry.contents.ino, entry.contents.type

    def __iter__(self):
        while (entry := self.next()) is not None:
            yield entry

    def tell(self):
        return _libc.telldir(self._stream)

    def seek(self, place):
        _libc.seekdir(self._stream, place)

    def rewind(self):
        _libc.rewinddir(self._stream)

    def close(self):
        _result(_libc.closedir(self._stream))
