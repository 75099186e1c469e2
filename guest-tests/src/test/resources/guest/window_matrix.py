"""Files of every size and kind as memory, in every way that they are changed: each way with each file is a case. See meeting.py.

The guest sees the host's bytes, byte for byte; and what it stores is the host's at the latest after fsync, flush or unmap.
"""

import errno
import mmap
import os
import signal

import calls
from cases import as_user, check, equal, eventually, fails
from contents import MiB, pattern, read_all, write_all
from meeting import add, main
from opening import get, put

PAGE = 4096
SEEN_WITHIN = 10  # the guest may cache a size for a second

# Name and content of each file. A guest maps 2 MiB at a time, a virtual machine whole pages only.
FILES = {
    "0_bytes": b"",
    "1_byte": pattern(1, 1),
    "4095_bytes": pattern(4095, 2),
    "4096_bytes": pattern(4096, 3),
    "4097_bytes": pattern(4097, 4),
    "2_MiB_less_1": pattern(2 * MiB - 1, 5),
    "2_MiB": pattern(2 * MiB, 6),
    "2_MiB_and_1": pattern(2 * MiB + 1, 7),
    "sparse": bytes(MiB) + pattern(5000, 8) + bytes(2 * MiB + 77) + pattern(99, 9) + bytes(MiB),
}


def host_makes(meet, content, name="file"):
    """With holes for its pages of zeros."""
    if meet.host:
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        for at in range(0, len(content), PAGE):
            page = content[at : at + PAGE]
            if page.strip(b"\0"):
                write_all(fd, page, at)
        os.ftruncate(fd, len(content))
        meet.say("made")
        return fd
    meet.hear("made")
    return os.open(name, os.O_RDWR)


def spots(size):
    """Where stores go: the ends of the file, of pages, of ranges."""
    wanted = (0, PAGE - 2, PAGE, 100_000, 2 * MiB - 2, 2 * MiB, size // 2, size - 3)
    return sorted({at for at in wanted if 0 <= at < size} | ({0} if size else set()))


def changes(size, word):
    """(offset, bytes) of stores that stay within the size."""
    return [(at, (b"%s%d" % (word, at))[: size - at]) for at in spots(size)]


def changed(content, stores):
    result = bytearray(content)
    for at, data in stores:
        result[at : at + len(data)] = data
    return bytes(result)


def store(view, stores):
    for at, data in stores:
        view[at : at + len(data)] = data


def mapped(fd, content, prot=mmap.PROT_READ | mmap.PROT_WRITE):
    """A map of a file that must have this content; None for an empty one, which has no bytes to map."""
    equal(os.fstat(fd).st_size, len(content), "size")
    if not content:
        return None
    view = mmap.mmap(fd, len(content), prot=prot)
    same(view[:], content, "the map")
    return view


def reads(fd, content, what="what is read"):
    same(read_all(fd, len(content) + PAGE, 0), content, what)


def host_has(content, name="file"):
    same(get(name), content, "the host's file")


def same(actual, expected, what):
    if actual != expected:
        pairs = zip(actual, expected, strict=False)
        at = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(actual), len(expected)))
        raise AssertionError(f"{what} has {len(actual)} bytes, expected {len(expected)}, and differs from byte {at} on:"
                             f" {actual[at : at + 16]!r}, expected {expected[at : at + 16]!r}")


def touching_is_fatal(address):
    """A process that touches this byte of a map ends by SIGBUS."""
    pid = os.fork()
    if pid == 0:
        calls.byte_at(address)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    check(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGBUS, f"wait status {status}, not SIGBUS")


