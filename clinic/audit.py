"""The audit trail: who did which verb to which row, chained by hashes; never a text that anybody wrote."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Connection, ForeignKey, Index, event, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from clinic.access import Viewer
from clinic.clock import now
from clinic.extensions import Base, db, transactions

WORDS = {"words", "note_to_counselor"}
"""Tables of what a partner sent; who of the practice read these is told to that partner."""


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


def record(viewer: Viewer, verb: str, row: Base, **detail: Any) -> None:
    """Note an act in the running transaction: it is there exactly when the act is."""
    practice_id = viewer.practice_id or getattr(row, "practice_id", None)
    if practice_id is None:
        raise ValueError(f"{verb}: no practice to note this act for")
    db.session.flush()
    _append(db.session.connection(), practice_id, viewer, verb, row.__tablename__, row.id, detail)


def record_reading(
    viewer: Viewer, practice_id: UUID, purpose: str, rows: Mapping[tuple[str, str], set[str]]
) -> None:
    """Note a reading in a short transaction of its own: the request that reads cannot write anything else.

    `rows` are the ids that were opened, by table and owner.
    """
    named = {f"{table}:{owner}": sorted(ids) for (table, owner), ids in sorted(rows.items())}
    detail = {"purpose": purpose, "rows": named}
    with transactions(write=True), db.engine.begin() as connection:
        entry = _append(connection, practice_id, viewer, "read", "request", None, detail)
        told = [_words_read(entry, table, owner) for table, owner in sorted(rows) if table in WORDS]
        if told and viewer.is_staff:
            connection.execute(insert(WordsRead), told)


def _words_read(entry: AuditEvent, table: str, owner: str) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "event_id": entry.id,
        "owner_id": UUID(owner),
        "reader_id": entry.actor_id,
        "at": entry.at,
        "kind": table,
    }


def _append(
    connection: Connection,
    practice_id: UUID,
    viewer: Viewer,
    verb: str,
    subject: str,
    subject_id: UUID | None,
    detail: dict[str, Any],
) -> AuditEvent:
    last = connection.execute(
        select(AuditEvent.seq, AuditEvent.hash)
        .where(AuditEvent.practice_id == practice_id)
        .order_by(AuditEvent.seq.desc())
        .limit(1)
    ).first()
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
    entry.hash = digest(entry)
    columns = {column.key: getattr(entry, column.key) for column in AuditEvent.__table__.columns}
    connection.execute(insert(AuditEvent).values(columns))
    return entry


def digest(entry: AuditEvent) -> str:
    """SHA-256 (hex) of an entry with the hash of the one before it."""
    parts = [entry.practice_id, entry.seq, entry.at.isoformat(), entry.actor_id, entry.verb, entry.subject]
    detail = json.dumps(entry.detail, sort_keys=True, default=str)
    body = [*map(str, parts), str(entry.subject_id), detail, entry.previous]
    return hashlib.sha256("\x1f".join(body).encode()).hexdigest()


@event.listens_for(AuditEvent, "before_update")
@event.listens_for(AuditEvent, "before_delete")
@event.listens_for(WordsRead, "before_update")
@event.listens_for(WordsRead, "before_delete")
def _append_only(*_: object) -> None:
    raise RuntimeError("the audit trail is append-only")
