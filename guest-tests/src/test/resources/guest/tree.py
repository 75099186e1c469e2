"""A tree of all sorts of files: written, and shown in lines that guest and host must agree on.

    tree.py write FOLDER [xattr] [acl] [own]   write it; own: even root gives no file away and makes no device
    tree.py show FOLDER [xattr] [acl] [own]    print a line for each file of FOLDER: all that can be known of it
"""

import errno
import hashlib
import os
import stat
import struct
import sys

PIECE = 1 << 20
NAMESPACES = ("user.", "trusted.", "system.", "security.capability")


def escaped(name):
    return "".join(chr(b) if 33 <= b < 127 and b != 37 else f"%{b:02x}" for b in name)


def content_of(path, size):
    """Hash of the content, and where its data lies."""
    digest = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)  # so that delayed allocation does not hide data
        extents, at = [], 0
        while at < size:
            try:
                start = os.lseek(fd, at, os.SEEK_DATA)
            except OSError as e:
                if e.errno != errno.ENXIO:
                    raise
                break
            at = os.lseek(fd, start, os.SEEK_HOLE)
            extents.append(f"{start}+{at - start}")
        os.lseek(fd, 0, os.SEEK_SET)
        while piece := os.read(fd, PIECE):
            digest.update(piece)
    finally:
        os.close(fd)
    return f"{digest.hexdigest()[:24]} data={','.join(extents)}"


def attributes_of(path, namespaces):
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e.errno))
    return ",".join(
        f"{name}={os.getxattr(path, name, follow_symlinks=False).hex()}" for name in names if name.startswith(namespaces)
    )


def lines_of(root, portable=False, xattrs=False, leave_out=()):
    """One line for each file, sorted. Portable: only what does not depend on time, user and file system."""
    root = os.fsencode(root)
    groups, found = {}, []

    def visit(path):
        status = os.lstat(path)
        name = escaped(os.path.relpath(path, root))
        mode = status.st_mode
        parts = [name, f"{mode:o}"]
        if not portable:
            parts += [f"{status.st_uid}:{status.st_gid}", f"mtime={status.st_mtime_ns}", f"links={status.st_nlink}",
                      f"rdev={status.st_rdev}"]
            if not stat.S_ISDIR(mode):
                parts.append(f"size={status.st_size}")
        if not stat.S_ISDIR(mode) and status.st_nlink > 1:
            parts.append("same-as=" + groups.setdefault(status.st_ino, name))
        if stat.S_ISLNK(mode):
            parts.append("to=" + escaped(os.readlink(path)))
        elif stat.S_ISREG(mode):
            content = content_of(path, status.st_size)
            parts.append(content.split(" ")[0] if portable else content)
        if xattrs:
            parts.append("xattrs=" + attributes_of(path, NAMESPACES))
        found.append(" ".join(parts))
        if stat.S_ISDIR(mode):
            for entry in sorted(os.listdir(path)):
                if entry not in leave_out:
                    visit(os.path.join(path, entry))

    visit(root)
    return found


def write(folder, xattrs, owners, acls=False):
    """All sorts of files. Device numbers and what is set on files of others need root."""
    os.umask(0o022)
    os.makedirs(folder, exist_ok=True)
    here = os.getcwd()
    os.chdir(folder)
    for i in range(40):
        os.makedirs(f"folder{i % 5}/deeper{i % 3}", exist_ok=True)
        with open(f"folder{i % 5}/deeper{i % 3}/file{i}", "wb") as file:
            file.write(hashlib.shake_256(str(i).encode()).digest(i * i * 37 % 70_000))
        os.chmod(f"folder{i % 5}/deeper{i % 3}/file{i}", 0o600 + i)
    os.makedirs("empty/in/empty")
    with open("sparse", "wb") as file:
        file.seek(3 << 20)
        file.write(b"x" * 65536)
        file.truncate(10 << 20)
    for i in range(5):
        os.link("folder0/deeper0/file0", f"linked{i}")
    os.symlink("sparse", "link")
    os.symlink("nowhere/at\nall", "dangling")
    os.link("link", "linked link")
    os.mkfifo("fifo", 0o640)
    os.mknod("socket", stat.S_IFSOCK | 0o600)
    for name in (b"\xff\xfe", b"line\nbreak", b" ", "umlaut-ä".encode(), b"n" * 255):
        with open(name, "wb") as file:
            file.write(name)
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    os.mkdir("setgid")
    if owners:
        os.mknod("device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        os.mknod("block", stat.S_IFBLK | 0o600, os.makedev(7, 300))
        os.mknod("large-numbers", stat.S_IFBLK | 0o600, os.makedev(0xABC, 0xFEDCB))
        for i, name in enumerate(("sparse", "link", "fifo", "device", "folder1", "setgid")):
            os.lchown(name, 1000 + i, 70_000 + i)
    os.chmod("setgid", 0o2775)
    with open("program", "wb") as file:
        file.write(b"#!/bin/sh\n")
    os.chmod("program", 0o6755)
    if xattrs:
        os.setxattr("sparse", "user.one", b"value")
        os.setxattr("folder1", "user.two", bytes(range(256)))
        if owners:
            os.setxattr("link", "trusted.three", b"of a link", follow_symlinks=False)
    if acls:
        write_lists()
        if owners:
            # struct vfs_cap_data of version 2: cap_net_bind_service and cap_sys_admin, effective; all little endian
            os.setxattr("program", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10 | 1 << 21, 0, 0, 0))
    for i, name in enumerate(("sparse", "link", "folder2", "fifo", "program", "empty")):
        os.utime(name, ns=(1_500_000_000_000_000_000 + i, 1_600_000_000_123_456_789 + i), follow_symlinks=False)
    os.chdir(here)


def write_lists():
    """Access control lists, whose values are little endian on every machine, and a file that inherits one."""

    def acl(*entries):
        return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)

    owner, user, owning_group, group, mask, others, none = 1, 2, 4, 8, 16, 32, 0xFFFFFFFF
    entries = ((owner, 7, none), (user, 5, 70_001), (owning_group, 4, none), (group, 6, 1001), (mask, 7, none), (others, 0, none))
    with open("listed", "wb") as file:
        file.write(b"for some")
    os.setxattr("listed", "system.posix_acl_access", acl(*entries))
    os.mkdir("listed-folder")
    os.setxattr("listed-folder", "system.posix_acl_default", acl(*entries))
    with open("listed-folder/heir", "wb") as file:
        file.write(b"inherits")
    os.mkdir("listed-folder/folder")


def main():
    action, folder, *words = sys.argv[1:]
    if action == "write":
        write(folder, "xattr" in words, os.geteuid() == 0 and "own" not in words, "acl" in words)
        os.sync()
    else:
        for line in lines_of(folder, xattrs="xattr" in words):
            print("tree", line)
    print("tree end", flush=True)


if __name__ == "__main__":
    main()
