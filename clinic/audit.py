"""The audit trail: who did which verb to which row, chained by keyed hashes; never a text that anybody wrote.

The database refuses to change or take away an entry. Who gets around that cannot make the chain fit again without the
practice's key; a tail that was cut off is found by the heads that anchors.py keeps apart.
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    CursorResult,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Uuid,
    bindparam,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from clinic.access import Viewer
from clinic.clock import now
from clinic.extensions import Base, Instant, append_only, db, transactions

WORDS = {"words", "opening", "note_to_counselor"}
"""Tables of what a partner sent, and of what was opened of it; who of the practice read these, that partner is told."""


Opened = Mapping[tuple[str, str], set[str]]
"""Ids of rows that were opened, by table and owner."""


class AuditEvent(Base):
    """One entry of a practice's chain. `detail` holds ids, counts and fixed words only."""

    __tablename__ = "audit_event"
    practice_id: Mapped[UUID]
    seq: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]  # a person; None is the house itself
    verb: Mapped[str]
    subject: Mapped[str]  # a table's name, or "request" for a reading
    subject_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    previous: Mapped[str]
    hash: Mapped[str]
    __table_args__ = (Index("uq_audit_event_chain", "practice_id", "seq", unique=True),)


class WordsRead(Base):
    """Whose words a member of staff read in one request: the entry of the trail again, to be found by owner."""

    __tablename__ = "audit_reading"
    event_id: Mapped[UUID] = mapped_column(ForeignKey("audit_event.id"))
    owner_id: Mapped[UUID]  # a partner, or a couple for what is joint
    reader_id: Mapped[UUID]  # a person
    at: Mapped[datetime]
    kind: Mapped[str]  # the table that was read
    __table_args__ = (Index("ix_audit_reading_owner", "owner_id", "at"),)


ABOUT = Table(
    "audit_about",
    Base.metadata,
    Column("couple_id", Uuid, nullable=False),
    Column("at", Instant, nullable=False),
    Column("event_id", Uuid, nullable=False),
    PrimaryKeyConstraint("couple_id", "at", "event_id"),
)
"""Which entries are about a couple: what their `detail` says under `couples`, to be found by couple."""

TELL_AND_FIND = {
    "audit_event_told": (
        "$.told",
        "INSERT INTO audit_reading (id, event_id, owner_id, reader_id, at, kind) "
        "SELECT lower(hex(randomblob(16))), NEW.id, replace(substr(value, instr(value, ':') + 1), '-', ''), "
        "NEW.actor_id, NEW.at, substr(value, 1, instr(value, ':') - 1) FROM json_each(NEW.detail, '$.told')",
    ),
    "audit_event_about": (
        "$.couples",
        "INSERT INTO audit_about (couple_id, at, event_id) "
        "SELECT replace(value, '-', ''), NEW.at, NEW.id FROM json_each(NEW.detail, '$.couples')",
    ),
}
"""What the database does with each new entry, by name of the trigger: no writer can forget it, no page pays for it."""


def tell_and_find(connection: Connection) -> None:
    """Lay the triggers, for when all three tables are there."""
    for name, (path, act) in TELL_AND_FIND.items():
        connection.exec_driver_sql(
            f"CREATE TRIGGER {name} AFTER INSERT ON audit_event "
            f"WHEN json_extract(NEW.detail, '{path}') IS NOT NULL BEGIN {act}; END"
        )


def couple_of(row: Base) -> UUID | None:
    """The couple that a row is about, by what is at hand of it; None for what is about none."""
    if row.__tablename__ == "couple":
        return row.id
    found: UUID | None = getattr(row, "couple_id", None)
    for name in ("reflection", "assignment", "partner"):
        if found is None and (related := getattr(row, name, None)) is not None:
            found = related.couple_id
    return found


def record(viewer: Viewer, verb: str, row: Base, **detail: Any) -> None:
    """Note an act in the running transaction: it is there exactly when the act is."""
    practice_id = viewer.practice_id or getattr(row, "practice_id", None)
    if practice_id is None:
        raise ValueError(f"{verb}: no practice to note this act for")
    db.session.flush()
    if couple_id := couple_of(row):
        detail["couples"] = [str(couple_id)]
    _append(db.session.connection(), practice_id, viewer, verb, row.__tablename__, row.id, detail)


