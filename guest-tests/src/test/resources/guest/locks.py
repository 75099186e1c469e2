"""Locks between processes of one machine: POSIX, open file description, and flock."""

import errno
import fcntl
import os
import signal
import time

import calls
from cases import case, check, equal, eventually, fails, finish, in_child, start_child
from opening import put


def opened(path="file"):
    if not os.path.exists(path):
        put(path, b"content")
    return os.open(path, os.O_RDWR)


def take(fd, kind=fcntl.F_WRLCK, start=0, length=0):
    calls.set_lock(fd, fcntl.F_SETLK, kind, start, length)


def busy(fd, kind=fcntl.F_WRLCK, start=0, length=0, command=fcntl.F_SETLK):
    try:
        calls.set_lock(fd, command, kind, start, length)
    except OSError as e:
        check(e.errno in (errno.EAGAIN, errno.EACCES), f"the lock failed with {e}")
        return True
    calls.set_lock(fd, command, fcntl.F_UNLCK, start, length)
    return False


class Holder:
    """Another process that does something with a lock, and then waits until it is let go."""

    def __init__(self, action):
        ready_reading, ready = os.pipe()
        go, self._go = os.pipe()

        def hold():
            action()
            os.write(ready, b"!")
            os.read(go, 1)

        self._child = start_child(hold)
        os.close(ready)
        self.pid = self._child[0]
        check(os.read(ready_reading, 1) == b"!", "the other process failed")

    def let_go(self):
        os.write(self._go, b"!")
        finish(self._child)


@case()
def a_posix_lock_keeps_another_process_out():
    fd = opened()
    holder = Holder(lambda: take(opened(), start=100, length=50))
    fails(errno.EAGAIN, take, fd, fcntl.F_WRLCK, 120, 1)
    fails(errno.EAGAIN, take, fd, fcntl.F_RDLCK, 149, 10)
    take(fd, fcntl.F_WRLCK, 0, 100)
    take(fd, fcntl.F_WRLCK, 150, 0)
    equal(calls.get_lock(fd, fcntl.F_WRLCK, 0, 0), (fcntl.F_WRLCK, 100, 50, holder.pid), "the lock in the way")
    equal(calls.get_lock(fd, fcntl.F_WRLCK, 0, 100)[0], fcntl.F_UNLCK, "lock in the way of a free range")
    holder.let_go()
    take(fd, fcntl.F_WRLCK, 120, 1)


@case()
def readers_share_a_posix_lock():
    fd = opened()
    take(fd, fcntl.F_RDLCK)
    holder = Holder(lambda: take(opened(), fcntl.F_RDLCK))
    check(busy(fd, fcntl.F_WRLCK), "a writer got in")
    equal(calls.get_lock(fd, fcntl.F_RDLCK)[0], fcntl.F_UNLCK)
    holder.let_go()
    take(fd, fcntl.F_WRLCK)
    in_child(lambda: check(busy(opened(), fcntl.F_RDLCK), "a reader got in"))


@case()
def posix_ranges_are_split_and_joined():
    fd = opened()
    take(fd, fcntl.F_WRLCK, 0, 100)
    take(fd, fcntl.F_UNLCK, 40, 20)
    take(fd, fcntl.F_RDLCK, 80, 10)

    def look():
        other = opened()
        equal(calls.get_lock(other, fcntl.F_WRLCK, 0, 0)[:3], (fcntl.F_WRLCK, 0, 40))
        check(not busy(other, fcntl.F_WRLCK, 40, 20), "the middle is locked")
        equal(calls.get_lock(other, fcntl.F_WRLCK, 50, 0)[:3], (fcntl.F_WRLCK, 60, 20))
        check(not busy(other, fcntl.F_RDLCK, 80, 10), "a read lock keeps readers out")
        check(busy(other, fcntl.F_WRLCK, 85, 1), "a read lock lets writers in")
        check(busy(other, fcntl.F_WRLCK, 99, 1) and not busy(other, fcntl.F_WRLCK, 100, 0), "the end is wrong")

    in_child(look)
    take(fd, fcntl.F_WRLCK, 40, 50)
    in_child(lambda: equal(calls.get_lock(opened(), fcntl.F_WRLCK, 0, 0)[:3], (fcntl.F_WRLCK, 0, 100)))


