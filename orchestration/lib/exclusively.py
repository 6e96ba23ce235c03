"""Become another program while holding a lock file.

    python exclusively.py LOCK PROGRAM [ARGUMENT]...

The lock is taken before the program replaces this one and is given back by the kernel when that program ends. So two
builds never meet, even when the process that started the first was killed and the build lives on.
"""

import fcntl
import os
import sys


def main() -> None:
    """Wait for the lock, then become the program."""
    lock, program, *arguments = sys.argv[1:]
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)
    os.execv(program, [program, *arguments])  # noqa: S606 - the caller's own program


if __name__ == "__main__":
    main()
