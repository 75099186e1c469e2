"""What is in files: reading, writing, sizes, holes, memory maps, direct I/O."""

import errno
import hashlib
import mmap
import os

import calls
from cases import case, check, equal, eventually, fails, finish, in_child, note, outcome, start_child
from opening import get, put

MiB = 1 << 20


def pattern(size, seed=0):
    """Bytes that differ everywhere."""
    block = hashlib.shake_256(f"{seed}".encode()).digest(min(size, 65536) or 1)
    return (block * (size // len(block) + 1))[:size]


def forget(fd):
    """Write dirty pages back and drop the clean ones: what is read next comes from the server."""
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def write_all(fd, data, offset):
    while data:
        written = os.pwrite(fd, data, offset)
        data, offset = data[written:], offset + written


def read_all(fd, size, offset):
    result = b""
    while len(result) < size and (piece := os.pread(fd, size - len(result), offset + len(result))):
        result += piece
    return result


def new(name="file", content=b""):
    put(name, content)
    return os.open(name, os.O_RDWR)


@case()
def what_is_written_is_read_back_at_every_size():
    for size in (0, 1, 511, 4095, 4096, 4097, 65535, 131072, 131073, MiB - 1, MiB, MiB + 3, 9 * MiB + 1):
        data = pattern(size, size)
        fd = new(f"file{size}", data)
        forget(fd)
        equal(os.fstat(fd).st_size, size, "size")
        check(read_all(fd, size + 1, 0) == data, f"content of {size} bytes differs")
        os.close(fd)


@case()
def small_writes_anywhere_keep_the_rest():
    expected = bytearray(pattern(300_000))
    fd = new(content=expected)
    for i in range(200):
        offset, data = (i * 7919) % 290_000, pattern(i * 37 % 6000 + 1, i)
        write_all(fd, data, offset)
        expected[offset : offset + len(data)] = data
        if i % 50 == 0:
            forget(fd)
    forget(fd)
    check(read_all(fd, 400_000, 0) == bytes(expected), "content differs")


@case()
def nothing_is_read_behind_the_end():
    fd = new(content=b"12345")
    equal(os.pread(fd, 100, 3), b"45")
    equal(os.pread(fd, 100, 5), b"")
    equal(os.pread(fd, 100, 1 << 40), b"")


@case()
def scattered_buffers_are_gathered():
    fd = new()
    parts = [pattern(size, size) for size in (1, 4096, 3, 10_000, 0, 77)]
    equal(os.pwritev(fd, parts, 5), sum(map(len, parts)))
    forget(fd)
    into = [bytearray(size) for size in (5, 100, 9000, 5077)]
    equal(os.preadv(fd, into, 0), 14182)
    equal(b"".join(into), bytes(5) + b"".join(parts))


@case()
def synchronous_writes_are_written():
    for flags in (os.O_SYNC, os.O_DSYNC, os.O_SYNC | os.O_APPEND):
        fd = os.open(f"file{flags}", os.O_RDWR | os.O_CREAT | flags, 0o644)
        for i in range(5):
            os.write(fd, pattern(5000, i))
        equal(get(f"file{flags}"), b"".join(pattern(5000, i) for i in range(5)))


@case()
def files_and_file_systems_are_synchronised():
    fd = new(content=pattern(100_000))
    os.fsync(fd)
    os.fdatasync(fd)
    calls.sync_file_range(fd, 0, 0, 7)
    calls.syncfs(fd)
    directory = os.open(".", os.O_RDONLY)
    os.fsync(directory)
    calls.syncfs(directory)


@case()
def a_file_is_cut_and_grown_by_name_and_by_descriptor():
    fd = new(content=pattern(10_000))
    for resize in (lambda size: calls.truncate("file", size), lambda size: os.ftruncate(fd, size)):
        write_all(fd, pattern(10_000), 0)
        resize(5000)
        equal(os.stat("file").st_size, 5000, "size")
        resize(12_000)
        equal(read_all(fd, 20_000, 0), pattern(10_000)[:5000] + bytes(7000), "grown content")
        forget(fd)
        equal(read_all(fd, 20_000, 0), pattern(10_000)[:5000] + bytes(7000), "grown content from the server")
        resize(0)
        equal(get("file"), b"")
        resize(3 * MiB)
        equal(os.stat("file").st_size, 3 * MiB, "size")


@case()
def wrong_truncations_are_refused():
    os.mkdir("folder")
    fails(errno.EISDIR, calls.truncate, "folder", 0)
    fails(errno.ENOENT, calls.truncate, "missing", 0)
    fails(errno.EINVAL, calls.truncate, "folder", -1)
    os.mkfifo("fifo")
    fails(errno.EINVAL, calls.truncate, "fifo", 0)


# A store into a mapped hole makes the host allocate as much as it likes around it, 2 MiB on ext4 with large folios.
@case("requests")
def a_file_larger_than_4_GiB_is_sparse():
    fd = new()
    offset = 5 << 30
    write_all(fd, b"far", offset)
    write_all(fd, b"near", 0)
    forget(fd)
    equal(os.stat("file").st_size, offset + 3, "size")
    equal(os.pread(fd, 10, offset - 3), bytes(3) + b"far")
    equal(os.pread(fd, 6, (4 << 30) - 3), bytes(6))
    equal(os.pread(fd, 5, 0), b"near\0")
    check(os.stat("file").st_blocks < 1000, f"{os.stat('file').st_blocks} blocks are used")


@case()
def the_largest_offset_is_the_host_file_system_s():
    fd = new()
    note(", ".join(f"{shift}: {outcome(os.ftruncate, fd, 1 << shift)}" for shift in (40, 43, 45, 60, 62)))


@case()
def space_is_allocated_punched_and_zeroed():
    results = []
    for mode in (0, calls.FALLOC_FL_KEEP_SIZE, calls.FALLOC_FL_KEEP_SIZE | calls.FALLOC_FL_PUNCH_HOLE,
                 calls.FALLOC_FL_ZERO_RANGE, calls.FALLOC_FL_ZERO_RANGE | calls.FALLOC_FL_KEEP_SIZE):
        for offset, length in ((8192, 16384), (1000, 5000), (60_000, 30_000), (100_000, 4096)):
            fd = new(f"file{mode}-{offset}", pattern(65536))
            result = outcome(calls.fallocate, fd, mode, offset, length)
            forget(fd)
            content = read_all(fd, 1 << 20, 0)
            results.append(f"{mode:x}/{offset}:{result}:{len(content)}:{hashlib.sha256(content).hexdigest()[:8]}")
            os.close(fd)
    note(" ".join(results))


@case()
def a_punched_hole_frees_its_blocks():
    fd = new(content=pattern(4 * MiB))
    os.fsync(fd)
    before = os.fstat(fd).st_blocks
    calls.fallocate(fd, calls.FALLOC_FL_PUNCH_HOLE | calls.FALLOC_FL_KEEP_SIZE, MiB, 2 * MiB)
    equal(before - os.fstat(fd).st_blocks, 2 * MiB // 512, "blocks freed")
    equal(read_all(fd, 4 * MiB, 0), pattern(4 * MiB)[:MiB] + bytes(2 * MiB) + pattern(4 * MiB)[3 * MiB :])


@case()
def unsupported_ways_of_allocation_are_refused():
    fd = new(content=pattern(65536))
    fails(errno.EOPNOTSUPP, calls.fallocate, fd, calls.FALLOC_FL_PUNCH_HOLE, 0, 4096)
    fails(errno.EINVAL, calls.fallocate, fd, 0, 0, 0)
    reading = os.open("file", os.O_RDONLY)
    fails(errno.EBADF, calls.fallocate, reading, 0, 0, 4096)


@case()
def data_and_holes_are_found():
    fd = new()
    write_all(fd, pattern(65536), MiB)
    write_all(fd, pattern(65536), 4 * MiB)
    os.ftruncate(fd, 8 * MiB)
    os.fsync(fd)
    places, at = [], 0
    while True:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as e:
            equal(e.errno, errno.ENXIO, "errno behind the last data")
            break
        at = os.lseek(fd, start, os.SEEK_HOLE)
        places.append((start, at))
    equal(places, [(MiB, MiB + 65536), (4 * MiB, 4 * MiB + 65536)])
    equal(os.lseek(fd, 5 * MiB, os.SEEK_HOLE), 5 * MiB)
    fails(errno.ENXIO, os.lseek, fd, 8 * MiB, os.SEEK_HOLE)
    fails(errno.ENXIO, os.lseek, fd, 9 * MiB, os.SEEK_DATA)
    equal(os.lseek(fd, -1, os.SEEK_END), 8 * MiB - 1)


@case()
def ranges_are_copied_between_files():
    source, target = new("source", pattern(3 * MiB)), new("target", b"start.")
    done = 0
    while done < 2 * MiB:
        copied = os.copy_file_range(source, target, 2 * MiB - done, 1000 + done, 6 + done)
        check(copied > 0, "nothing was copied")
        done += copied
    forget(target)
    equal(read_all(target, 4 * MiB, 0), b"start." + pattern(3 * MiB)[1000 : 1000 + 2 * MiB])
    equal(os.copy_file_range(source, target, 100, 3 * MiB, 0), 0, "copied at the end")
    os.lseek(source, 3 * MiB - 10, os.SEEK_SET)
    equal(os.copy_file_range(source, target, 1000), 10, "copied up to the end")


@case()
def a_range_is_copied_within_a_file_unless_it_overlaps():
    fd = new(content=pattern(100_000))
    equal(os.copy_file_range(fd, fd, 1000, 0, 50_000), 1000)
    forget(fd)
    equal(os.pread(fd, 1000, 50_000), pattern(100_000)[:1000])
    fails(errno.EINVAL, os.copy_file_range, fd, fd, 1000, 0, 500)


@case()
def files_are_sent_and_spliced():
    source, target = new("source", pattern(300_000)), new("target")
    sent = 0
    while sent < 300_000:
        sent += os.sendfile(target, source, sent, 300_000 - sent)
    check(get("target") == pattern(300_000), "sendfile: content differs")
    reading, writing = os.pipe()
    os.write(writing, b"through a pipe")
    equal(os.splice(reading, target, 100, offset_dst=10), 14)
    equal(os.pread(target, 14, 10), b"through a pipe")
    equal(os.splice(target, writing, 14, offset_src=10), 14)
    equal(os.read(reading, 100), b"through a pipe")


@case()
def two_processes_append_without_losing_a_line():
    put("log")

    def append(letter):
        fd = os.open("log", os.O_WRONLY | os.O_APPEND)
        for i in range(300):
            os.write(fd, f"{letter}{i:05}\n".encode())

    children = [start_child(append, letter) for letter in "abc"]
    for child in children:
        finish(child)
    lines = get("log").decode().split()
    equal(sorted(lines), sorted(f"{letter}{i:05}" for letter in "abc" for i in range(300)), "lines")
    for letter in "abc":
        own = [line for line in lines if line[0] == letter]
        equal(own, sorted(own), f"order of {letter}")


@case("mmap")
def a_shared_map_writes_the_file():
    fd = new(content=pattern(100_000))
    with mmap.mmap(fd, 100_000) as view:
        equal(view[50_000:50_010], pattern(100_000)[50_000:50_010])
        view[10:15] = b"HELLO"
        view[99_990:99_995] = b"WORLD"
        equal(os.pread(fd, 5, 10), b"HELLO", "read beside the map")
        view.flush()
        forget(fd)
        equal(os.pread(fd, 5, 99_990), b"WORLD", "read after msync")
        os.pwrite(fd, b"written", 20_000)
        equal(view[20_000:20_007], b"written", "seen in the map")
        view[30_000:30_004] = b"last"
    os.close(fd)
    content = get("file")
    equal((content[10:15], content[30_000:30_004], len(content)), (b"HELLO", b"last", 100_000))


@case()
def a_private_map_leaves_the_file_alone():
    fd = new(content=pattern(10_000))
    with mmap.mmap(fd, 10_000, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE) as view:
        equal(view[:], pattern(10_000))
        view[0:5] = b"HELLO"
        equal(view[0:5], b"HELLO")
    equal(get("file"), pattern(10_000))


@case("mmap")
def two_processes_share_a_map():
    fd = new(content=bytes(8192))
    with mmap.mmap(fd, 8192) as view:

        def add():
            own = os.open("file", os.O_RDWR)
            with mmap.mmap(own, 8192) as other:
                other[4096:4101] = b"child"

        in_child(add)
        equal(view[4096:4101], b"child")
        view[0:6] = b"parent"
        in_child(lambda: equal(os.pread(os.open("file", os.O_RDONLY), 6, 0), b"parent"))


@case("mmap")
def two_processes_see_each_other_s_stores_at_once():
    size = 2 * 4096 + 100
    fd = new(content=bytes(size))

    def take_turns(mine, other):
        own = os.open("file", os.O_RDWR)
        with mmap.mmap(own, size) as view:
            for turn in range(1, 201):
                view[mine] = turn
                eventually(lambda turn=turn: view[other] in (turn, turn + 1), f"turn {turn} of the other")

    # In two pages; and in the one that holds the end of the file.
    for mine, other in ((5, 4096), (2 * 4096, 2 * 4096 + 99)):
        children = [start_child(take_turns, mine, other), start_child(take_turns, other, mine)]
        for child in children:
            finish(child)
        equal((get("file")[mine], get("file")[other]), (200, 200))
        write_all(fd, bytes(size), 0)


@case("mmap")
def a_map_over_a_hole_fills_it():
    fd = new()
    os.ftruncate(fd, 4 * MiB)
    with mmap.mmap(fd, 4 * MiB) as view:
        equal(view[MiB : MiB + 4096], bytes(4096))
        view[2 * MiB : 2 * MiB + 4] = b"data"
    forget(fd)
    equal(os.pread(fd, 8, 2 * MiB - 2), b"\0\0data\0\0")


@case("mmap")
def a_map_outlives_its_descriptor_and_its_name():
    fd = new(content=bytes(8192))
    with mmap.mmap(fd, 8192) as view:
        os.link("file", "other")
        os.close(fd)
        os.unlink("file")
        view[5000:5005] = b"later"
        view.flush()
    equal(get("other")[5000:5005], b"later")


def aligned(data):
    """A buffer at the start of a page, as direct I/O wants it."""
    buffer = mmap.mmap(-1, len(data))
    buffer[:] = data
    return buffer


@case()
def direct_io_reads_what_direct_io_wrote():
    fd = os.open("file", os.O_RDWR | os.O_CREAT | os.O_DIRECT, 0o644)
    data = pattern(2 * MiB)
    equal(os.writev(fd, [aligned(data)]), 2 * MiB)
    into = mmap.mmap(-1, 2 * MiB)
    equal(os.preadv(fd, [into], 0), 2 * MiB)
    check(into[:] == data, "content differs")
    check(get("file") == data, "content differs without O_DIRECT")
    equal(os.preadv(fd, [into], 2 * MiB - 4096), 4096)
    os.pwrite(os.open("file", os.O_WRONLY), b"buffered", 8192)
    equal(os.preadv(fd, [into], 8192), 2 * MiB - 8192)
    equal(into[:8], b"buffered")


@case()
def direct_io_with_untouched_memory_fails_at_worst_and_all_goes_on():
    # A never written page is the kernel's page of zeros. In user-mode Linux that lies in its program file, outside the
    # memory that the server has: the request must end with an error, and the next ones must work.
    fd = os.open("file", os.O_RDWR | os.O_CREAT | os.O_DIRECT, 0o644)
    untouched = mmap.mmap(-1, 65536, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    check(untouched[5] == 0, "not zero")  # reading maps the page of zeros
    for _ in range(20):
        result = outcome(os.pwritev, fd, [memoryview(untouched)], 0)
        check(result in ("ok", "EIO", "EFAULT"), f"failed with {result}")
    data = pattern(65536)
    equal(os.pwritev(fd, [aligned(data)], 0), 65536)
    into = mmap.mmap(-1, 65536)
    equal(os.preadv(fd, [into], 0), 65536)
    check(into[:] == data, "content differs")
