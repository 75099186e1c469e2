"""Modes, owners, times, inode flags, and what stat, statx and statfs say."""

import errno
import fcntl
import os
import stat
import time

import calls
from cases import ROOT, case, check, equal, fails, note, outcome
from opening import get, mode_of, put

LONG_AGO = 10**18


@case()
def modes_are_changed():
    put("file")
    os.mkdir("folder")
    for mode in (0, 0o777, 0o600, 0o4755, 0o2755, 0o1644, 0o7777):
        os.chmod("file", mode)
        equal(mode_of("file"), mode)
        os.chmod("folder", mode)
        equal(mode_of("folder"), mode)
    fd = os.open("file", os.O_RDONLY)
    os.fchmod(fd, 0o640)
    equal(mode_of("file"), 0o640)
    os.symlink("file", "link")
    os.chmod("link", 0o604)
    equal((mode_of("file"), mode_of("link")), (0o604, 0o777))
    fails(errno.ENOENT, os.chmod, "missing", 0o600)
    os.mkfifo("fifo")
    os.chmod("fifo", 0o604)
    equal(mode_of("fifo"), 0o604)


@case(ROOT)
def owners_are_changed():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    os.mkfifo("fifo")
    for name in "file", "folder", "link", "fifo":
        os.lchown(name, 1000, 1001)
        equal((os.lstat(name).st_uid, os.lstat(name).st_gid), (1000, 1001))
        os.lchown(name, -1, 1002)
        os.lchown(name, 3_000_000_000, -1)
        equal((os.lstat(name).st_uid, os.lstat(name).st_gid), (3_000_000_000, 1002))
    os.chown("link", 7, 8)
    equal((os.stat("file").st_uid, os.lstat("link").st_uid), (7, 3_000_000_000))
    fd = os.open("file", os.O_RDONLY)
    os.fchown(fd, 9, 10)
    equal((os.stat("file").st_uid, os.stat("file").st_gid), (9, 10))
    calls.lchown_fd(os.open("link", os.O_PATH | os.O_NOFOLLOW), 11, 12)
    equal((os.lstat("link").st_uid, os.stat("file").st_uid), (11, 9))
    fails(errno.ENOENT, os.chown, "missing", 1, 1)


@case(ROOT)
def a_new_owner_takes_no_privileges_over():
    for name, mode in (("program", 0o6755), ("lockable", 0o2644), ("folder", 0o6755)):
        os.mkdir(name) if name == "folder" else put(name)
        os.chmod(name, mode)
        os.chown(name, 1000, 1000)
    note([f"{mode_of(name):o}" for name in ("program", "lockable", "folder")])


@case()
def times_are_set_to_the_nanosecond():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    for name in "file", "folder", "link":
        calls.utimensat(name, (1_234_567_890, 123_456_789), (987_654_321, 987_654_321), calls.AT_SYMLINK_NOFOLLOW)
        status = os.lstat(name)
        equal((status.st_atime_ns, status.st_mtime_ns), (1_234_567_890_123_456_789, 987_654_321_987_654_321))
    calls.utimensat("file", (0, calls.UTIME_OMIT), (5, 6))
    equal((os.stat("file").st_atime_ns, os.stat("file").st_mtime_ns), (1_234_567_890_123_456_789, 5_000_000_006))
    calls.utimensat("file", (7, 8), (0, calls.UTIME_OMIT))
    equal((os.stat("file").st_atime_ns, os.stat("file").st_mtime_ns), (7_000_000_008, 5_000_000_006))
    calls.utimensat("link", (1, 2), (3, 4))
    equal((os.stat("file").st_mtime_ns, os.lstat("link").st_mtime_ns), (3_000_000_004, 987_654_321_987_654_321))
    fd = os.open("file", os.O_RDONLY)
    os.utime(fd, ns=(11, 12))
    equal((os.stat("file").st_atime_ns, os.stat("file").st_mtime_ns), (11, 12))
    fails(errno.ENOENT, os.utime, "missing")
    fails(errno.EINVAL, calls.utimensat, "file", (1, 1_000_000_000), (1, 1))


