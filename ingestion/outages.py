"""What the machine did wrong, not the data: a full disk, a folder that cannot be written, a server that has gone.

the error of the system or the driver -> a `WarehouseError` of one line that names the disk, the folder or the host
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ingestion.errors import WarehouseError

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNWRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def told_plainly(where: str, hint: str = "") -> Iterator[None]:
    """Raise what happens to the disk that holds `where`, or to the warehouse's server, as a `WarehouseError`."""
    try:
        yield
    except (OSError, psycopg.OperationalError) as error:
        if found := plain(error, where, hint):
            raise found from None
        raise


def plain(error: Exception, where: str, hint: str = "") -> WarehouseError | None:
    """The one line about an outage; None for any other error."""
    if isinstance(error, psycopg.errors.DiskFull):
        return WarehouseError(f"the disk is full: {error.diag.message_primary}", "warehouse", hint)
    if isinstance(error, psycopg.OperationalError):
        # without a primary message no statement was running, so that the driver's words quote no row
        what = error.diag.message_primary or str(error)
        return WarehouseError(what, "warehouse", "; ".join(filter(None, (hint, "see `moodmart status`"))))
    if not isinstance(error, OSError):
        return None
    if error.errno in DISK_FULL:
        return WarehouseError("the disk is full", where, hint)
    if error.errno in UNWRITABLE:
        return WarehouseError(f"cannot be used: {error.strerror}", str(error.filename or where), hint)
    return None
