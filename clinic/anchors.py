"""Heads of the audit chains, noted in a file apart from the database: so that a tail that was cut off is missed.

A chain shows by itself that nothing in it was changed; it cannot show that its last entries are gone. The file only
grows, one line a note: when, whose chain, the number of its last entry, and that entry's hash.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from clinic import audit
from clinic.audit import Broken, Head

EVERY = timedelta(minutes=1)
"""A head is noted this often at most: a full day's work is some five hundred lines, 50 KB."""

TAIL = 64 * 1024
"""Bytes of the file in which the last note of each practice stands: what is to be noted anew is told by these."""

RESTORED = "restored"


@dataclass(frozen=True)
class Note:
    """One line of the file; after a restore the chain begins anew from the head that the backup had."""

    at: datetime
    head: Head
    is_restore: bool = False

    def written(self) -> str:
        words = [self.at.isoformat(), self.head.practice_id, self.head.seq, self.head.hash]
        return " ".join(map(str, words + [RESTORED] * self.is_restore))


def read(file: Path, *, last: int | None = None) -> list[Note]:
    """All notes, the oldest first, or those in the last bytes; a last line that a power cut tore is none."""
    if not file.exists():
        return []
    with file.open("rb") as open_file:
        begins = max(0, file.stat().st_size - last) if last else 0
        open_file.seek(begins)
        lines = open_file.read().decode("ascii").split("\n")[:-1]
    return [_read(line.split()) for line in (lines[1:] if begins else lines)]


def _read(words: list[str]) -> Note:
    head = Head(UUID(words[1]), int(words[2]), words[3])
    return Note(datetime.fromisoformat(words[0]), head, words[4:] == [RESTORED])


def note(file: Path, heads: Iterable[Head], now: datetime, *, every: timedelta = EVERY) -> int:
    """Write down the heads that moved since they were noted last, unless that was just now; how many were written."""
    last = {one.head.practice_id: one for one in read(file, last=TAIL)}
    moved = [
        Note(now, head)
        for head in heads
        if (before := last.get(head.practice_id)) is None
        or (before.head != head and now - before.at >= every)
    ]
    append(file, moved)
    return len(moved)


def append(file: Path, notes: list[Note]) -> None:
    """Add lines, on the disk when this returns."""
    if not notes:
        return
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="ascii") as open_file:
        open_file.write("".join(f"{one.written()}\n" for one in notes))
        open_file.flush()
        os.fsync(open_file.fileno())


def first_missing(connection: Connection, notes: list[Note], practice_id: UUID) -> Broken | None:
    """The first entry that was there when a head was noted and is not there now, or is another."""
    of = [one for one in notes if one.head.practice_id == practice_id]
    begins = max((place for place, one in enumerate(of) if one.is_restore), default=0)
    for one in of[begins:]:
        found = audit.hash_at(connection, practice_id, one.head.seq)
        if found is None:
            last = max(
                (head.seq for head in audit.heads(connection) if head.practice_id == practice_id), default=0
            )
            return Broken(
                last + 1, f"and all after it are gone; on {one.at:%B %d, %Y} there were {one.head.seq}"
            )
        if found != one.head.hash:
            return Broken(one.head.seq, f"is another than on {one.at:%B %d, %Y}")
    return None
