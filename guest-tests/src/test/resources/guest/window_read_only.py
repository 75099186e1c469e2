"""The files of window_matrix.py on a share that is read-only:

    window_read_only.py make FOLDER     on the host, before it is shared
    window_read_only.py read FOLDER     in the guest; each file is a case
"""

import errno
import mmap
import os
import sys

from cases import fails
from opening import put
from window_matrix import FILES, mapped, reads


def read(name, content):
    fails(errno.EROFS, os.open, name, os.O_RDWR)
    fd = os.open(name, os.O_RDONLY)
    mapped(fd, content, mmap.PROT_READ)
    reads(fd, content)


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    for file, expected in FILES.items():
        if sys.argv[1] == "make":
            put(file, expected)
            continue
        try:
            read(file, expected)
            print(f"ok file_of_{file}__is_read_on_a_read_only_share", flush=True)
        except (AssertionError, OSError) as e:
            print(f"not ok file_of_{file}__is_read_on_a_read_only_share: {e}", flush=True)
    print("cases end", flush=True)
