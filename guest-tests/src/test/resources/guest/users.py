"""Other users: what they may, and what becomes theirs. The guest's root acts for them, so these cases need it."""

import errno
import mmap
import os
import stat

import calls
from cases import ROOT, as_user, case, check, equal, fails, finish, in_child, note, start_child
from opening import get, mode_of, put

ALICE, BOB, FRIENDS, TEAM = 1000, 1001, 2000, 2001


def owner(path):
    status = os.lstat(path)
    return status.st_uid, status.st_gid


def create_all_kinds(prefix=""):
    put(prefix + "file")
    os.mkdir(prefix + "folder")
    os.symlink("target", prefix + "link")
    os.mkfifo(prefix + "fifo")
    os.mknod(prefix + "socket", stat.S_IFSOCK | 0o644)


KINDS = ("file", "folder", "link", "fifo", "socket")


@case(ROOT)
def what_is_not_allowed_is_EACCES():
    put("secret", b"secret", 0o600)
    put("readable", b"public", 0o644)
    os.mkdir("closed", 0o700)
    put("closed/file")
    os.mkdir("listed", 0o744)
    put("listed/file")

    def try_all():
        fails(errno.EACCES, os.open, "secret", os.O_RDONLY)
        equal(get("readable"), b"public")
        fails(errno.EACCES, os.open, "readable", os.O_WRONLY)
        fails(errno.EACCES, os.open, "readable", os.O_RDONLY | os.O_TRUNC)
        fails(errno.EACCES, calls.truncate, "readable", 0)
        fails(errno.EACCES, os.stat, "closed/file")
        fails(errno.EACCES, os.listdir, "closed")
        equal(os.listdir("listed"), ["file"])
        fails(errno.EACCES, os.stat, "listed/file")
        fails(errno.EACCES, put, "new")
        fails(errno.EACCES, os.mkdir, "new")
        fails(errno.EACCES, os.symlink, "x", "new")
        fails(errno.EACCES, os.mkfifo, "new")
        fails(errno.EACCES, os.unlink, "readable")
        fails(errno.EACCES, os.rmdir, "closed")
        fails(errno.EACCES, os.rename, "readable", "new")
        fails(errno.EACCES, os.execv, "readable", ["readable"])
        check(not os.access("secret", os.R_OK) and os.access("readable", os.R_OK), "access(2) is wrong")

    as_user(ALICE, ALICE, [], try_all)


@case(ROOT)
def what_only_owners_may_is_EPERM():
    put("file", b"content")
    os.chmod("file", 0o666)
    put("own")
    os.chown("own", ALICE, ALICE)

    def try_all():
        fails(errno.EPERM, os.chmod, "file", 0o777)
        fails(errno.EPERM, os.chown, "file", ALICE, -1)
        fails(errno.EPERM, os.utime, "file", ns=(1, 1))
        os.utime("file")  # now: whoever may write
        fails(errno.EPERM, os.open, "file", os.O_RDONLY | os.O_NOATIME)
        fails(errno.EPERM, os.chown, "own", BOB, -1)
        fails(errno.EPERM, os.chown, "own", -1, TEAM)
        os.chown("own", -1, FRIENDS)
        os.chmod("own", 0o600)
        fails(errno.EPERM, os.mknod, "/dev/shm/oriel-device", stat.S_IFCHR | 0o600, os.makedev(1, 3))

    as_user(ALICE, ALICE, [FRIENDS], try_all)
    equal(owner("own"), (ALICE, FRIENDS))


@case(ROOT)
def what_a_user_makes_is_his():
    os.chmod(".", 0o777)
    as_user(ALICE, FRIENDS, [], create_all_kinds)
    for name in KINDS:
        equal(owner(name), (ALICE, FRIENDS), f"owner of {name}")


@case(ROOT, "tmpfile")
def a_nameless_file_is_its_user_s():
    os.chmod(".", 0o777)

    def make():
        fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600)
        calls.linkat(calls.AT_FDCWD, f"/proc/self/fd/{fd}", "named", calls.AT_SYMLINK_FOLLOW)

    as_user(ALICE, FRIENDS, [], make)
    equal(owner("named"), (ALICE, FRIENDS))


@case(ROOT)
def supplementary_groups_open_directories():
    os.mkdir("shared", 0o770)
    os.chown("shared", BOB, TEAM)
    os.chmod("shared", 0o770)
    put("file", b"content", 0o640)
    os.chown("file", BOB, TEAM)

    def use():
        create_all_kinds("shared/")
        os.link("shared/file", "shared/linked")
        os.rename("shared/linked", "shared/renamed")
        os.unlink("shared/renamed")
        os.mkdir("shared/more")
        os.rmdir("shared/more")
        equal(get("file"), b"content")

    as_user(ALICE, ALICE, [FRIENDS, TEAM], use)
    for name in KINDS:
        equal(owner("shared/" + name), (ALICE, ALICE), f"owner of {name}")
    as_user(ALICE, ALICE, [FRIENDS], lambda: fails(errno.EACCES, put, "shared/new"))


@case(ROOT)
def a_setgid_directory_hands_its_group_down():
    os.mkdir("shared")
    os.chown("shared", -1, TEAM)
    os.chmod("shared", 0o2777)
    as_user(ALICE, ALICE, [], create_all_kinds, "shared/")
    for name in KINDS:
        equal(owner("shared/" + name), (ALICE, TEAM), f"owner of {name}")
    equal(mode_of("shared/folder"), 0o2755)

    def with_setgid():
        os.umask(0)
        os.close(os.open("shared/stranger", os.O_CREAT | os.O_WRONLY, 0o2755))
        os.mknod("shared/node", stat.S_IFREG | 0o2755)

    as_user(ALICE, ALICE, [], with_setgid)
    equal((mode_of("shared/stranger"), mode_of("shared/node")), (0o755, 0o755), "modes made by a stranger to the group")


