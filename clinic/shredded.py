"""The list of keys that were shredded, in a file apart from the database: what an old copy brings back goes again.

A backup of before holds the key still, and nobody can reach into it. So each shredded key is written down by its id,
one line each, before it is deleted; a restore reads the list and shreds again. It tells of nobody: ids are random.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

BESIDE_BACKUPS = "goldseam.shredded"
"""The same list in the folder of the backups, so that it travels with them to another machine."""


def read(*files: Path) -> set[UUID]:
    """The ids in these lists together; a last line that a power cut tore is none."""
    found: set[UUID] = set()
    for file in files:
        lines = file.read_text(encoding="ascii").split("\n")[:-1] if file.exists() else []
        found |= {UUID(line.split()[1]) for line in lines}
    return found


def append(files: Iterable[Path], ids: Iterable[UUID], now: datetime) -> None:
    """Add what a list does not have yet, on the disk when this returns."""
    wanted = set(ids)
    for file in files:
        new = sorted(wanted - read(file))
        if new:
            _write(file, [f"{now.isoformat()} {one}" for one in new])


def _write(file: Path, lines: list[str]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="ascii") as open_file:
        open_file.write("".join(f"{line}\n" for line in lines))
        open_file.flush()
        os.fsync(open_file.fileno())
