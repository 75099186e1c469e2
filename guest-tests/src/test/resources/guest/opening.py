"""open(2) and what holds for open files."""

import errno
import hashlib
import os
import shutil
import socket
import stat
import subprocess

import calls
from cases import ROOT, as_user, case, check, equal, eventually, fails, finish, note, outcome, start_child


def put(path, content=b"", mode=0o644):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        while content:
            content = content[os.write(fd, content) :]
    finally:
        os.close(fd)


def get(path):
    with open(path, "rb") as file:
        return file.read()


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@case()
def opening_a_missing_file_is_ENOENT():
    fails(errno.ENOENT, os.open, "missing", os.O_RDONLY)
    fails(errno.ENOENT, os.open, "missing/deeper", os.O_RDONLY | os.O_CREAT)


@case()
def a_created_file_has_its_mode_less_the_umask():
    for umask in (0o000, 0o022, 0o077, 0o777):
        os.umask(umask)
        name = f"file{umask:o}"
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o666))
        equal(mode_of(name), 0o666 & ~umask, f"mode with umask {umask:o}")


def _use(name, flags):
    fd = os.open(name, flags, 0o600)
    if flags & (os.O_WRONLY | os.O_RDWR):
        os.write(fd, b"12")
    os.close(fd)


@case()
def every_combination_of_open_flags_acts_as_on_a_local_disk():
    results = []
    for access in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        for number, flags in enumerate((
                0, os.O_CREAT, os.O_CREAT | os.O_EXCL, os.O_TRUNC, os.O_APPEND, os.O_CREAT | os.O_TRUNC,
                os.O_CREAT | os.O_APPEND, os.O_NOFOLLOW, os.O_DIRECTORY, os.O_NONBLOCK, os.O_SYNC, os.O_DSYNC)):
            for kind in "missing", "file", "directory", "link", "dangling":
                # by its number: the flags have other values on other machines
                place = f"{access}-{number}-{kind}"
                os.mkdir(place)
                name = place + "/it"
                if kind == "file":
                    put(name, b"old")
                elif kind == "directory":
                    os.mkdir(name)
                elif kind == "link":
                    put(place + "/target", b"old")
                    os.symlink("target", name)
                elif kind == "dangling":
                    os.symlink("target", name)
                result = outcome(_use, name, access | flags)
                size = os.path.getsize(name) if os.path.isfile(name) else "-"
                results.append(f"{access}.{number}.{kind}:{result}/{size}")

    distinct = {}
    for result in results:
        key, value = result.rsplit(":", 1)
        distinct.setdefault(value, []).append(key)
    summary = " ".join(f"{len(keys)}x{value}" for value, keys in sorted(distinct.items()))
    note(f"{summary} {hashlib.sha256(' '.join(results).encode()).hexdigest()[:16]}")