@case(ROOT)
def a_sticky_directory_protects_the_files_of_others():
    os.mkdir("public")
    os.chmod("public", 0o1777)

    def make():
        put("public/file")
        os.mkdir("public/folder")

    as_user(ALICE, ALICE, [], make)

    def meddle():
        fails(errno.EPERM, os.unlink, "public/file")
        fails(errno.EPERM, os.rmdir, "public/folder")
        fails(errno.EPERM, os.rename, "public/file", "public/mine")
        put("public/own")
        fails(errno.EPERM, os.rename, "public/own", "public/file")
        os.unlink("public/own")

    as_user(BOB, BOB, [], meddle)
    as_user(ALICE, ALICE, [], lambda: (os.unlink("public/file"), os.rmdir("public/folder")))


@case(ROOT)
def the_umask_binds_every_kind_of_creation():
    os.chmod(".", 0o777)

    def make(umask):
        os.umask(umask)
        place = f"{umask:o}"
        os.close(os.open(place + "file", os.O_CREAT | os.O_WRONLY, 0o666))
        os.mkdir(place + "folder", 0o777)
        os.mkfifo(place + "fifo", 0o666)
        os.mknod(place + "node", stat.S_IFREG | 0o666)

    for umask in (0, 0o022, 0o077, 0o027):
        as_user(ALICE, ALICE, [], make, umask)
        modes = [mode_of(f"{umask:o}{kind}") for kind in ("file", "folder", "fifo", "node")]
        equal(modes, [mode & ~umask for mode in (0o666, 0o777, 0o666, 0o666)], f"modes with umask {umask:o}")


@case(ROOT)
def who_changes_a_file_of_another_takes_its_privileges_away():
    def write(fd):
        os.pwrite(fd, b"x", 0)

    def direct(_):
        os.pwritev(os.open("program", os.O_WRONLY | os.O_DIRECT), [mmap.mmap(-1, 4096)], 0)

    ways = {
        "write": write,
        "truncate": lambda _: calls.truncate("program", 1),
        "ftruncate": lambda fd: os.ftruncate(fd, 1),
        "allocate": lambda fd: calls.fallocate(fd, 0, 0, 10_000),
        "copy": lambda fd: os.copy_file_range(os.open("source", os.O_RDONLY), fd, 100),
        "direct": direct,
    }
    put("source", b"content")
    results = []
    for mode in (0o6777, 0o4777, 0o2777):  # set-group-ID without group execution, no privilege, FUSE lets stay
        for name, change in ways.items():
            for who in (ALICE, 0):
                if who == 0 and name in ("allocate", "copy"):
                    continue  # with killpriv-v2 the server is not told that root asks, and rather takes too much away
                put("program", b"content")
                os.chmod("program", mode)

                def act():
                    fd = os.open("program", os.O_RDWR)
                    change(fd)

                as_user(who, who, [], act)
                fd = os.open("program", os.O_RDONLY)
                os.fsync(fd)
                os.close(fd)
                results.append(f"{mode:o} {name} by {who}: {mode_of('program'):o}")
                os.unlink("program")
    for result in results:
        if "by 1000" in result and result.startswith(("6777", "4777")):
            check(not int(result.rsplit(" ", 1)[1], 8) & 0o4000, f"a file keeps its privilege: {result}")
    note("; ".join(results))


@case(ROOT, "killpriv")
def truncation_at_open_takes_privileges_away():
    put("program", b"content")
    os.chmod("program", 0o6777)
    as_user(ALICE, ALICE, [], lambda: os.close(os.open("program", os.O_WRONLY | os.O_TRUNC)))
    equal(mode_of("program"), 0o777)


@case(ROOT)
def an_owner_who_loses_the_group_loses_setgid():
    put("file")
    os.chown("file", ALICE, TEAM)
    as_user(ALICE, ALICE, [], os.chmod, "file", 0o2755)
    equal(mode_of("file"), 0o755, "mode set by an owner outside of the group")
    as_user(ALICE, ALICE, [TEAM], os.chmod, "file", 0o2755)
    equal(mode_of("file"), 0o2755, "mode set by an owner in the group")


@case(ROOT)
def root_is_not_stopped():
    put("secret", b"content", 0)
    os.mkdir("closed", 0)
    put("closed/file", b"content", 0)
    os.chown("closed", BOB, BOB)
    equal((get("secret"), get("closed/file")), (b"content", b"content"))
    os.unlink("closed/file")


@case(ROOT)
def ids_do_not_leak_from_one_request_to_the_next():
    os.chmod(".", 0o777)

    def many(who):
        for i in range(200):
            put(f"{who}-{i}")
            os.mkdir(f"{who}-{i}d")

    def become(who):
        os.setgroups([])
        os.setresgid(who, who, who)
        os.setresuid(who, who, who)
        many(who)

    children = [start_child(become, who) for who in (ALICE, BOB, 3)]
    many(0)
    for child in children:
        finish(child)
    for name in os.listdir("."):
        who = int(name.split("-")[0])
        equal(owner(name), (who, who), f"owner of {name}")
    in_child(put, "late")
    equal(owner("late"), (0, 0))
