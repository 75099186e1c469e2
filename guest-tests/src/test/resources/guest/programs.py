"""What people run on a share. The trees that it leaves must be those that it leaves on a local disk."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

import tree
from cases import Skip, case, check, equal, finish, have, main, note, start_child

ENVIRONMENT = dict(
    os.environ,
    LC_ALL="C.UTF-8",
    HOME=os.getcwd(),
    GIT_CONFIG_NOSYSTEM="1",
    GIT_AUTHOR_NAME="A",
    GIT_AUTHOR_EMAIL="a@example.org",
    GIT_COMMITTER_NAME="A",
    GIT_COMMITTER_EMAIL="a@example.org",
    GIT_AUTHOR_DATE="1700000000 +0000",
    GIT_COMMITTER_DATE="1700000000 +0000",
)


def run(*words, folder=".", status=0):
    """The program's output; it must end with this status."""
    if words[0] == "tcc" and os.uname().machine == "s390x":
        raise Skip("tcc makes no programs for s390x")
    result = subprocess.run(words, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    text = result.stdout.decode(errors="replace").strip()
    equal(result.returncode, status, f"status of {' '.join(words[:3])}, which says {text[-300:]!r}:")
    return text


def text(path, content):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)


def git(*words, folder="origin"):
    return run("git", "-c", "init.defaultBranch=main", "-c", "core.fsync=all", *words, folder=folder)


@case(limit=240)
def git_commits_clones_and_checks_out():
    os.mkdir("origin")
    git("init")
    for i in range(120):
        text(f"origin/source{i % 10}/file{i}.txt", f"line {i}\n" * (i + 1))
    os.symlink("source0/file0.txt", "origin/link")
    text("origin/script", "#!/bin/sh\n")
    os.chmod("origin/script", 0o755)
    git("add", ".")
    git("commit", "-m", "first")
    git("checkout", "-b", "other")
    for i in range(0, 120, 3):
        text(f"origin/source{i % 10}/file{i}.txt", f"changed {i}\n")
    git("rm", "-rf", "source9")
    git("mv", "source8", "moved")
    git("commit", "-am", "second")
    git("checkout", "main")
    check(os.path.exists("origin/source9") and not os.path.exists("origin/moved"), "the checkout did not restore")
    text("origin/source0/main.txt", "on main\n")
    git("add", ".")
    git("commit", "-m", "third")
    git("merge", "--no-edit", "other")
    git("gc", "--quiet")
    git("clone", "--no-local", "origin", "clone", folder=".")
    git("clone", "origin", "linked", folder=".")
    git("checkout", "origin/other", folder="clone")
    git("fsck", "--strict", "--full", folder="clone")
    for folder in "origin", "clone", "linked":
        equal(git("status", "--porcelain", folder=folder), "", f"changes in {folder}")
    note(git("rev-parse", "HEAD", "HEAD^{tree}") + git("rev-parse", "HEAD^{tree}", folder="clone"))