@case()
def exclusive_create_of_what_exists_is_EEXIST():
    put("file")
    os.mkdir("folder")
    os.symlink("nowhere", "dangling")
    for name in "file", "folder", "dangling":
        fails(errno.EEXIST, os.open, name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    check(not os.path.exists("nowhere"), "the link was followed")


@case()
def a_file_created_read_only_is_written_through_its_first_descriptor():
    # git makes its objects so.
    fd = os.open("object", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o444)
    os.write(fd, b"content")
    os.fsync(fd)
    equal(os.pread(fd, 100, 0), b"content")
    os.close(fd)
    equal(get("object"), b"content")
    equal(mode_of("object"), 0o444)


@case(ROOT)
def a_user_writes_the_file_that_he_creates_read_only():
    os.chmod(".", 0o777)

    def create():
        fd = os.open("object", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        os.write(fd, b"content")
        os.close(fd)
        fails(errno.EACCES, os.open, "object", os.O_WRONLY)

    as_user(1000, 1000, [], create)
    equal(get("object"), b"content")


@case()
def truncation_at_open_empties_the_file():
    put("file", b"x" * 10000)
    fd = os.open("file", os.O_RDWR | os.O_TRUNC)
    equal(os.fstat(fd).st_size, 0, "size")
    equal(os.pread(fd, 10, 0), b"")
    os.close(fd)
    equal(os.stat("file").st_size, 0, "size")


@case()
def appending_descriptors_write_at_the_end():
    put("log", b"start.")
    first = os.open("log", os.O_WRONLY | os.O_APPEND)
    second = os.open("log", os.O_WRONLY | os.O_APPEND)
    for i in range(50):
        os.write(first if i % 2 else second, f"{i}.".encode())
    os.pwrite(first, b"end", 0)  # Linux appends all the same: pwrite(2), BUGS
    equal(get("log"), b"start." + b"".join(f"{i}.".encode() for i in range(50)) + b"end")


@case()
def access_modes_bind():
    put("file", b"content")
    reading = os.open("file", os.O_RDONLY)
    writing = os.open("file", os.O_WRONLY)
    path = os.open("file", os.O_PATH)
    fails(errno.EBADF, os.write, reading, b"x")
    fails(errno.EBADF, os.read, writing, 1)
    fails(errno.EBADF, os.read, path, 1)
    fails(errno.EINVAL, os.ftruncate, reading, 0)
    equal(os.fstat(path).st_size, 7, "size")


@case()
def wrong_kinds_are_refused_at_open():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    fails(errno.ENOTDIR, os.open, "file", os.O_RDONLY | os.O_DIRECTORY)
    fails(errno.ENOTDIR, os.open, "file/deeper", os.O_RDONLY)
    fails(errno.ELOOP, os.open, "link", os.O_RDONLY | os.O_NOFOLLOW)
    fails(errno.EISDIR, os.open, "folder", os.O_WRONLY)
    fails(errno.EISDIR, os.open, "folder", os.O_RDONLY | os.O_CREAT)
    fd = os.open("folder", os.O_RDONLY)
    fails(errno.EISDIR, os.read, fd, 1)


@case("tmpfile")
def a_nameless_file_gets_its_name_later():
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o640)
    os.write(fd, b"content")
    equal(os.fstat(fd).st_nlink, 0, "nlink")
    equal(os.listdir("."), [])
    calls.linkat(calls.AT_FDCWD, f"/proc/self/fd/{fd}", "named", calls.AT_SYMLINK_FOLLOW)
    equal(get("named"), b"content")
    equal(os.stat("named").st_nlink, 1, "nlink")
    equal(mode_of("named"), 0o640)
    equal(os.fstat(fd).st_ino, os.stat("named").st_ino, "inode number")
    os.write(fd, b"+")
    equal(get("named"), b"content+")


@case("tmpfile")
def a_nameless_file_that_is_to_stay_so_cannot_be_linked():
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_EXCL, 0o600)
    fails(errno.ENOENT, calls.linkat, calls.AT_FDCWD, f"/proc/self/fd/{fd}", "named", calls.AT_SYMLINK_FOLLOW)
    equal(os.listdir("."), [])


@case()
def an_unlinked_file_lives_on_while_it_is_open():
    put("file", b"content")
    fd = os.open("file", os.O_RDWR)
    os.unlink("file")
    fails(errno.ENOENT, os.stat, "file")
    equal(os.fstat(fd).st_nlink, 0, "nlink")
    equal(os.pread(fd, 100, 0), b"content")
    os.pwrite(fd, b"C", 0)
    os.ftruncate(fd, 4)
    os.fchmod(fd, 0o600)
    os.utime(fd, ns=(1_000_000_001, 2_000_000_002))
    os.fsync(fd)
    status = os.fstat(fd)
    equal((status.st_size, stat.S_IMODE(status.st_mode), status.st_mtime_ns), (4, 0o600, 2_000_000_002))
    equal(os.pread(fd, 100, 0), b"Cont")
    put("file", b"another")
    equal(os.pread(fd, 100, 0), b"Cont", "the old file")
    equal(get("file"), b"another", "the new file")


@case()
def an_unlinked_file_is_opened_anew_through_its_descriptor():
    put("file", b"content")
    fd = os.open("file", os.O_RDWR)
    os.unlink("file")
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
    equal(os.read(again, 100), b"content")