@case()
def times_far_away_are_those_of_the_host_file_system():
    put("file")
    results = []
    for seconds in (-1, -2_000_000_000, 4_102_444_800, 10_000_000_000):
        result = outcome(calls.utimensat, "file", (seconds, 5), (seconds, 5))
        results.append((result, os.stat("file").st_mtime_ns))
    note(results)


@case()
def now_is_now():
    put("file")
    os.utime("file", ns=(LONG_AGO, LONG_AGO))
    calls.utimensat("file", (0, calls.UTIME_NOW), (0, calls.UTIME_OMIT))
    status = os.stat("file")
    check(abs(status.st_atime - time.time()) < 60, f"access time is {status.st_atime}, the clock says {time.time()}")
    equal(status.st_mtime_ns, LONG_AGO)
    os.utime("file")
    check(abs(os.stat("file").st_mtime - time.time()) < 60, "modification time is not now")


# Linux does not look at the times again when it has stored through a DAX window.
@case("requests")
def times_follow_what_happens():
    put("file", b"content")
    fd = os.open("file", os.O_RDWR)

    def changed(action):
        os.utime("file", ns=(LONG_AGO, LONG_AGO))
        before = os.stat("file").st_ctime_ns
        time.sleep(0.02)  # so that another change has another time of the file system's clock
        action()
        os.fsync(fd)
        status = os.stat("file")
        return status.st_mtime_ns != LONG_AGO, status.st_ctime_ns != before

    equal(changed(lambda: os.pwrite(fd, b"x", 0)), (True, True), "after write")
    equal(changed(lambda: os.ftruncate(fd, 3)), (True, True), "after truncate")
    equal(changed(lambda: os.chmod("file", 0o600)), (False, True), "after chmod")
    equal(changed(lambda: os.link("file", "other")), (False, True), "after link")
    equal(changed(lambda: os.pread(fd, 1, 0)), (False, False), "after read")
    equal(changed(lambda: calls.fallocate(fd, calls.FALLOC_FL_PUNCH_HOLE | calls.FALLOC_FL_KEEP_SIZE, 0, 2)),
          (True, True), "after fallocate")


@case()
def stat_tells_sizes_and_blocks():
    put("file", b"x" * 100_000)
    fd = os.open("file", os.O_RDONLY)
    os.fsync(fd)
    status = os.stat("file")
    check(100_000 <= status.st_blocks * 512 <= 200_000, f"{status.st_blocks} blocks")
    check(status.st_blksize >= 512, f"block size {status.st_blksize}")
    equal(status.st_dev, os.stat(".").st_dev, "device")
    equal(os.path.getsize("/proc/self/fd/%d" % fd), 100_000)


@case(ROOT)
def files_belong_to_who_makes_them():
    put("file")
    status = os.stat("file")
    equal((status.st_uid, status.st_gid), (os.getuid(), os.getgid()))


@case("statx")
def statx_tells_the_time_of_birth():
    before = time.time()
    put("file")
    first = calls.Statx("file")
    check(first.mask & calls.STATX_BTIME, "no birth time")
    check(abs(first.btime[0] - before) < 60, f"born at {first.btime}, the clock says {before}")
    os.utime("file", ns=(1, 1))
    os.rename("file", "moved")
    put("moved", b"more")
    equal(calls.Statx("moved").btime, first.btime, "birth time")