def the_host_s_bytes_are_read(meet, content):
    fd = host_makes(meet, content)
    if not meet.host:
        mapped(fd, content)
        reads(fd, content)
        if content:
            page = mmap.PAGESIZE
            whole = -(-len(content) // page) * page
            last_page = calls.Map(fd, whole - page, page)
            equal(last_page.bytes(), content[whole - page :] + bytes(whole - len(content)), "the page of the end")
            last_page.close()


def stores_until(end):
    """The guest stores into a map until `end`, then the host has it."""

    def case(meet, content):
        fd = host_makes(meet, content)
        stores = changes(len(content), b"stored")
        if meet.host:
            meet.hear("stored")
            if end == "munmap":
                # Nobody waits for the last RELEASE of a file.
                eventually(lambda: get("file") == changed(content, stores), "the stores", SEEN_WITHIN)
            host_has(changed(content, stores))
            return
        view = mapped(fd, content)
        if end == "munmap":
            os.close(fd)
        if view:
            store(view, stores)
        if end == "msync" and view:
            view.flush()
        elif end == "fsync":
            os.fsync(fd)
        elif end == "close":
            os.close(fd)
        if end == "munmap" and view:
            view.close()
        meet.say("stored")
        reads(os.open("file", os.O_RDONLY), changed(content, stores), "what another descriptor reads")

    return case


def writes_until(end):
    """The same by write(2), which within the size of the file is a store as well."""

    def case(meet, content):
        fd = host_makes(meet, content)
        writes = changes(len(content), b"written")
        if meet.host:
            meet.hear("written")
            host_has(changed(content, writes))
            return
        view = mapped(fd, content)
        for at, data in writes:
            write_all(fd, data, at)
        if view:
            same(view[:], changed(content, writes), "the map")
        if end == "fsync":
            os.fsync(fd)
        else:
            os.close(fd)
        meet.say("written")

    return case


def it_grows_by_append(meet, content):
    fd = host_makes(meet, content)
    pieces = [pattern(size, size) for size in (1, 4095, 4096, 5000, 70_001)]
    grown = content + b"".join(pieces)
    stores = changes(len(grown), b"grown")
    if meet.host:
        meet.hear("appended")
        host_has(grown)
        meet.say("seen")
        meet.hear("stored")
        host_has(changed(grown, stores))
        return
    before = mapped(fd, content)
    appending = os.open("file", os.O_WRONLY | os.O_APPEND)
    for piece in pieces:
        equal(os.write(appending, piece), len(piece))
    meet.say("appended")
    after = mapped(fd, grown)
    reads(fd, grown)
    meet.hear("seen")
    store(after, stores)
    if before:
        same(before[:], changed(grown, stores)[: len(content)], "the map from before")
    os.fsync(fd)
    meet.say("stored")


def it_grows_by_truncation(meet, content):
    fd = host_makes(meet, content)
    grown = content + bytes(2 * MiB + 5)
    stores = changes(len(grown), b"grown") + [(len(content), b"behind the old end")]
    if meet.host:
        meet.hear("stored")
        host_has(changed(grown, stores))
        return
    mapped(fd, content)
    os.ftruncate(fd, len(grown))
    store(mapped(fd, grown), stores)
    os.fsync(fd)
    reads(fd, changed(grown, stores))
    meet.say("stored")


def it_shrinks_and_grows_by_the_guest(meet, content):
    fd = host_makes(meet, content)
    kept = content[: len(content) // 3]
    regrown = kept + bytes(len(content) - len(kept))
    if meet.host:
        meet.hear("cut")
        host_has(kept)
        meet.say("seen")
        meet.hear("grown")
        host_has(regrown)
        return
    view = mapped(fd, content)
    if view:
        store(view, changes(len(content), b"cut off"))
        store(view, [(at, content[at : at + 32]) for at in spots(len(kept))])
        view[: len(kept)] = kept
    os.ftruncate(fd, len(kept))
    mapped(fd, kept)
    reads(fd, kept)
    if len(content) - len(kept) > PAGE:
        behind = calls.Map(fd, 0, len(content))
        touching_is_fatal(behind.address + len(content) - 1)
        behind.close()
    meet.say("cut")
    meet.hear("seen")
    os.ftruncate(fd, len(content))
    mapped(fd, regrown)
    reads(fd, regrown)
    os.fsync(fd)
    meet.say("grown")


def it_shrinks_and_grows_by_the_host(meet, content):
    # The guest touches nothing of it before it knows the new size: with a direct window that would be its end.
    fd = host_makes(meet, content)
    kept = content[: len(content) // 3]
    regrown = kept + pattern(len(content) + 7000, 10)
    stores = changes(len(regrown), b"stored")
    if meet.host:
        meet.hear("mapped")
        os.truncate("file", len(kept))
        meet.say("cut")
        meet.hear("cut-seen")
        write_all(fd, regrown[len(kept) :], len(kept))
        meet.say("grown")
        meet.hear("stored")
        host_has(changed(regrown, stores))
        return
    mapped(fd, content)
    meet.say("mapped")
    meet.hear("cut")
    eventually(lambda: os.fstat(fd).st_size == len(kept), "the cut", SEEN_WITHIN)
    mapped(fd, kept)
    reads(fd, kept)
    if len(content) - len(kept) > PAGE:
        behind = calls.Map(fd, 0, len(content))
        touching_is_fatal(behind.address + len(content) - 1)
        behind.close()
    meet.say("cut-seen")
    meet.hear("grown")
    eventually(lambda: os.fstat(fd).st_size == len(regrown), "the growth", SEEN_WITHIN)
    again = os.open("file", os.O_RDWR)
    view = mapped(again, regrown)
    store(view, stores)
    os.fsync(again)
    reads(again, changed(regrown, stores))
    meet.say("stored")


def what_the_host_rewrites_is_seen_at_the_next_open(meet, content):
    fd = host_makes(meet, content)
    rewrites = changes(len(content), b"host's")
    if meet.host:
        meet.hear("mapped")
        for at, data in rewrites:
            write_all(fd, data, at)
        meet.say("rewritten")
        meet.hear("done")
        return
    mapped(fd, content)
    meet.say("mapped")
    meet.hear("rewritten")
    again = os.open("file", os.O_RDONLY)
    reads(again, changed(content, rewrites))
    mapped(fd, changed(content, rewrites))
    meet.say("done")


def a_user_may_only_read_it(meet, content):
    if meet.host:
        os.close(host_makes(meet, content))
        os.chmod("file", 0o444)
        meet.say("protected")
        meet.hear("done")
        host_has(content)
        return
    meet.hear("protected")

    def use():
        fails(errno.EACCES, os.open, "file", os.O_RDWR)
        fd = os.open("file", os.O_RDONLY)
        reads(fd, content)
        if content:
            view = mmap.mmap(fd, len(content), flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
            same(view[:], content, "the private map")
            store(view, changes(len(content), b"private"))
            fails(errno.EACCES, mmap.mmap, fd, len(content), prot=mmap.PROT_READ | mmap.PROT_WRITE)
        reads(fd, content)

    if os.geteuid() == 0:
        as_user(1000, 1000, [], use)
    meet.say("done")


def both_names_are_one_file(meet, content):
    fd = host_makes(meet, content)
    first, second = changes(len(content), b"one"), changes(len(content), b"other")[1:]
    both = changed(changed(content, first), second)
    if meet.host:
        os.link("file", "other")
        meet.say("linked")
        meet.hear("stored")
        host_has(both)
        host_has(both, "other")
        return
    meet.hear("linked")
    other = os.open("other", os.O_RDWR)
    view, other_view = mapped(fd, content), mapped(other, content)
    if view:
        store(view, first)
        same(other_view[:], changed(content, first), "the map by the other name")
        store(other_view, second)
        same(view[:], both, "the map by the first name")
    os.fsync(other)
    meet.say("stored")


def it_lives_without_a_name(by_host):
    def case(meet, content):
        fd = host_makes(meet, content)
        stores = changes(len(content), b"nameless")
        if meet.host:
            if by_host:
                meet.hear("mapped")
                os.unlink("file")
                meet.say("unlinked")
            meet.hear("stored")
            check(not os.path.exists("file"), "the name is still there")
            reads(fd, changed(content, stores), "the host's file")
            return
        view = mapped(fd, content) if not by_host else None
        meet.say("mapped")
        if by_host:
            # Mapped only now: no name leads to it any more.
            meet.hear("unlinked")
            view = mapped(fd, content)
        else:
            os.unlink("file")
        if view:
            store(view, stores)
        os.fsync(fd)
        reads(fd, changed(content, stores))
        meet.say("stored")

    return case


WAYS = {
    "the_host_s_bytes_are_read": the_host_s_bytes_are_read,
    "stores_are_the_host_s_after_msync": stores_until("msync"),
    "stores_are_the_host_s_after_fsync": stores_until("fsync"),
    "stores_are_the_host_s_after_close": stores_until("close"),
    "stores_are_the_host_s_after_munmap": stores_until("munmap"),
    "writes_are_the_host_s_after_fsync": writes_until("fsync"),
    "writes_are_the_host_s_after_close": writes_until("close"),
    "it_grows_by_append": it_grows_by_append,
    "it_grows_by_truncation": it_grows_by_truncation,
    "it_shrinks_and_grows_by_the_guest": it_shrinks_and_grows_by_the_guest,
    "it_shrinks_and_grows_by_the_host": it_shrinks_and_grows_by_the_host,
    "what_the_host_rewrites_is_seen_at_the_next_open": what_the_host_rewrites_is_seen_at_the_next_open,
    "a_user_may_only_read_it": a_user_may_only_read_it,
    "both_names_are_one_file": both_names_are_one_file,
    "it_lives_without_a_name_that_the_guest_took": it_lives_without_a_name(False),
    "it_lives_without_a_name_that_the_host_took": it_lives_without_a_name(True),
}


def declare():
    for file, content in FILES.items():
        for way, function in WAYS.items():
            add(f"file_of_{file}__{way}", lambda meet, function=function, content=content: function(meet, content))


if __name__ == "__main__":
    declare()
    main()
