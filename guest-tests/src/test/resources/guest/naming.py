"""Names: directories, links, renames, special files, odd and long names."""

import errno
import os
import stat

import calls
from cases import ROOT, case, check, equal, fails, note, outcome
from opening import get, mode_of, put


@case()
def directories_are_made_and_removed():
    os.mkdir("folder", 0o750)
    equal(mode_of("folder"), 0o750)
    fails(errno.EEXIST, os.mkdir, "folder")
    put("folder/file")
    fails(errno.ENOTEMPTY, os.rmdir, "folder")
    fails(errno.ENOTDIR, os.rmdir, "folder/file")
    fails(errno.EINVAL, os.rmdir, "folder/.")
    fails(errno.ENOTEMPTY, os.rmdir, "folder/..")
    fails(errno.ENOENT, os.mkdir, "missing/deeper")
    fails(errno.ENOTDIR, os.mkdir, "folder/file/deeper")
    os.unlink("folder/file")
    os.rmdir("folder")
    fails(errno.ENOENT, os.rmdir, "folder")


@case()
def a_directory_counts_its_directories():
    counts = [os.stat(".").st_nlink]
    os.mkdir("one")
    os.mkdir("two")
    put("file")
    counts.append(os.stat(".").st_nlink)
    os.rmdir("one")
    counts.append(os.stat(".").st_nlink)
    os.rename("two", "three")
    counts.append(os.stat(".").st_nlink)
    note(counts)


@case()
def files_are_unlinked():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    fails(errno.EISDIR, os.unlink, "folder")
    fails(errno.ENOENT, os.unlink, "missing")
    fails(errno.ENOTDIR, os.unlink, "file/")
    os.unlink("link")
    check(os.path.exists("file"), "the target was removed")
    os.unlink("file")
    equal(os.listdir("."), ["folder"])


@case()
def a_rename_moves_and_replaces():
    put("a", b"content of a")
    put("b", b"content of b")
    os.mkdir("folder")
    number = os.stat("a").st_ino
    os.rename("a", "b")
    equal(get("b"), b"content of a")
    equal(os.stat("b").st_ino, number, "inode number")
    os.rename("b", "folder/c")
    equal((os.listdir("."), get("folder/c")), (["folder"], b"content of a"))
    os.mkdir("empty")
    os.rename("folder", "empty")
    equal((os.listdir("."), os.listdir("empty")), (["empty"], ["c"]))


@case()
def a_rename_of_a_hard_link_over_the_other_does_nothing():
    put("a", b"content")
    os.link("a", "b")
    os.rename("a", "b")
    equal(sorted(os.listdir(".")), ["a", "b"])
    equal(os.stat("a").st_nlink, 2, "nlink")


@case()
def impossible_renames_are_refused():
    put("file")
    os.makedirs("folder/deeper")
    os.mkdir("other")
    put("other/file")
    fails(errno.ENOENT, os.rename, "missing", "new")
    fails(errno.ENOENT, os.rename, "file", "missing/new")
    fails(errno.ENOTDIR, os.rename, "folder", "file")
    fails(errno.EISDIR, os.rename, "file", "folder")
    fails(errno.ENOTEMPTY, os.rename, "folder", "other")
    fails(errno.EINVAL, os.rename, "folder", "folder/deeper/new")
    fails(errno.ENOTEMPTY, os.rename, "folder/deeper", "folder")
    fails(errno.EBUSY, os.rename, "folder/.", "new")
    equal(sorted(os.listdir(".")), ["file", "folder", "other"])


@case()
def a_moved_directory_knows_its_new_parent():
    os.makedirs("a/inner")
    os.mkdir("b")
    os.chdir("a/inner")
    os.rename("../../a/inner", "../../b/moved")
    equal(os.stat("..").st_ino, os.stat("../../b").st_ino, "inode number of ..")
    check(os.getcwd().endswith("/b/moved"), f"the working folder is {os.getcwd()}")
    put("file", b"content")
    equal(get("../../b/moved/file"), b"content")


@case()
def a_rename_that_must_not_replace_does_not():
    put("a", b"a")
    put("b", b"b")
    fails(errno.EEXIST, calls.renameat2, "a", "b", calls.RENAME_NOREPLACE)
    calls.renameat2("a", "c", calls.RENAME_NOREPLACE)
    equal((get("b"), get("c")), (b"b", b"a"))


