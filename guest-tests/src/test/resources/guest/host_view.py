"""What one side does to a share, the other side sees. See meeting.py."""

import errno
import fcntl
import mmap
import os
import shutil
import time

import calls
from cases import check, equal, eventually, fails, finish, start_child
from meeting import main, pair
from opening import get, put

SEEN_WITHIN = 10  # the guest may cache names and attributes for a second


def file_of(meet):
    """The case's file, made by the host."""
    if meet.host:
        put("file", b"content")
        meet.say("file")
    meet.hear("file")
    return os.open("file", os.O_RDWR)


POSIX = ("POSIX lock", lambda fd: calls.set_lock(fd, fcntl.F_SETLK, fcntl.F_WRLCK, 10, 10),
         lambda fd: calls.set_lock(fd, fcntl.F_SETLKW, fcntl.F_WRLCK, 10, 10),
         lambda fd: calls.set_lock(fd, fcntl.F_SETLK, fcntl.F_UNLCK))
OFD = ("description lock", lambda fd: calls.set_lock(fd, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 10, 10),
       lambda fd: calls.set_lock(fd, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, 10, 10),
       lambda fd: calls.set_lock(fd, fcntl.F_OFD_SETLK, fcntl.F_UNLCK))
FLOCK = ("flock", lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB), lambda fd: fcntl.flock(fd, fcntl.LOCK_EX),
         lambda fd: fcntl.flock(fd, fcntl.LOCK_UN))


def contend(meet, kind, holder_is_host):
    """One side holds the lock, the other is kept out, waits for it while it does other things, and gets it."""
    _, take, wait, drop = kind
    fd = file_of(meet)
    if meet.host == holder_is_host:
        take(fd)
        meet.say("held")
        meet.hear("waiting")
        meet.hear("worked")
        time.sleep(0.2)  # it could get in by mistake
        check(not os.path.exists("got-in"), "the other side got in")
        drop(fd)
        meet.hear("done")
        return
    meet.hear("held")
    fails(errno.EAGAIN, take, fd)

    def wait_for_it():
        own = os.open("file", os.O_RDWR)
        wait(own)
        put("got-in")

    child = start_child(wait_for_it)
    meet.say("waiting")
    for i in range(50):
        put(f"work{i}", b"work")
        equal(get(f"work{i}"), b"work")
    meet.say("worked")
    finish(child)
    check(os.path.exists("got-in"), "the lock was not taken")
    take(fd)
    drop(fd)
    meet.say("done")


@pair()
def a_posix_lock_of_the_host_keeps_the_guest_waiting(meet):
    contend(meet, POSIX, True)


@pair()
def a_posix_lock_of_the_guest_keeps_the_host_waiting(meet):
    contend(meet, POSIX, False)


@pair()
def a_description_lock_of_the_host_keeps_the_guest_waiting(meet):
    contend(meet, OFD, True)


@pair()
def a_description_lock_of_the_guest_keeps_the_host_waiting(meet):
    contend(meet, OFD, False)


@pair()
def a_flock_of_the_host_keeps_the_guest_waiting(meet):
    contend(meet, FLOCK, True)


@pair()
def a_flock_of_the_guest_keeps_the_host_waiting(meet):
    contend(meet, FLOCK, False)


@pair()
def the_guest_is_told_which_range_the_host_holds(meet):
    fd = file_of(meet)
    if meet.host:
        calls.set_lock(fd, fcntl.F_SETLK, fcntl.F_RDLCK, 100, 50)
        meet.say("held")
        meet.hear("done")
    else:
        meet.hear("held")
        kind, start, length, _ = calls.get_lock(fd, fcntl.F_WRLCK, 0, 0)
        equal((kind, start, length), (fcntl.F_RDLCK, 100, 50))
        equal(calls.get_lock(fd, fcntl.F_RDLCK, 0, 0)[0], fcntl.F_UNLCK)
        meet.say("done")


