"""Reading directories."""

import errno
import os
import stat

import calls
from cases import case, check, equal, fails, have, note, outcome
from opening import put


@case(limit=240)
def thousands_of_entries_are_listed_once():
    count = 2_000 if "slow" in have else 10_000
    os.mkdir("folder")
    for i in range(count):
        os.mknod(f"folder/entry-{i:05}", 0o600)
    names = os.listdir("folder")
    equal(len(names), count, "entries")
    equal(set(names), {f"entry-{i:05}" for i in range(count)}, "names")
    # Some tell where they were and go back there: every rest of the list must be the same again.
    directory = calls.Directory("folder")
    seen, places = [], []
    while True:
        place = directory.tell()
        entry = directory.next()
        if entry is None:
            break
        places.append(place)
        seen.append(entry[0])
    equal(len(seen), count + 2, "entries with . and ..")
    for i in (count, 0, 1, count // 2, 17, count + 1, count // 2 - 1):
        directory.seek(places[i])
        equal(directory.next()[0], seen[i], f"entry {i} after seekdir")
    directory.rewind()
    equal([name for name, _, _ in directory], seen, "entries after rewinddir")
    directory.close()
    # Removal while reading loses none and leaves none.
    directory = calls.Directory("folder")
    removed = 0
    for name, _, _ in directory:
        if name not in (b".", b".."):
            os.unlink(b"folder/" + name)
            removed += 1
    equal(removed, count, "removed")
    os.rmdir("folder")


@case()
def entries_tell_number_and_kind():
    put("file")
    os.mkdir("folder")
    os.symlink("file", "link")
    os.mkfifo("fifo")
    os.mknod("socket", stat.S_IFSOCK | 0o600)
    kinds = {b"file": 8, b"folder": 4, b"link": 10, b"fifo": 1, b"socket": 12, b".": 4, b"..": 4}
    entries = {name: (number, kind) for name, number, kind in calls.Directory(".")}
    equal({name: kind for name, (_, kind) in entries.items()}, kinds, "kinds")
    for name, (number, _) in entries.items():
        equal(number, os.lstat(name).st_ino, f"number of {name.decode()}")


@case()
def an_empty_directory_lists_itself_and_its_parent():
    os.mkdir("folder")
    equal(sorted(name for name, _, _ in calls.Directory("folder")), [b".", b".."])


@case()
def a_stream_sees_new_entries_after_rewind():
    directory = calls.Directory(".")
    list(directory)
    put("late")
    directory.rewind()
    equal({name for name, _, _ in directory}, {b".", b"..", b"late"})


@case()
def two_readers_of_a_directory_do_not_disturb_each_other():
    for i in range(500):
        os.mknod(f"entry{i}", 0o600)
    first, second = calls.Directory("."), calls.Directory(".")
    half = [first.next()[0] for _ in range(250)]
    whole = [name for name, _, _ in second]
    half += [name for name, _, _ in first]
    equal(half, whole)
    equal(len(whole), 502, "entries")
    third = calls.Directory(".")
    for name, _, _ in third:
        if name.startswith(b"entry"):
            os.rename(name, b"moved-" + name)
    equal(sum(1 for name in os.listdir(b".") if name.startswith(b"entry")), 0, "entries that were missed")


@case()
def a_removed_directory_lists_nothing():
    os.mkdir("folder")
    fd = os.open("folder", os.O_RDONLY)
    os.rmdir("folder")
    note(outcome(os.listdir, fd))
    fails(errno.ENOENT, os.stat, "folder")


@case()
def attributes_of_listed_entries_are_right():
    # Listing brings attributes along (READDIRPLUS): they must be those that stat gives.
    for i in range(300):
        put(f"file{i}", b"x" * i, 0o600 | i % 8)
    for _ in range(2):
        for entry in os.scandir("."):
            i = int(entry.name[4:])
            status = entry.stat()
            equal((status.st_size, status.st_ino), (i, entry.inode()), f"size and number of {entry.name}")
            check(status.st_mode == os.lstat(entry.name).st_mode, f"mode of {entry.name}")
        os.truncate("file7", 7)


@case()
def numbers_of_files_are_unique_and_stay():
    for i in range(500):
        put(f"file{i}")
    numbers = {i: os.stat(f"file{i}").st_ino for i in range(500)}
    equal(len(set(numbers.values())), 500, "different inode numbers")
    for i in range(0, 500, 7):
        os.rename(f"file{i}", f"renamed{i}")
    try:
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("2")
    except OSError:
        pass
    for i, number in numbers.items():
        equal(os.stat(f"renamed{i}" if i % 7 == 0 else f"file{i}").st_ino, number, f"number of file {i}")


@case("statx")
def a_removed_current_directory_is_still_there():
    os.mkdir("folder", 0o751)
    os.chdir("folder")
    os.rmdir("../folder")
    os.mkdir("../folder")
    here = calls.Statx(".", flags=calls.AT_STATX_FORCE_SYNC)
    equal((stat.S_IMODE(here.mode), here.nlink), (0o751, 0))
    fails(errno.ENOENT, os.stat, "file")
    fails(errno.ENOENT, os.open, "file", os.O_CREAT | os.O_WRONLY)
    fails(errno.ENOENT, os.getcwd)
