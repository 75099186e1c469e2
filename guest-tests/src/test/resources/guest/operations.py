"""Every operation on files by real system calls: its effect and its errors."""

# Imported for the cases that they declare.
import acls  # noqa: F401
import attributes  # noqa: F401
import contents  # noqa: F401
import directories  # noqa: F401
import locks  # noqa: F401
import naming  # noqa: F401
import opening  # noqa: F401
import users  # noqa: F401
import xattrs  # noqa: F401
from cases import main

if __name__ == "__main__":
    main()
