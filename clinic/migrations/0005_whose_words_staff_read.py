"""Whose words a member of staff read can be found by their owner, also for what was read before.

Revision: 0005; after: 0004.
"""

import json
import uuid

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORDS = ("words", "note_to_counselor")


def upgrade() -> None:
    op.create_table(
        "audit_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_reading_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_reading")),
    )
    op.create_index("ix_audit_reading_owner", "audit_reading", ["owner_id", "at"], unique=False)
    _tell_what_was_read()


def _tell_what_was_read() -> None:
    """Of every reading that the trail holds, by whoever works here or did."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT id, actor_id, at, detail FROM audit_event "
            "WHERE verb = 'read' AND actor_id IN (SELECT person_id FROM staff_member)"
        )
    )
    into = sa.table(
        "audit_reading",
        *(sa.column(name) for name in ("id", "event_id", "owner_id", "reader_id", "at", "kind")),
    )
    rows = [
        {
            "id": uuid.uuid4().hex,
            "event_id": entry,
            "owner_id": uuid.UUID(owner).hex,
            "reader_id": actor,
            "at": at,
            "kind": kind,
        }
        for entry, actor, at, detail in found
        for kind, _, owner in (name.partition(":") for name in _detail(detail).get("rows", {}))
        if kind in WORDS
    ]
    if rows:
        op.bulk_insert(into, rows)


def _detail(stored: object) -> dict[str, dict[str, object]]:
    detail: dict[str, dict[str, object]] = json.loads(stored) if isinstance(stored, str) else stored  # type: ignore[assignment]
    return detail


def downgrade() -> None:
    op.drop_index("ix_audit_reading_owner", table_name="audit_reading")
    op.drop_table("audit_reading")
