"""POSIX access control lists, as the kernel has them in system.posix_acl_access and system.posix_acl_default."""

import errno
import os
import stat
import struct

from cases import ROOT, as_user, case, equal, fails, note
from opening import get, mode_of, put

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
TAGS = {"u": (0x01, 0x02), "g": (0x04, 0x08), "m": (0x10, 0x10), "o": (0x20, 0x20)}
ALICE, BOB, TEAM = 1000, 1001, 2001


def acl(text):
    """The attribute's bytes (linux/posix_acl_xattr.h, little-endian) for entries like 'u::rw-,u:1000:r--,m::r--'."""
    entries = []
    for entry in text.split(","):
        kind, who, permissions = entry.split(":")
        tag = TAGS[kind][1 if who else 0]
        bits = sum(bit for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if letter in permissions)
        entries.append((tag, int(who) if who else 0xFFFFFFFF, bits))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, bits, who) for tag, who, bits in sorted(entries))


@case(ROOT, "acl")
def an_entry_lets_a_user_in():
    put("file", b"content", 0o600)
    os.setxattr("file", ACCESS, acl("u::rw-,u:1000:r--,g::---,m::r--,o::---"))
    equal(mode_of("file"), 0o640)
    as_user(ALICE, ALICE, [], lambda: equal(get("file"), b"content"))
    as_user(ALICE, ALICE, [], lambda: fails(errno.EACCES, os.open, "file", os.O_WRONLY))
    as_user(BOB, BOB, [], lambda: fails(errno.EACCES, os.open, "file", os.O_RDONLY))
    equal(os.getxattr("file", ACCESS), acl("u::rw-,u:1000:r--,g::---,m::r--,o::---"))


@case(ROOT, "acl")
def an_entry_keeps_a_user_and_a_group_out():
    put("file", b"content", 0o644)
    os.setxattr("file", ACCESS, acl("u::rw-,u:1000:---,g::r--,g:2001:---,m::r--,o::r--"))
    as_user(ALICE, ALICE, [], lambda: fails(errno.EACCES, os.open, "file", os.O_RDONLY))
    as_user(BOB, TEAM, [], lambda: fails(errno.EACCES, os.open, "file", os.O_RDONLY))
    as_user(BOB, BOB, [], lambda: equal(get("file"), b"content"))


@case(ROOT, "acl")
def an_entry_lets_a_user_create():
    os.mkdir("folder", 0o700)
    os.setxattr("folder", ACCESS, acl("u::rwx,u:1000:rwx,g::---,m::rwx,o::---"))
    as_user(ALICE, ALICE, [], put, "folder/file", b"content")
    equal(os.lstat("folder/file").st_uid, ALICE, "owner")
    as_user(BOB, BOB, [], lambda: fails(errno.EACCES, put, "folder/other"))


@case("acl")
def a_change_of_mode_changes_the_mask():
    put("file", b"", 0o600)
    os.setxattr("file", ACCESS, acl("u::rw-,u:1000:rw-,g::r--,m::rw-,o::---"))
    equal(mode_of("file"), 0o660)
    os.chmod("file", 0o640)
    equal(os.getxattr("file", ACCESS), acl("u::rw-,u:1000:rw-,g::r--,m::r--,o::---"))


@case("acl")
def a_simple_list_is_only_a_mode():
    put("file", b"", 0o600)
    os.setxattr("file", ACCESS, acl("u::rw-,g::r--,o::r--"))
    equal(mode_of("file"), 0o644)
    fails(errno.ENODATA, os.getxattr, "file", ACCESS)