@case()
def two_names_are_exchanged():
    put("file", b"content")
    os.makedirs("folder/inner")
    calls.renameat2("file", "folder", calls.RENAME_EXCHANGE)
    equal(get("folder"), b"content")
    equal(os.listdir("file"), ["inner"])
    fails(errno.ENOENT, calls.renameat2, "file", "missing", calls.RENAME_EXCHANGE)
    fails(errno.EINVAL, calls.renameat2, "file", "folder", calls.RENAME_EXCHANGE | calls.RENAME_NOREPLACE)
    put("file/inner/deep", b"deep")
    calls.renameat2("file/inner/deep", "folder", calls.RENAME_EXCHANGE)
    equal((get("folder"), get("file/inner/deep")), (b"deep", b"content"))


@case(ROOT)
def a_rename_leaves_a_whiteout():
    put("file", b"content")
    calls.renameat2("file", "moved", calls.RENAME_WHITEOUT)
    equal(get("moved"), b"content")
    status = os.lstat("file")
    check(stat.S_ISCHR(status.st_mode), "no character device is left")
    equal(status.st_rdev, 0, "rdev")


@case()
def hard_links_are_one_file():
    put("a", b"content")
    os.link("a", "b")
    os.mkdir("folder")
    os.link("b", "folder/c")
    equal({os.stat(name).st_ino for name in ("a", "b", "folder/c")}, {os.stat("a").st_ino}, "inode numbers")
    equal(os.stat("a").st_nlink, 3, "nlink")
    fd = os.open("b", os.O_WRONLY)
    os.pwrite(fd, b"CON", 0)
    os.fchmod(fd, 0o600)
    equal((get("a"), get("folder/c"), mode_of("folder/c")), (b"CONtent", b"CONtent", 0o600))
    os.unlink("a")
    equal((os.stat("b").st_nlink, os.fstat(fd).st_nlink), (2, 2), "nlink")
    fails(errno.EEXIST, os.link, "b", "folder/c")
    fails(errno.EPERM, os.link, "folder", "linked")
    fails(errno.ENOENT, os.link, "missing", "linked")


@case()
def a_symbolic_link_itself_gets_a_hard_link():
    os.symlink("target", "link")
    calls.linkat(calls.AT_FDCWD, "link", "other", 0)
    equal(os.readlink("other"), "target")
    equal(os.lstat("link").st_nlink, 2, "nlink")
    put("target", b"content")
    calls.linkat(calls.AT_FDCWD, "link", "followed", calls.AT_SYMLINK_FOLLOW)
    check(not os.path.islink("followed"), "the link was not followed")


@case()
def special_files_get_hard_links():
    os.mkfifo("fifo")
    os.link("fifo", "other")
    equal(os.lstat("other").st_nlink, 2, "nlink")
    os.unlink("fifo")
    check(stat.S_ISFIFO(os.lstat("other").st_mode), "not a FIFO")


@case()
def symbolic_links_keep_their_targets():
    for target in ("a", "../up", "/absolute/path", "with space\nand line", "x" * 255, "y/" * 2047 + "z"):
        os.symlink(target, "link")
        equal(os.readlink("link"), target)
        equal(os.lstat("link").st_size, len(target), "size")
        check(stat.S_ISLNK(os.lstat("link").st_mode), "not a link")
        os.unlink("link")
    os.symlink(b"\xff\xfe", b"link")
    equal(os.readlink(b"link"), b"\xff\xfe")
    fails(errno.EEXIST, os.symlink, "other", "link")
    fails(errno.ENOENT, os.symlink, "", "empty")
    fails(errno.ENAMETOOLONG, os.symlink, "x" * 4096, "long")
    put("file")
    fails(errno.EINVAL, os.readlink, "file")
    fails(errno.ENOENT, os.readlink, "missing")


@case()
def symbolic_links_are_followed_by_the_guest():
    os.makedirs("folder/deep")
    put("folder/deep/file", b"content")
    os.symlink("folder/deep", "short")
    os.symlink(os.path.abspath("folder"), "absolute")
    equal(get("short/file"), b"content")
    equal(get("absolute/deep/../../short/file"), b"content")
    os.symlink("two", "one")
    os.symlink("one", "two")
    fails(errno.ELOOP, os.stat, "one")
    fails(errno.ELOOP, os.open, "two", os.O_RDONLY)
    os.symlink("missing", "dangling")
    fails(errno.ENOENT, os.stat, "dangling")
    put("dangling", b"made through the link")
    equal(get("missing"), b"made through the link")