@pair()
def locks_of_the_guest_are_dropped_by_close_and_by_death(meet):
    fd = file_of(meet)
    if meet.host:
        for round_, kind in (("posix", POSIX), ("flock", FLOCK), ("description", OFD), ("killed", POSIX)):
            meet.hear(round_ + "-held")
            fails(errno.EAGAIN, kind[1], fd)
            meet.say(round_ + "-seen")
            meet.hear(round_ + "-dropped")
            eventually(lambda kind=kind: not refused(kind[1], fd), "the lock is dropped")
            kind[3](fd)
    else:
        os.close(fd)
        for round_, kind in (("posix", POSIX), ("flock", FLOCK), ("description", OFD)):
            own = os.open("file", os.O_RDWR)
            kind[1](own)
            meet.say(round_ + "-held")
            meet.hear(round_ + "-seen")
            os.close(own)
            meet.say(round_ + "-dropped")

        def hold():
            POSIX[1](os.open("file", os.O_RDWR))
            meet.say("killed-held")
            time.sleep(1000)

        pid, reading = start_child(hold)
        meet.hear("killed-seen")
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(reading)
        meet.say("killed-dropped")


def refused(function, *arguments):
    try:
        function(*arguments)
        return False
    except OSError as e:
        equal(e.errno, errno.EAGAIN, "errno")
        return True


@pair("fresh")
def what_the_host_changes_the_guest_sees(meet):
    if meet.host:
        put("file", b"before")
        put("removed", b"")
        put("moved", b"moved")
        os.mkdir("folder")
        meet.say("ready")
        meet.hear("known")
        with open("file", "ab") as file:
            file.write(b", and after")
        os.chmod("file", 0o600)
        os.unlink("removed")
        os.rename("moved", "folder/here")
        os.mkdir("new")
        put("new/file", b"new")
        os.symlink("new/file", "link")
        meet.say("changed")
        meet.hear("seen")
        os.truncate("file", 3)
        put("replacement", b"replaced by rename")
        os.rename("replacement", "folder/here")
        meet.say("changed-again")
        meet.hear("done")
        return
    meet.hear("ready")
    equal((get("file"), get("moved"), get("removed")), (b"before", b"moved", b""))
    equal(sorted(os.listdir(".")), ["file", "folder", "moved", "removed"])
    meet.say("known")
    meet.hear("changed")
    eventually(lambda: get("file") == b"before, and after", "the appended content", SEEN_WITHIN)
    eventually(lambda: os.stat("file").st_mode & 0o777 == 0o600, "the mode", SEEN_WITHIN)
    eventually(lambda: not os.path.exists("removed"), "the removal", SEEN_WITHIN)
    eventually(lambda: not os.path.exists("moved"), "the move", SEEN_WITHIN)
    equal(get("folder/here"), b"moved")
    equal(get("link"), b"new")
    eventually(lambda: sorted(os.listdir(".")) == ["file", "folder", "link", "new"], "the listing", SEEN_WITHIN)
    meet.say("seen")
    meet.hear("changed-again")
    eventually(lambda: get("file") == b"bef", "the truncation", SEEN_WITHIN)
    eventually(lambda: get("folder/here") == b"replaced by rename", "the replacement", SEEN_WITHIN)
    meet.say("done")


@pair("through")
def what_the_guest_writes_the_host_sees_at_once(meet):
    if meet.host:
        meet.hear("written")
        equal(get("file"), b"first, second")
        equal(os.stat("folder").st_mode & 0o7777, 0o751)
        equal(os.readlink("link"), "target")
        meet.say("seen")
        meet.hear("changed")
        equal((get("moved"), os.path.exists("file")), (b"fir", False))
    else:
        fd = os.open("file", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, b"first")
        os.write(fd, b", second")  # it stays open
        os.mkdir("folder", 0o751)
        os.symlink("target", "link")
        meet.say("written")
        meet.hear("seen")
        os.ftruncate(fd, 3)
        os.rename("file", "moved")
        meet.say("changed")


