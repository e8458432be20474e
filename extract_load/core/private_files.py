"""Files that only their owner can read: the umask of the process, and modes that are set one by one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

PRIVATE_UMASK = 0o077
_NO_MODES = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS})


def keep_files_private() -> None:
    """Let this process and those that it starts make files and folders for their owner alone."""
    os.umask(PRIVATE_UMASK)


def set_mode(path: Path, mode: int) -> None:
    """Set the mode of a file or folder where that is possible: some shares know no modes, some folders are not ours."""
    try:
        path.chmod(mode)
    except OSError as error:
        if error.errno not in _NO_MODES:
            raise


def let_pass(folder: Path) -> None:
    """Let every user pass through a folder to a file whose name they know; they can't list it."""
    set_mode(folder, folder.stat().st_mode & 0o7777 | 0o011)
