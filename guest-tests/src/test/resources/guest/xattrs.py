"""Extended attributes."""

import ctypes
import errno
import os
import struct

import calls
from cases import ROOT, as_user, case, check, equal, fails, note, outcome
from opening import put


def listed(path, follow=True):
    """Without what a security module of the machine adds by itself."""
    return sorted(name for name in os.listxattr(path, follow_symlinks=follow) if not name.startswith("security."))


@case("xattr")
def attributes_are_set_read_listed_and_removed():
    put("file")
    os.mkdir("folder")
    for name in "file", "folder":
        os.setxattr(name, "user.one", b"value")
        os.setxattr(name, "user.two", b"")
        equal(os.getxattr(name, "user.one"), b"value")
        equal(os.getxattr(name, "user.two"), b"")
        equal(listed(name), ["user.one", "user.two"])
        os.setxattr(name, "user.one", b"longer than before")
        equal(os.getxattr(name, "user.one"), b"longer than before")
        os.removexattr(name, "user.one")
        equal(listed(name), ["user.two"])
        fails(errno.ENODATA, os.getxattr, name, "user.one")
        fails(errno.ENODATA, os.removexattr, name, "user.one")
    fails(errno.ENOENT, os.getxattr, "missing", "user.one")


@case("xattr")
def attributes_are_reached_through_descriptors():
    put("file")
    fd = os.open("file", os.O_RDONLY)
    os.setxattr(fd, "user.one", b"value")
    equal(os.getxattr(fd, "user.one"), b"value")
    os.unlink("file")
    os.setxattr(fd, "user.one", b"unlinked")
    equal(os.getxattr(fd, "user.one"), b"unlinked")
    os.removexattr(fd, "user.one")


@case("xattr")
def creating_and_replacing_are_told_apart():
    put("file")
    fails(errno.ENODATA, os.setxattr, "file", "user.one", b"value", os.XATTR_REPLACE)
    os.setxattr("file", "user.one", b"value", os.XATTR_CREATE)
    fails(errno.EEXIST, os.setxattr, "file", "user.one", b"other", os.XATTR_CREATE)
    equal(os.getxattr("file", "user.one"), b"value")
    os.setxattr("file", "user.one", b"other", os.XATTR_REPLACE)
    equal(os.getxattr("file", "user.one"), b"other")


@case("xattr")
def a_short_buffer_is_ERANGE():
    put("file")
    os.setxattr("file", "user.one", b"x" * 100)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(4096)

    def size_of(size):
        return libc.getxattr(b"file", b"user.one", buffer, size), ctypes.get_errno()

    equal(size_of(0)[0], 100)
    equal(size_of(100)[0], 100)
    equal(size_of(99), (-1, errno.ERANGE))
    whole = libc.listxattr(b"file", buffer, 4096)
    equal(libc.listxattr(b"file", buffer, 0), whole)
    equal((libc.listxattr(b"file", buffer, whole - 1), ctypes.get_errno()), (-1, errno.ERANGE))


@case("xattr")
def values_are_as_large_as_the_host_file_system_takes():
    put("file")
    results = []
    for size in (1000, 3000, 4096, 16384, 65536):
        value = bytes(i % 251 for i in range(size))
        result = outcome(os.setxattr, "file", "user.large", value)
        if result == "ok":
            check(os.getxattr("file", "user.large") == value, f"value of {size} bytes differs")
        results.append(f"{size}: {result}")
    fails(errno.E2BIG, os.setxattr, "file", "user.large", bytes(65537))
    os.setxattr("file", "user." + "n" * 250, b"value")
    equal(os.getxattr("file", "user." + "n" * 250), b"value")
    fails(errno.ERANGE, os.setxattr, "file", "user." + "n" * 251, b"value")
    note(", ".join(results))


@case("xattr")
def a_hundred_attributes_are_listed():
    put("file")
    names = sorted(f"user.attribute-{i:03}" for i in range(60))
    for name in names:
        os.setxattr("file", name, name.encode()[-3:])
    equal(listed("file"), names)
    for name in names:
        equal(os.getxattr("file", name), name.encode()[-3:])


@case("xattr")
def names_outside_of_the_namespaces_are_refused():
    put("file")
    fails(errno.EOPNOTSUPP, os.setxattr, "file", "nonsense.name", b"value")
    fails(errno.EOPNOTSUPP, os.getxattr, "file", "nonsense.name")
    os.symlink("file", "link")
    os.mkfifo("fifo")
    fails(errno.EPERM, os.setxattr, "link", "user.one", b"value", 0, follow_symlinks=False)
    fails(errno.EPERM, os.setxattr, "fifo", "user.one", b"value")
    fails(errno.ENODATA, os.getxattr, "link", "user.one", follow_symlinks=False)


@case(ROOT, "host-root", "xattr")
def symbolic_links_and_special_files_have_attributes():
    os.symlink("missing", "link")
    os.mkfifo("fifo")
    for name in "link", "fifo":
        os.setxattr(name, "trusted.one", b"value", follow_symlinks=False)
        equal(os.getxattr(name, "trusted.one", follow_symlinks=False), b"value")
        equal(listed(name, follow=False), ["trusted.one"])
        os.removexattr(name, "trusted.one", follow_symlinks=False)
        equal(listed(name, follow=False), [])
    fails(errno.ENOENT, os.getxattr, "link", "trusted.one")


@case(ROOT, "host-root", "xattr")
def users_see_and_set_what_is_theirs():
    put("file", b"", 0o644)
    os.setxattr("file", "user.one", b"value")
    os.setxattr("file", "trusted.one", b"value")

    def use():
        equal(os.getxattr("file", "user.one"), b"value")
        fails(errno.EACCES, os.setxattr, "file", "user.one", b"other")
        fails(errno.ENODATA, os.getxattr, "file", "trusted.one")
        fails(errno.EPERM, os.setxattr, "file", "trusted.one", b"other")
        fails(errno.EPERM, os.setxattr, "file", "security.other", b"other")

    as_user(1000, 1000, [], use)


@case(ROOT, "host-root", "xattr")
def a_capability_is_lost_by_a_write():
    # struct vfs_cap_data, revision 2: cap_net_raw permitted.
    capability = struct.pack("<5I", 0x02000000, 1 << 13, 0, 0, 0)
    put("program", b"content", 0o777)
    os.chmod("program", 0o777)
    os.setxattr("program", "security.capability", capability)
    equal(os.getxattr("program", "security.capability"), capability)
    as_user(1000, 1000, [], put, "program", b"other")
    fails(errno.ENODATA, os.getxattr, "program", "security.capability")


@case("xattr")
def attributes_move_with_their_file():
    put("file")
    os.setxattr("file", "user.one", b"value")
    before = os.stat("file").st_mtime_ns
    os.rename("file", "moved")
    os.link("moved", "linked")
    equal(os.getxattr("linked", "user.one"), b"value")
    equal(os.stat("linked").st_mtime_ns, before, "mtime")
    put("file")
    equal(listed("file"), [])


@case(without=("xattr",))
def attributes_that_the_server_does_not_have_are_EOPNOTSUPP():
    put("file")
    fails(errno.EOPNOTSUPP, os.setxattr, "file", "user.one", b"value")
    fails(errno.EOPNOTSUPP, os.getxattr, "file", "user.one")
    fails(errno.EOPNOTSUPP, os.removexattr, "file", "user.one")
    note(outcome(calls.truncate, "file", 10))
