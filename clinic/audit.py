"""The audit trail: who did which verb to which row, chained by hashes; never a text that anybody wrote."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Connection, Index, event, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from clinic.access import Viewer
from clinic.clock import now
from clinic.extensions import Base, db, transactions


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


def record(viewer: Viewer, verb: str, row: Base, **detail: Any) -> None:
    """Note an act in the running transaction: it is there exactly when the act is."""
    practice_id = viewer.practice_id or getattr(row, "practice_id", None)
    if practice_id is None:
        raise ValueError(f"{verb}: no practice to note this act for")
    db.session.flush()
    _append(db.session.connection(), practice_id, viewer, verb, row.__tablename__, row.id, detail)


def record_apart(viewer: Viewer, verb: str, subject: str, practice_id: UUID, **detail: Any) -> None:
    """Note a reading in a short transaction of its own: the request that reads cannot write anything else."""
    with transactions(write=True), db.engine.begin() as connection:
        _append(connection, practice_id, viewer, verb, subject, None, detail)


def _append(
    connection: Connection,
    practice_id: UUID,
    viewer: Viewer,
    verb: str,
    subject: str,
    subject_id: UUID | None,
    detail: dict[str, Any],
) -> None:
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


def digest(entry: AuditEvent) -> str:
    """SHA-256 (hex) of an entry with the hash of the one before it."""
    parts = [entry.practice_id, entry.seq, entry.at.isoformat(), entry.actor_id, entry.verb, entry.subject]
    detail = json.dumps(entry.detail, sort_keys=True, default=str)
    body = [*map(str, parts), str(entry.subject_id), detail, entry.previous]
    return hashlib.sha256("\x1f".join(body).encode()).hexdigest()


@event.listens_for(AuditEvent, "before_update")
@event.listens_for(AuditEvent, "before_delete")
def _append_only(*_: object) -> None:
    raise RuntimeError("the audit trail is append-only")
