"""Cases that run in a guest on a mounted share, and natively on a local folder: there they are their own oracle.

Each case is a function. It runs in a process and an empty folder of its own, with umask 022, and is reported in one line:

    ok NAME             as expected
    ok NAME = VALUE     so; VALUE depends on the host's file system and must be the same natively
    not ok NAME: WHY
    skip NAME: WHY      the machine or the options of the server do not allow the case
"""

import argparse
import os
import select
import signal
import sys
import time
import traceback

ROOT = "root"  # found out; but a server that is not root is "unprivileged", which is said like all other features

# Beside ROOT needs "host-root" what only the host's root may do, whatever owners a server without rights shows.

MOST_HANGING = 3  # then the server is taken for dead

_all = []
have = set()


class Skip(Exception):
    """The case cannot run here."""


def case(*needs, without=(), limit=60):
    """Declare a case: what it needs, what must not be there, and after how many seconds it hangs."""

    def declare(function):
        function.needs = needs
        function.without = without
        function.limit = limit
        _all.append(function)
        return function

    return declare


_value = None


def note(value):
    """What the case found out and cannot judge alone."""
    global _value
    _value = str(value).replace("\n", " ")


def check(true, why):
    if not true:
        raise AssertionError(why)


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what} is {_short(actual)}, expected {_short(expected)}")


def fails(number, function, *arguments, **named):
    """The call must fail with this errno."""
    try:
        result = function(*arguments, **named)
    except OSError as e:
        if e.errno != number:
            raise AssertionError(f"failed with {errno_name(e.errno)}, expected {errno_name(number)}") from e
        return
    raise AssertionError(f"gave {_short(result)}, expected {errno_name(number)}")


def outcome(function, *arguments, **named):
    """'ok' or the name of the errno, for `note`."""
    try:
        function(*arguments, **named)
        return "ok"
    except OSError as e:
        return errno_name(e.errno)


def errno_name(number):
    import errno

    return errno.errorcode.get(number, str(number))


def eventually(condition, what, limit=20):
    """Wait until a condition holds that another process or the host brings about."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        time.sleep(0.01)


def in_child(function, *arguments):
    """Run in another process; its failure is this case's failure."""
    finish(start_child(function, *arguments))


def start_child(function, *arguments):
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _run_and_exit(writing, function, *arguments)
    os.close(writing)
    return pid, reading


def finish(child):
    pid, reading = child
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode(errors="replace")
    status = os.waitpid(pid, 0)[1]
    if status != 0:
        raise AssertionError("in another process: " + (message or f"wait status {status}"))


def as_user(uid, gid, groups, function, *arguments):
    """Run in another process as another user."""

    def become():
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        function(*arguments)

    in_child(become)


def _run_and_exit(writing, function, *arguments):
    status = 1
    try:
        function(*arguments)
        os.write(writing, b"" if _value is None else b"=" + _value.encode())
        status = 0
    except Skip as e:
        os.write(writing, str(e).encode())
        status = 2
    except BaseException as e:  # pylint: disable=broad-except
        places = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__)]
        os.write(writing, f"{type(e).__name__}: {e} (at {' > '.join(places[1:])})".encode(errors="replace"))
    finally:
        os._exit(status)


def _short(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


def run_case(function, folder):
    """The line that reports the case."""
    name = function.__name__
    missing = [need for need in function.needs if need not in have]
    if missing:
        return f"skip {name}: needs {', '.join(missing)}"
    excluded = [other for other in function.without if other in have]
    if excluded:
        return f"skip {name}: is for servers without {', '.join(excluded)}"
    place = os.path.join(folder, name)

    def work():
        os.umask(0o022)
        os.mkdir(place, 0o755)
        os.chmod(place, 0o755)
        os.chdir(place)
        function()

    pid, reading = start_child(work)
    message = b""
    end = time.monotonic() + function.limit
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                os.kill(pid, signal.SIGKILL)
                return f"not ok {name}: hangs, ended after {function.limit} s{_where(pid)}"
            piece = pipe.read(65536)
            if not piece:
                break
            message += piece
    status = os.waitpid(pid, 0)[1]
    text = " ".join(message.decode(errors="replace").split())
    if status == 0:
        return f"ok {name} = {text[1:]}" if text.startswith("=") else f"ok {name}"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 2:
        return f"skip {name}: {text}"
    return f"not ok {name}: {text or f'wait status {status}'}"


def _where(pid):
    """A process that cannot be killed waits in the kernel for an answer."""
    for _ in range(200):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return ""
        time.sleep(0.01)
    try:
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            return f", still waiting in {file.read()}"
    except OSError:
        return ", and cannot be killed"


def main():
    """Run the cases of all modules imported so far."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", help="the cases work in here; an empty folder")
    parser.add_argument("--with", dest="having", default="", help="what server and machine have, separated by commas")
    parser.add_argument("--only", default="", help="run only these, separated by commas")
    options = parser.parse_args()
    have.update(word for word in options.having.split(",") if word)
    if os.geteuid() == 0 and "unprivileged" not in have:
        have.add(ROOT)
    only = set(options.only.split(",")) if options.only else None
    folder = os.path.abspath(options.folder)
    hanging = 0
    for function in _all:
        if only is None or function.__name__ in only:
            if hanging == MOST_HANGING:
                line = f"not ok {function.__name__}: not run, as {hanging} cases before it hang"
            else:
                line = run_case(function, folder)
            hanging += ": hangs" in line
            print(line, flush=True)
    print("cases end", flush=True)