@case("acl")
def a_default_list_is_handed_down_whatever_the_umask():
    os.mkdir("folder")
    given = "u::rwx,u:1000:rwx,g::r-x,m::rwx,o::---"
    os.setxattr("folder", DEFAULT, acl(given))
    os.umask(0o077)
    os.close(os.open("folder/file", os.O_CREAT | os.O_WRONLY, 0o666))
    os.mkdir("folder/deeper", 0o777)
    os.mkfifo("folder/fifo", 0o666)
    os.mknod("folder/node", stat.S_IFREG | 0o664)
    os.symlink("x", "folder/link")
    equal(os.getxattr("folder/deeper", DEFAULT), acl(given))
    modes = {name: f"{mode_of('folder/' + name):o}" for name in ("file", "deeper", "fifo", "node")}
    equal(modes, {"file": "660", "deeper": "770", "fifo": "660", "node": "660"})
    equal(os.getxattr("folder/file", ACCESS), acl("u::rw-,u:1000:rwx,g::r-x,m::rw-,o::---"))
    fails(errno.ENODATA, os.getxattr, "folder/file", DEFAULT)


@case("acl", "tmpfile")
def a_nameless_file_inherits_too():
    os.mkdir("folder")
    os.setxattr("folder", DEFAULT, acl("u::rwx,u:1000:rwx,g::r-x,m::rwx,o::---"))
    fd = os.open("folder", os.O_TMPFILE | os.O_RDWR, 0o666)
    equal(stat.S_IMODE(os.fstat(fd).st_mode), 0o660)


@case("acl")
def without_a_default_list_the_umask_binds():
    for umask in (0o022, 0o077):
        os.umask(umask)
        os.close(os.open(f"file{umask}", os.O_CREAT | os.O_WRONLY, 0o666))
        os.mkdir(f"folder{umask}", 0o777)
        equal((mode_of(f"file{umask}"), mode_of(f"folder{umask}")), (0o666 & ~umask, 0o777 & ~umask))


@case("acl")
def lists_are_removed():
    os.mkdir("folder")
    os.setxattr("folder", DEFAULT, acl("u::rwx,g::r-x,o::---"))
    os.setxattr("folder", ACCESS, acl("u::rwx,u:1000:rwx,g::r-x,m::rwx,o::---"))
    os.removexattr("folder", DEFAULT)
    os.removexattr("folder", ACCESS)
    fails(errno.ENODATA, os.getxattr, "folder", DEFAULT)
    fails(errno.ENODATA, os.getxattr, "folder", ACCESS)
    note(f"{mode_of('folder'):o}")


@case("acl")
def wrong_lists_are_refused():
    put("file")
    fails(errno.EINVAL, os.setxattr, "file", ACCESS, acl("u::rw-,u:1000:rw-,g::r--,o::---"))  # no mask
    fails(errno.EINVAL, os.setxattr, "file", ACCESS, b"\2\0\0\0short")
    fails(errno.EACCES, os.setxattr, "file", DEFAULT, acl("u::rwx,g::r-x,o::---"))  # not a directory


@case(ROOT, "acl")
def lists_belong_to_the_owner():
    put("file")
    os.chmod("file", 0o666)
    as_user(ALICE, ALICE, [], lambda: fails(errno.EPERM, os.setxattr, "file", ACCESS, acl("u::rw-,g::r--,o::r--")))
    os.chown("file", ALICE, ALICE)
    as_user(ALICE, ALICE, [], os.setxattr, "file", ACCESS, acl("u::rw-,u:1001:r--,g::r--,m::r--,o::r--"))


@case(ROOT, "acl")
def a_list_set_outside_of_the_group_takes_setgid_away():
    put("file")
    os.chown("file", ALICE, TEAM)
    os.chmod("file", 0o2755)
    given = acl("u::rwx,u:1001:r-x,g::r-x,m::r-x,o::r-x")
    as_user(ALICE, ALICE, [], os.setxattr, "file", ACCESS, given)
    note(f"{mode_of('file'):o}")


@case("xattr", without=("acl",))
def lists_that_the_server_does_not_have_are_not_set():
    put("file", b"", 0o600)
    given = acl("u::rw-,u:1000:r--,g::---,m::r--,o::---")
    fails(errno.EOPNOTSUPP, os.setxattr, "file", ACCESS, given)