@case()
def a_file_renamed_over_lives_on_while_it_is_open():
    put("old", b"old content")
    put("new", b"new content")
    fd = os.open("old", os.O_RDWR)
    number = os.fstat(fd).st_ino
    os.rename("new", "old")
    equal(os.pread(fd, 100, 0), b"old content")
    os.pwrite(fd, b"OLD", 0)
    equal(os.fstat(fd).st_nlink, 0, "nlink")
    equal(os.fstat(fd).st_ino, number, "inode number")
    equal(get("old"), b"new content")
    check(os.stat("old").st_ino != number, "two files have one inode number")


@case()
def an_open_file_is_renamed_under_its_descriptor():
    put("before", b"content")
    fd = os.open("before", os.O_RDWR)
    os.mkdir("folder")
    os.rename("before", "folder/after")
    os.pwrite(fd, b"CONTENT", 0)
    os.fchmod(fd, 0o640)
    equal(get("folder/after"), b"CONTENT")
    equal(mode_of("folder/after"), 0o640)


@case()
def nothing_is_created_in_a_removed_directory():
    os.mkdir("folder")
    os.chdir("folder")
    os.rmdir("../folder")
    fails(errno.ENOENT, os.open, "file", os.O_CREAT | os.O_WRONLY)
    fails(errno.ENOENT, os.mkdir, "deeper")


@case()
def a_fifo_joins_two_processes():
    os.mkfifo("fifo", 0o600)
    check(stat.S_ISFIFO(os.lstat("fifo").st_mode), "not a FIFO")
    child = start_child(lambda: put_all("fifo", b"through the pipe"))
    with open("fifo", "rb") as file:
        equal(file.read(), b"through the pipe")
    finish(child)


def put_all(path, content):
    with open(path, "wb") as file:
        file.write(content)


@case()
def a_socket_of_the_share_is_connected_to():
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    server.listen()
    check(stat.S_ISSOCK(os.lstat("socket").st_mode), "not a socket")
    client = socket.socket(socket.AF_UNIX)
    client.connect("socket")
    client.sendall(b"hello")
    equal(server.accept()[0].recv(100), b"hello")
    fails(errno.ENXIO, os.open, "socket", os.O_RDWR)


@case(ROOT)
def a_device_node_of_the_share_is_the_machine_s_own_device():
    os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod("zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    os.mknod("block", stat.S_IFBLK | 0o600, os.makedev(259, 70000))
    equal(os.lstat("null").st_rdev, os.makedev(1, 3), "rdev")
    equal(os.lstat("block").st_rdev, os.makedev(259, 70000), "rdev")
    check(stat.S_ISBLK(os.lstat("block").st_mode), "not a block device")
    equal(get("null"), b"")
    fd = os.open("zero", os.O_RDWR)
    equal(os.read(fd, 4), bytes(4))
    os.write(fd, b"gone")


@case()
def nine_hundred_files_are_open_at_once():
    descriptors = []
    for i in range(900):
        fd = os.open(f"file{i}", os.O_RDWR | os.O_CREAT, 0o644)
        os.write(fd, str(i).encode())
        descriptors.append(fd)
    for i, fd in enumerate(descriptors):
        equal(os.pread(fd, 10, 0), str(i).encode(), f"content of file {i}")
        os.close(fd)


@case()
def programs_of_the_share_are_executed():
    shutil.copy("/usr/bin/echo", "program")
    os.chmod("program", 0o755)
    equal(subprocess.check_output(["./program", "hello"]), b"hello\n")
    put("script", b"#!/bin/sh\necho script $1\n", 0o755)
    equal(subprocess.check_output(["./script", "runs"]), b"script runs\n")
    os.chmod("script", 0o644)
    fails(errno.EACCES, os.execv, "./script", ["script"])


@case()
def a_running_program_is_not_written():
    shutil.copy("/usr/bin/sleep", "program")
    os.chmod("program", 0o755)
    with subprocess.Popen(["./program", "100"]) as process:
        try:
            eventually(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("/program"), "the program runs")
            fails(errno.ETXTBSY, os.open, "program", os.O_WRONLY)
        finally:
            process.kill()