def note_reading(
    connection: Connection, viewer: Viewer, purpose: str, rows: Opened, couples: Iterable[str] = ()
) -> None:
    """Note a reading in the running transaction: which rows were opened, and about which couples they are."""
    if viewer.practice_id is None:
        raise ValueError(f"{purpose}: no practice to note this reading for")
    named = {f"{table}:{owner}": sorted(ids) for (table, owner), ids in sorted(rows.items())}
    detail: dict[str, Any] = {"purpose": purpose, "rows": named}
    if about := sorted(couples):
        detail["couples"] = about
    own = {str(id_) for side in viewer.sides for id_ in (side.partner_id, side.couple_id)}
    told = [place for place in sorted(rows) if place[0] in WORDS and viewer.is_staff and place[1] not in own]
    if told:
        detail["told"] = [f"{table}:{owner}" for table, owner in told]
    _append(connection, viewer.practice_id, viewer, "read", "request", None, detail)


def record_reading(viewer: Viewer, purpose: str, rows: Opened, couples: Iterable[str] = ()) -> None:
    """The same in a short transaction of its own: the request that reads cannot write anything else."""
    with transactions(write=True), db.engine.begin() as connection:
        note_reading(connection, viewer, purpose, rows, couples)


_LAST = (
    select(AuditEvent.seq, AuditEvent.hash)
    .where(AuditEvent.practice_id == bindparam("practice_id"))
    .order_by(AuditEvent.seq.desc())
    .limit(1)
)

_COLUMNS = tuple(column.key for column in AuditEvent.__table__.columns)
_ADD = insert(cast(Table, AuditEvent.__table__))
"""By the table: what the ORM does for an insert of one plain row cost more than the row."""


def _append(
    connection: Connection,
    practice_id: UUID,
    viewer: Viewer,
    verb: str,
    subject: str,
    subject_id: UUID | None,
    detail: dict[str, Any],
) -> AuditEvent:
    last = connection.execute(_LAST, {"practice_id": practice_id}).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, "")
    entry = AuditEvent(
        practice_id=practice_id,
        seq=seq,
        at=now(),
        actor_id=viewer.person_id,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        detail=detail,
        previous=previous,
    )
    entry.hash = digest(entry, chain_key(connection, practice_id))
    connection.execute(_ADD, {name: getattr(entry, name) for name in _COLUMNS})
    return entry


# The chain

_key_source: list[Callable[[Connection, UUID], bytes]] = []


def keyed_by(source: Callable[[Connection, UUID], bytes]) -> None:
    """The vault, which stands on this file, hands in where the key of a practice's chain comes from."""
    _key_source[:] = [source]


def chain_key(connection: Connection, practice_id: UUID) -> bytes:
    """The key (32 bytes) of a practice's chain; it outlives a change of the master key."""
    return _key_source[0](connection, practice_id)


def digest(entry: "AuditEvent | Row[Any]", key: bytes) -> str:
    """HMAC-SHA-256 (hex) of an entry with the hash of the one before it."""
    parts = [entry.practice_id, entry.seq, entry.at.isoformat(), entry.actor_id, entry.verb, entry.subject]
    detail = json.dumps(entry.detail, sort_keys=True, default=str)
    body = [*map(str, parts), str(entry.subject_id), detail, entry.previous]
    return hmac.new(key, "\x1f".join(body).encode(), "sha256").hexdigest()


@dataclass(frozen=True)
class Head:
    """The last entry of a practice's chain."""

    practice_id: UUID
    seq: int
    hash: str


@dataclass(frozen=True)
class Broken:
    """The first entry of a chain that is not as it was written."""

    seq: int
    why: str


def heads(connection: Connection) -> list[Head]:
    """The last entry of every chain."""
    last = select(AuditEvent.practice_id, func.max(AuditEvent.seq).label("seq")).group_by(
        AuditEvent.practice_id
    )
    ends = last.subquery()
    same = (AuditEvent.practice_id == ends.c.practice_id) & (AuditEvent.seq == ends.c.seq)
    found = select(AuditEvent.practice_id, AuditEvent.seq, AuditEvent.hash).join(ends, same)
    return [Head(*row) for row in connection.execute(found)]