@case()
def statx_agrees_with_stat():
    put("file", b"x" * 5000)
    os.symlink("file", "link")
    for name in "file", "link", ".":
        status, extended = os.lstat(name), calls.Statx(name)
        equal((extended.mode, extended.nlink, extended.uid, extended.gid, extended.ino, extended.size, extended.blocks),
              (status.st_mode, status.st_nlink, status.st_uid, status.st_gid, status.st_ino, status.st_size,
               status.st_blocks), f"statx of {name}")
        equal(extended.mtime[0] * 10**9 + extended.mtime[1], status.st_mtime_ns, "mtime")
        equal(extended.mask & calls.STATX_BASIC_STATS, calls.STATX_BASIC_STATS, "mask")


@case()
def statfs_tells_about_the_host_file_system():
    numbers = os.statvfs(".")
    check(numbers.f_blocks >= numbers.f_bfree >= numbers.f_bavail > 0, f"blocks: {numbers}")
    equal(numbers.f_namemax, 255)
    put("file")
    equal(os.statvfs("file").f_blocks, numbers.f_blocks)
    note(f"{numbers.f_blocks} blocks of {numbers.f_frsize}, {numbers.f_files} inodes")


# Where the guest asks for no open, it learns what the host thinks of it when it writes.
@case(ROOT, "host-root", "ioctl", without=("zero-message",))
def inode_flags_are_set_and_obeyed():
    put("file", b"content")
    os.mkdir("folder")
    results = []
    for name in "file", "folder":
        fd = os.open(name, os.O_RDONLY)
        before = calls.get_flags(fd)
        for flag in (calls.FS_NODUMP_FL, calls.FS_NOATIME_FL, calls.FS_APPEND_FL, calls.FS_IMMUTABLE_FL):
            result = [outcome(calls.set_flags, fd, before | flag), f"{calls.get_flags(fd) ^ before:x}"]
            if name == "file":
                result += [outcome(lambda: os.close(os.open("file", os.O_WRONLY))), outcome(os.chmod, "file", 0o600)]
            else:
                result += [outcome(put, f"folder/{flag}"), outcome(os.rmdir, "folder")]
            calls.set_flags(fd, before)
            results.append(f"{name} {flag:x}: {'/'.join(result)}")
            if not os.path.isdir(name) and name == "folder":
                break
        os.close(fd)
    note("; ".join(results))


@case(ROOT, "host-root", "ioctl", without=("writeback",))
def an_append_only_file_is_opened_to_append():
    # With writeback the server writes pages where the guest's cache has them, so it does not open files to append.
    put("file", b"content")
    fd = os.open("file", os.O_RDONLY)
    before = calls.get_flags(fd)
    calls.set_flags(fd, before | calls.FS_APPEND_FL)
    try:
        appending = os.open("file", os.O_WRONLY | os.O_APPEND)
        os.write(appending, b", and more")
        equal(get("file"), b"content, and more")
    finally:
        calls.set_flags(fd, before)


@case(ROOT, "ioctl")
def extended_inode_attributes_are_set():
    put("file")
    fd = os.open("file", os.O_RDONLY)
    fields = calls.get_fsxattr(fd)
    fields[0] |= 0x80  # FS_XFLAG_NODUMP
    calls.set_fsxattr(fd, fields)
    equal(calls.get_fsxattr(fd), fields)
    check(calls.get_flags(fd) & calls.FS_NODUMP_FL, "the flag does not show")


@case()
def unknown_ioctls_are_ENOTTY():
    put("file")
    fd = os.open("file", os.O_RDWR)
    fails(errno.ENOTTY, fcntl.ioctl, fd, 0x5401, bytes(64))  # TCGETS
    fails(errno.ENOTTY, fcntl.ioctl, fd, 0xC0DEBEEF, bytes(1024))
    equal(get("file"), b"")


@case()
def kinds_of_files_are_told():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    os.mkfifo("fifo")
    kinds = {name: stat.S_IFMT(os.lstat(name).st_mode) for name in os.listdir(".")}
    equal(kinds, {"file": stat.S_IFREG, "folder": stat.S_IFDIR, "link": stat.S_IFLNK, "fifo": stat.S_IFIFO})
