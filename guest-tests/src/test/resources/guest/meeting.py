"""Programs that run twice at once, in a guest and on its host, and meet in a shared folder:

    PROGRAM guest FOLDER [--with WORDS]
    PROGRAM host FOLDER [--with WORDS]

Both go through the same cases in step, each with its part, and meet by files in FOLDER.
"""

import argparse
import os
import sys
import traceback

from cases import eventually
from opening import put

LIMIT = 30
BOOT_LIMIT = 240

_cases = []


def pair(*needs):
    """Declare a case: a function of a Meeting, whose `host` tells which side it is."""

    def declare(function):
        add(function.__name__, function, *needs)
        return function

    return declare


def add(name, function, *needs):
    """The same for a case whose name is made."""
    _cases.append((name, function, needs))


class Meeting:
    """How the two sides of a case meet. Each says its words once."""

    def __init__(self, folder, name, host):
        self._place = os.path.join(folder, name + ".meeting")
        self.host = host
        os.makedirs(self._place, exist_ok=True)

    def say(self, word):
        put(os.path.join(self._place, word))

    def hear(self, word, limit=LIMIT):
        other = os.path.join(self._place, "guest-failed" if self.host else "host-failed")

        def said():
            if os.path.exists(other):
                raise AssertionError("the other side failed")
            return os.path.exists(os.path.join(self._place, word))

        eventually(said, f"the other side says '{word}'", limit)

    def fail(self):
        self.say("host-failed" if self.host else "guest-failed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("guest", "host"))
    parser.add_argument("folder")
    parser.add_argument("--with", dest="having", default="")
    options = parser.parse_args()
    having = set(options.having.split(","))
    folder = os.path.abspath(options.folder)
    host = options.side == "host"
    os.umask(0o022)
    start = Meeting(folder, "start", host)
    if host:
        start.hear("arrived", BOOT_LIMIT)
    else:
        start.say("arrived")
    for name, function, needs in _cases:
        missing = [need for need in needs if need not in having]
        if missing:
            print(f"skip {name}: needs {', '.join(missing)}", flush=True)
            continue
        meet = Meeting(folder, name, host)
        place = os.path.join(folder, name)
        # The host begins each case: the guest must find its folder.
        if host:
            os.makedirs(place)
            meet.say("begin")
        try:
            meet.hear("begin", 60)
        except AssertionError as e:
            print(f"not ok {name}: {e}", flush=True)
            break
        try:
            os.chdir(place)
            function(meet)
            print(f"ok {name}", flush=True)
        except Exception as e:  # pylint: disable=broad-except
            meet.fail()
            places = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(e.__traceback__)]
            text = " ".join(f"{type(e).__name__}: {e} (at {' > '.join(places)})".split())
            print(f"not ok {name}: {text}", flush=True)
        os.chdir(folder)
    print("cases end", flush=True)
    sys.exit(0)