def hash_at(connection: Connection, practice_id: UUID, seq: int) -> str | None:
    """The hash of one entry; None when it is not there."""
    one = select(AuditEvent.hash).where(AuditEvent.practice_id == practice_id, AuditEvent.seq == seq)
    return connection.execute(one).scalar()


def first_broken(connection: Connection, practice_id: UUID) -> Broken | None:
    """Go through a practice's chain from its beginning; None when every entry is as it was written, and told."""
    broken = first_unlike(_entries(connection, practice_id), chain_key(connection, practice_id))
    return broken or _first_untold(connection, practice_id) or _first_not_found(connection, practice_id)


def _first_untold(connection: Connection, practice_id: UUID) -> Broken | None:
    """The first reading of which those whose words were read are told something else than the chain says."""
    seen = select(WordsRead.event_id, WordsRead.kind, WordsRead.owner_id, WordsRead.reader_id, WordsRead.at)
    rows = connection.execute(
        seen.join(AuditEvent, AuditEvent.id == WordsRead.event_id).where(
            AuditEvent.practice_id == practice_id
        )
    )
    there: dict[UUID, set[tuple[str, UUID, datetime]]] = {}
    for row in rows:
        there.setdefault(row.event_id, set()).add((f"{row.kind}:{row.owner_id}", row.reader_id, row.at))
    for entry in _entries(connection, practice_id):
        told = {(name, entry.actor_id, entry.at) for name in entry.detail.get("told", ())}
        if told and told != there.get(entry.id):
            return Broken(entry.seq, "is told otherwise to those whose words were read")
    return None


_NOT_FOUND = text(
    "SELECT min(one.seq) FROM audit_event AS one, json_each(one.detail, '$.couples') AS couple "
    "WHERE one.practice_id = :practice_id AND NOT EXISTS (SELECT 1 FROM audit_about AS about WHERE "
    "about.event_id = one.id AND about.at = one.at AND about.couple_id = replace(couple.value, '-', ''))"
)


def _first_not_found(connection: Connection, practice_id: UUID) -> Broken | None:
    """The first entry that is about a couple and not found by it."""
    seq = connection.execute(_NOT_FOUND, {"practice_id": practice_id.hex}).scalar()
    return Broken(seq, "is not found by the couple that it is about") if seq else None


def first_unlike(entries: Iterable["AuditEvent | Row[Any]"], key: bytes) -> Broken | None:
    """The first of the entries, in the order of their numbers, that was not written there as it stands."""
    previous = ""
    for number, entry in enumerate(entries, start=1):
        if entry.seq != number:
            return Broken(number, "is missing" if entry.seq > number else "stands there twice")
        if entry.previous != previous or not hmac.compare_digest(entry.hash, digest(entry, key)):
            return Broken(number, "was changed")
        previous = entry.hash
    return None


def chain_anew(connection: Connection) -> None:
    """Hash every chain as this version does: for the migration from chains that had no key, and for nothing else."""
    for head in heads(connection):
        key, previous = chain_key(connection, head.practice_id), ""
        for row in _entries(connection, head.practice_id).all():
            entry = AuditEvent(**{**row._mapping, "previous": previous})
            previous = digest(entry, key)
            values = {"previous": entry.previous, "hash": previous}
            connection.execute(update(AuditEvent).where(AuditEvent.id == row.id).values(values))


def _entries(connection: Connection, practice_id: UUID) -> CursorResult[Any]:
    """A chain from its beginning, a thousand entries in memory at a time."""
    of = select(*AuditEvent.__table__.columns).where(AuditEvent.practice_id == practice_id)
    return connection.execute(of.order_by(AuditEvent.seq).execution_options(yield_per=1000))


for kind in (AuditEvent.__table__, WordsRead.__table__, ABOUT):
    event.listen(kind, "after_create", append_only(str(kind.description)))
event.listen(ABOUT, "after_create", lambda _table, connection, **_: tell_and_find(connection))


@event.listens_for(AuditEvent, "before_update")
@event.listens_for(AuditEvent, "before_delete")
@event.listens_for(WordsRead, "before_update")
@event.listens_for(WordsRead, "before_delete")
def _append_only(*_: object) -> None:
    raise RuntimeError("the audit trail is append-only")