@case()
def special_files_have_their_kinds_and_modes():
    os.mkfifo("fifo", 0o640)
    os.mknod("socket", stat.S_IFSOCK | 0o600)
    os.mknod("plain", stat.S_IFREG | 0o604)
    os.mknod("default", 0o604)
    for name, kind, mode in (("fifo", stat.S_IFIFO, 0o640), ("socket", stat.S_IFSOCK, 0o600),
                             ("plain", stat.S_IFREG, 0o604), ("default", stat.S_IFREG, 0o604)):
        equal(os.lstat(name).st_mode, kind | mode, f"mode of {name}")
        fails(errno.EEXIST, os.mknod, name, 0o600 | kind)
    equal({entry.name: entry.inode() for entry in os.scandir(".")},
          {name: os.lstat(name).st_ino for name in os.listdir(".")}, "inode numbers of the listing")


@case()
def names_of_255_bytes_are_the_longest():
    longest, longer = "n" * 255, "n" * 256
    put(longest, b"content")
    equal((get(longest), os.listdir(".")), (b"content", [longest]))
    os.mkdir("d" * 255)
    os.symlink("x", "s" * 255)
    os.rename(longest, "m" * 255)
    for call in (os.stat, os.mkdir, os.unlink, os.rmdir, os.readlink, lambda name: os.symlink("x", name),
                 lambda name: os.rename("m" * 255, name), lambda name: os.link("m" * 255, name),
                 lambda name: os.open(name, os.O_CREAT | os.O_RDWR), lambda name: os.mknod(name, 0o600)):
        fails(errno.ENAMETOOLONG, call, longer)
    fails(errno.ENAMETOOLONG, os.stat, "a/" * 2100)
    put("é" * 127)
    equal(get("é" * 127), b"")
    fails(errno.ENAMETOOLONG, os.stat, "é" * 128)


@case()
def any_bytes_make_a_name():
    names = [b"\xff\xfe\x80", b"line\nbreak", b" ", b"...", b"-rf", b"tab\there", b'"quotes\'', b"back\\slash", b"*?[]",
             b"\x01\x7f", "umlaut-äöü".encode(), "e\u0301".encode(), "é".encode(), "家".encode(), b"%s%n", b"~", b"con", b"CON"]
    for name in names:
        put(name, name)
    equal(sorted(os.listdir(b".")), sorted(names))
    for name in names:
        equal(get(name), name)
        os.rename(name, name + b"2")
        os.unlink(name + b"2")
    equal(os.listdir("."), [])


@case()
def paths_are_resolved_by_components():
    os.makedirs("a/b")
    put("a/file", b"content")
    equal(get("./a/b/.././/b/../file"), b"content")
    fails(errno.ENOTDIR, os.stat, "a/file/..")
    fails(errno.ENOTDIR, os.stat, "a/file/x")
    fails(errno.ENOTDIR, os.stat, "a/file/")
    fails(errno.ENOENT, os.stat, "a/missing/..")
    fails(errno.ENOENT, os.stat, "")
    equal(os.stat("a/b/").st_ino, os.stat("a/b").st_ino, "inode number")


@case()
def deep_trees_are_walked():
    start = os.getcwd()
    for i in range(150):
        os.mkdir(f"level{i}")
        os.chdir(f"level{i}")
    put("bottom", b"content")
    check(os.getcwd() == start + "".join(f"/level{i}" for i in range(150)), "the working folder is wrong")
    os.chdir(start)
    os.rename("level0", "top")
    equal(get("top" + "".join(f"/level{i}" for i in range(1, 150)) + "/bottom"), b"content")
    count = sum(len(folders) + len(files) for _, folders, files in os.walk("."))
    equal(count, 151, "entries")


@case()
def times_of_a_directory_follow_its_entries():
    os.mkdir("folder")

    def touched(change):
        os.utime("folder", ns=(10**18, 10**18))
        change()
        return os.stat("folder").st_mtime_ns != 10**18

    check(touched(lambda: put("folder/file")), "not after create")
    check(touched(lambda: os.rename("folder/file", "folder/other")), "not after rename")
    check(touched(lambda: os.link("folder/other", "folder/file")), "not after link")
    check(touched(lambda: os.unlink("folder/file")), "not after unlink")
    check(touched(lambda: os.mkdir("folder/deeper")), "not after mkdir")
    check(not touched(lambda: put("folder/other", b"more")), "after a write to a file in it")
    note(outcome(os.rmdir, "folder/deeper"))