@case()
def a_posix_lock_is_dropped_when_any_descriptor_closes():
    fd = opened()
    other = opened()
    take(fd)
    in_child(lambda: check(busy(opened()), "it is not locked"))
    os.close(other)
    in_child(lambda: check(not busy(opened()), "it is still locked"))


@case()
def a_posix_lock_ends_with_its_process():
    holder = Holder(lambda: take(opened()))
    fd = opened()
    check(busy(fd), "it is not locked")
    os.kill(holder.pid, 9)
    eventually(lambda: not busy(fd), "the lock is dropped")


@case()
def a_child_does_not_inherit_a_posix_lock():
    fd = opened()
    take(fd)
    in_child(lambda: check(busy(fd), "the child has it"))
    in_child(lambda: os.close(fd))
    in_child(lambda: check(busy(opened()), "the child's close dropped it"))


@case()
def a_blocking_posix_lock_waits_while_other_work_goes_on():
    wait_for(lambda fd: calls.set_lock(fd, fcntl.F_SETLKW, fcntl.F_WRLCK), take)


@case("ofd")
def a_blocking_description_lock_waits_while_other_work_goes_on():
    wait_for(lambda fd: calls.set_lock(fd, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK),
             lambda fd: calls.set_lock(fd, fcntl.F_OFD_SETLK, fcntl.F_WRLCK))


@case()
def a_blocking_flock_waits_while_other_work_goes_on():
    wait_for(lambda fd: fcntl.flock(fd, fcntl.LOCK_EX), lambda fd: fcntl.flock(fd, fcntl.LOCK_EX))


def wait_for(block, hold):
    holder = Holder(lambda: hold(opened()))
    waiters = []
    for i in range(3):

        def wait(i=i):
            fd = opened()
            put(f"waits{i}")
            block(fd)
            put(f"has{i}")

        waiters.append(start_child(wait))
    for i in range(3):
        eventually(lambda i=i: os.path.exists(f"waits{i}"), "the waiter starts")
    for i in range(100):
        put(f"other{i}", b"work")
        equal(os.stat(f"other{i}").st_size, 4)
    time.sleep(0.2)  # they could get in by mistake
    equal([name for name in os.listdir(".") if name.startswith("has")], [], "waiters that got in")
    holder.let_go()
    for waiter in waiters:
        finish(waiter)