@pair()
def what_the_guest_synchronises_the_host_sees(meet):
    if meet.host:
        meet.hear("synchronised")
        equal(get("file"), b"content" * 1000)
        equal(get("synced"), b"content")
    else:
        fd = os.open("file", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, b"content" * 1000)
        os.fsync(fd)
        put("synced", b"content")
        calls.syncfs(fd)
        meet.say("synchronised")


@pair("mmap")
def what_the_guest_writes_in_a_map_the_host_sees_after_msync(meet):
    fd = file_of(meet)
    if meet.host:
        meet.hear("flushed")
        equal(os.pread(fd, 7, 0), b"CONTENT")
        meet.say("seen")
    else:
        with mmap.mmap(fd, 7) as view:
            view[:] = b"CONTENT"
            view.flush()
            meet.say("flushed")
            meet.hear("seen")


@pair()
def the_guest_keeps_reading_what_the_host_removed(meet):
    fd = file_of(meet)
    if meet.host:
        meet.hear("opened")
        os.unlink("file")
        put("replaced", b"replaced")
        put("replaced.new", b"new")
        os.rename("replaced.new", "replaced")
        meet.say("removed")
        meet.hear("done")
    else:
        equal(os.read(fd, 3), b"con")
        meet.say("opened")
        meet.hear("removed")
        equal(os.pread(fd, 100, 0), b"content")
        os.pwrite(fd, b"C", 0)
        equal(os.pread(fd, 100, 0), b"Content")
        eventually(lambda: refuses(errno.ENOENT, os.stat, "file"), "the removal", SEEN_WITHIN)
        meet.say("done")


def refuses(number, function, *arguments):
    try:
        function(*arguments)
        return False
    except OSError as e:
        return e.errno == number


@pair()
def a_directory_that_the_host_removed_is_gone_and_nothing_hangs(meet):
    if meet.host:
        os.makedirs("folder/deeper")
        put("folder/deeper/file", b"content")
        meet.say("ready")
        meet.hear("inside")
        shutil.rmtree("folder")
        meet.say("removed")
        meet.hear("done")
    else:
        meet.hear("ready")
        here = os.getcwd()
        os.chdir("folder/deeper")
        fd = os.open("file", os.O_RDONLY)
        meet.say("inside")
        meet.hear("removed")
        gone = (errno.ENOENT, errno.ESTALE)
        eventually(lambda: any(refuses(number, os.open, "new", os.O_CREAT | os.O_WRONLY) for number in gone),
                   "no file is created")
        equal(os.read(fd, 100), b"content")
        os.chdir(here)
        eventually(lambda: refuses(errno.ENOENT, os.stat, "folder"), "the removal", SEEN_WITHIN)
        meet.say("done")


@pair()
def links_out_of_the_share_lead_nowhere_on_the_host(meet):
    # A link is text: the guest follows it in its own tree. The host's files outside of the share stay out of reach.
    if meet.host:
        os.symlink("../../../../../../../../../../etc/oriel-host-secret", "relative")
        os.symlink("/proc/1/root", "absolute")
        meet.say("ready")
        meet.hear("done")
    else:
        meet.hear("ready")
        equal(os.readlink("relative"), "../../../../../../../../../../etc/oriel-host-secret")
        fails(errno.ENOENT, os.stat, "relative")
        equal(os.readlink("absolute"), "/proc/1/root")
        meet.say("done")


@pair()
def special_files_of_the_host_are_the_guest_s_own(meet):
    # Opening the host's FIFO must not make the server wait for the host's other end.
    if meet.host:
        os.mkfifo("fifo")
        meet.say("ready")
        meet.hear("done", 60)
    else:
        meet.hear("ready")
        fd = os.open("fifo", os.O_RDWR | os.O_NONBLOCK)
        os.write(fd, b"to myself")
        equal(os.read(fd, 100), b"to myself")
        meet.say("done")


if __name__ == "__main__":
    main()
