"""Which files go through the window: a line `NAME dax` or `NAME requests` for each file of a folder, and that they can be read."""

import os
import sys

import calls
from opening import get

STATX_ATTR_DAX = 0x200000

if __name__ == "__main__":
    for name in sorted(os.listdir(sys.argv[1])):
        path = os.path.join(sys.argv[1], name)
        read = get(path) == name[0].encode() * os.stat(path).st_size
        statx = calls.Statx(path)
        print(sys.argv[2], name, "dax" if statx.attributes & STATX_ATTR_DAX else "requests",
              "read" if read else "READ WRONG", flush=True)