@case()
def a_flock_belongs_to_its_open_file():
    first, second = opened(), opened()
    fcntl.flock(first, fcntl.LOCK_EX)
    fails(errno.EAGAIN, fcntl.flock, second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fails(errno.EAGAIN, fcntl.flock, second, fcntl.LOCK_SH | fcntl.LOCK_NB)
    copy = os.dup(first)
    os.close(first)
    fails(errno.EAGAIN, fcntl.flock, second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    in_child(lambda: fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB))
    os.close(copy)
    fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(second, fcntl.LOCK_UN)
    fcntl.flock(opened(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@case()
def a_flock_is_shared_raised_and_lowered():
    first, second = opened(), opened()
    fcntl.flock(first, fcntl.LOCK_SH)
    fcntl.flock(second, fcntl.LOCK_SH)
    fails(errno.EAGAIN, fcntl.flock, first, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(second, fcntl.LOCK_UN)
    fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(first, fcntl.LOCK_SH)
    fcntl.flock(second, fcntl.LOCK_SH | fcntl.LOCK_NB)


@case()
def a_flock_needs_no_write_access():
    put("file")
    fd = os.open("file", os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    in_child(lambda: fails(errno.EAGAIN, fcntl.flock, opened(), fcntl.LOCK_SH | fcntl.LOCK_NB))


@case("ofd")
def a_description_lock_belongs_to_its_open_file():
    first, second = opened(), opened()
    calls.set_lock(first, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 10, 10)
    check(busy(second, fcntl.F_WRLCK, 15, 1, fcntl.F_OFD_SETLK), "the other descriptor got in")
    check(not busy(second, fcntl.F_WRLCK, 20, 1, fcntl.F_OFD_SETLK), "the range is too long")
    equal(calls.get_lock(second, fcntl.F_WRLCK, 0, 0, fcntl.F_OFD_GETLK), (fcntl.F_WRLCK, 10, 10, -1))
    os.close(opened())  # unlike a POSIX lock it stays
    check(busy(second, fcntl.F_WRLCK, 15, 1, fcntl.F_OFD_SETLK), "another descriptor's close dropped it")
    in_child(lambda: calls.set_lock(first, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 10, 10))
    os.close(first)
    check(not busy(second, fcntl.F_WRLCK, 15, 1, fcntl.F_OFD_SETLK), "the last close did not drop it")


@case("ofd")
def posix_and_description_locks_see_each_other():
    first, second = opened(), opened()
    calls.set_lock(first, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, 0, 10)
    check(busy(second, fcntl.F_WRLCK, 5, 1), "a POSIX lock got in")
    take(second, fcntl.F_WRLCK, 20, 10)
    check(busy(first, fcntl.F_RDLCK, 25, 1, fcntl.F_OFD_SETLK), "a description lock got in")


@case()
def locks_want_the_right_access():
    put("file")
    reading, writing = os.open("file", os.O_RDONLY), os.open("file", os.O_WRONLY)
    fails(errno.EBADF, take, reading, fcntl.F_WRLCK)
    fails(errno.EBADF, take, writing, fcntl.F_RDLCK)
    take(reading, fcntl.F_RDLCK)
    fails(errno.EINVAL, calls.set_lock, reading, fcntl.F_SETLK, 77)


@case()
def locks_of_a_thousand_ranges_hold():
    fd = opened()
    for i in range(1000):
        take(fd, fcntl.F_WRLCK, i * 10, 5)

    def look():
        other = opened()
        for i in range(0, 1000, 37):
            check(busy(other, fcntl.F_WRLCK, i * 10 + 4, 1), f"range {i} is free")
            check(not busy(other, fcntl.F_WRLCK, i * 10 + 5, 5), f"behind range {i} it is locked")

    in_child(look)


@case()
def the_last_byte_of_all_is_locked():
    fd = opened()
    take(fd, fcntl.F_WRLCK, (1 << 63) - 2, 1)
    in_child(lambda: check(busy(opened(), fcntl.F_WRLCK, 1 << 40, 0), "it is free"))
    in_child(lambda: check(not busy(opened(), fcntl.F_WRLCK, 0, 1 << 40), "all is locked"))


@case()
def processes_that_would_wait_for_each_other_are_told():
    fd = opened()
    take(fd, fcntl.F_WRLCK, 0, 1)

    def other_way_round():
        other = opened()
        take(other, fcntl.F_WRLCK, 1, 1)
        put("both")
        calls.set_lock(other, fcntl.F_SETLKW, fcntl.F_WRLCK, 0, 1)

    other = start_child(other_way_round)
    eventually(lambda: os.path.exists("both"), "the other process has its lock")
    # Whoever asks last is told; if that is the other one, this one has the lock when it has ended.
    try:
        calls.set_lock(fd, fcntl.F_SETLKW, fcntl.F_WRLCK, 1, 1)
    except OSError as e:
        equal(e.errno, errno.EDEADLK)
        calls.set_lock(fd, fcntl.F_SETLK, fcntl.F_UNLCK)
        finish(other)
        return
    status = os.waitpid(other[0], 0)[1]
    check(status != 0, "neither of them was told")


@case("own-locks")
def a_wait_for_a_lock_ends_with_a_signal():
    for block, hold in ((lambda fd: calls.set_lock(fd, fcntl.F_SETLKW, fcntl.F_WRLCK), take),
                        (lambda fd: fcntl.flock(fd, fcntl.LOCK_EX), lambda fd: fcntl.flock(fd, fcntl.LOCK_EX))):
        holder = Holder(lambda hold=hold: hold(opened()))
        caught = []
        before = signal.signal(signal.SIGALRM, lambda *_: caught.append(1) or stop())
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            block(opened())
            check(False, "it got the lock")
        except InterruptedError:
            equal(caught, [1])
        signal.signal(signal.SIGALRM, before)
        waiter = start_child(lambda block=block: block(opened()))
        os.kill(waiter[0], signal.SIGKILL)
        os.waitpid(waiter[0], 0)
        holder.let_go()


def stop():
    raise InterruptedError