@case("mmap", limit=240)
def sqlite_keeps_its_data_in_wal_mode():
    def connect():
        database = sqlite3.connect("data.db", timeout=60, isolation_level=None)
        equal(database.execute("pragma journal_mode=wal").fetchone(), ("wal",))
        return database

    database = connect()
    database.execute("create table item(who text, number integer, value blob)")

    def insert(who):
        own = connect()
        for i in range(40):
            own.execute("begin immediate")
            for j in range(5):
                own.execute("insert into item values(?, ?, ?)", (who, i * 5 + j, bytes([i]) * 300))
            own.execute("rollback" if i % 10 == 9 else "commit")
        own.close()

    children = [start_child(insert, who) for who in ("first", "second")]
    seen = 0
    for _ in range(50):
        now, whole = database.execute("select count(*), count(*) % 5 from item").fetchone()
        check(now >= seen and whole == 0, f"{now} rows after {seen}: half a transaction, or one that vanished")
        seen = now
    for child in children:
        finish(child)
    equal(database.execute("select who, count(*), sum(number) from item group by who order by who").fetchall(),
          [("first", 180, sum(n for n in range(200) if n // 5 % 10 != 9)),
           ("second", 180, sum(n for n in range(200) if n // 5 % 10 != 9))])
    equal(database.execute("pragma integrity_check").fetchone(), ("ok",))
    database.execute("pragma wal_checkpoint(truncate)")
    database.execute("vacuum")
    database.close()
    equal(run("sqlite3", "data.db", "select count(*) from item; pragma integrity_check"), "360\nok")
    note(sorted(os.listdir(".")))
    os.unlink("data.db")  # which of the two wrote first is a matter of chance, and so is its layout


@case(limit=240)
def sqlite_keeps_its_data_with_a_rollback_journal():
    run("sqlite3", "data.db", "create table item(n); begin; " + "".join(f"insert into item values({n});" for n in range(500)) +
        "commit;")
    database = sqlite3.connect("data.db", isolation_level=None)
    database.execute("begin immediate")
    database.execute("delete from item")
    run("sqlite3", "data.db", "begin immediate", status=5)  # database is locked
    equal(run("sqlite3", "data.db", "select count(*) from item"), "500")
    database.execute("rollback")
    database.close()
    equal(run("sqlite3", "data.db", "select count(*) from item"), "500")


@case(limit=240)
def tar_packs_and_unpacks():
    tree.write("tree", "xattr" in have, os.geteuid() == 0)
    os.unlink("tree/socket")  # tar leaves sockets out
    options = ["--numeric-owner", "--sparse"] + (["--xattrs", "--xattrs-include=*"] if "xattr" in have else [])
    run("tar", *options, "--format=posix", "-cf", "tree.tar", "-C", "tree", ".")
    os.mkdir("unpacked")
    run("tar", *options, "-xpf", "tree.tar", "-C", "unpacked")
    same_trees("tree", "unpacked")
    shutil.rmtree("tree")
    os.unlink("tree.tar")


@case(limit=240)
def rsync_copies_all_there_is():
    tree.write("tree", "xattr" in have, os.geteuid() == 0)
    options = ("-aHS" + ("X" if "xattr" in have else "") + ("A" if "acl" in have else ""), "--numeric-ids", "--modify-window=-1")
    run("rsync", *options, "tree/", "copy/")
    same_trees("tree", "copy")
    text("tree/folder1/new", "new\n")
    os.unlink("tree/linked0")
    os.rename("tree/folder2", "tree/renamed")
    with open("tree/folder0/deeper0/file30", "r+b") as file:
        file.seek(100)
        file.write(b"changed")
    changed = run("rsync", *options, "--delete", "--itemize-changes", "--checksum", "tree/", "copy/")
    check("deleting" in changed, f"nothing was deleted: {changed}")
    same_trees("tree", "copy")
    equal(run("rsync", *options, "--delete", "--itemize-changes", "tree/", "copy/"), "", "later changes")


def same_trees(expected, actual):
    def lines(folder):
        # A file's own place of data may differ: a copy has the holes that its program found.
        return [" ".join(word for word in line.split(" ") if not word.startswith("data="))
                for line in tree.lines_of(folder, xattrs="xattr" in have)]

    for one, other in zip(lines(expected), lines(actual), strict=True):
        equal(other, one, f"a line of {actual}")


@case(limit=240)
def a_project_in_c_is_compiled_and_runs():
    parts = 12
    for i in range(parts):
        text(f"include/part{i}.h", f"#ifndef P{i}\n#define P{i}\nint part{i}(int);\n#endif\n")
        text(f"source/part{i}.c", f'#include <stdio.h>\n#include "part{i}.h"\nint part{i}(int n) {{ return n * {i} + 1; }}\n')
    text("source/main.c", '#include <stdio.h>\n' + "".join(f'#include "part{i}.h"\n' for i in range(parts)) +
         "int main(void) { int n = 0;\n" + "".join(f"n += part{i}({i});\n" for i in range(parts)) +
         'printf("%d\\n", n); return 0; }\n')
    os.mkdir("objects")
    for name in [f"part{i}" for i in range(parts)] + ["main"]:
        run("tcc", "-Iinclude", "-c", f"source/{name}.c", "-o", f"objects/{name}.o")
    run("tcc", "-o", "program", *(f"objects/{name}" for name in sorted(os.listdir("objects"))))
    equal(run("./program"), str(sum(i * i + 1 for i in range(parts))))


@case(limit=240)
def a_program_finds_its_shared_library_here():
    text("greet.c", "int greet(int n) { return n + 1; }\n")
    text("main.c", "#include <stdio.h>\nint greet(int);\nint main(void) { printf(\"%d\\n\", greet(41)); return 0; }\n")
    run("tcc", "-shared", "-o", "libgreet.so", "greet.c")
    run("tcc", "-o", "program", "main.c", "-L.", "-lgreet", "-Wl,-rpath=" + os.getcwd())
    equal(run("./program"), "42")
    os.unlink("program")  # it holds the folder's name


@case(limit=240)
def python_and_all_its_libraries_run_from_here():
    libraries = [line.split("=>")[-1].split()[0] for line in run("ldd", sys.executable).splitlines() if "/" in line]
    # ld-linux-x86-64.so.2, or s390x's ld64.so.1
    loader = next(name for name in map(os.path.basename, libraries) if name.startswith("ld"))
    for file in (os.path.realpath(sys.executable), *libraries):
        shutil.copy(file, os.path.basename(file).replace("python3.13", "python"))
    program = ("import hashlib, json; maps = [line.split() for line in open('/proc/self/maps')]; "
               "print(hashlib.sha256(json.dumps(list(range(9999))).encode()).hexdigest(), "
               "*sorted({m[5] for m in maps if len(m) > 5 and 'x' in m[1] and m[5].startswith('/')}))")
    said = run("env", "PYTHONHOME=/usr", f"./{loader}", "--library-path", ".", "./python", "-c", program).split()
    equal(said[0], hashlib.sha256(json.dumps(list(range(9999))).encode()).hexdigest())
    here = [name for name in said[1:] if name.startswith(os.getcwd() + "/")]
    check(len(here) >= 4, f"its code comes from {said[1:]}")
    for name in os.listdir("."):
        os.unlink(name)


def show():
    # git's index holds times and inode numbers, its packs and logs are checked by fsck.
    for line in tree.lines_of(sys.argv[1], portable=True, leave_out=(b".git",)):
        print("tree", line)
    print("tree end", flush=True)


if __name__ == "__main__":
    main()
    show()
