"""Which entries of the trail are about a couple can be found by the couple, also those of before.

From now on the database tells those whose words were read, and finds by couple, as each entry is written.
What is written from now on says it itself, under the hash; for older entries the rows that they name tell.

Revision: 0014; after: 0013.
"""

# ruff: noqa: S608  # every name in these statements stands in this file

import sqlalchemy as sa
from alembic import op

from clinic.audit import TELL_AND_FIND, tell_and_find
from clinic.extensions import Instant, append_only

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SUBJECTS = (
    *("agenda_item", "appointment", "assignment", "concern", "couple_counselor", "disclosure", "document"),
    *("emergency_access", "ending", "flag", "legal_hold", "note_to_counselor", "partner", "records_request"),
    *("reflection", "round", "safety_clearance", "safety_screening", "turn"),
)
"""Tables of subjects that name their couple."""

BY_ANOTHER = {"consent_signature": "partner", "invitation": "partner", "recipient": "assignment"}
"""Those that name a row which does."""

INTO = "INSERT OR IGNORE INTO audit_about (couple_id, at, event_id) "


def upgrade() -> None:
    op.create_table(
        "audit_about",
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("couple_id", "at", "event_id", name=op.f("pk_audit_about")),
    )
    op.execute(
        f"{INTO}SELECT subject_id, at, id FROM audit_event WHERE subject = 'couple' AND subject_id IS NOT NULL"
    )
    for table in SUBJECTS:
        op.execute(
            f"{INTO}SELECT row.couple_id, one.at, one.id FROM audit_event AS one "
            f"JOIN \"{table}\" AS row ON row.id = one.subject_id WHERE one.subject = '{table}'"
        )
    for table, named in BY_ANOTHER.items():
        op.execute(
            f"{INTO}SELECT other.couple_id, one.at, one.id FROM audit_event AS one "
            f'JOIN "{table}" AS row ON row.id = one.subject_id JOIN "{named}" AS other ON other.id = row.{named}_id '
            f"WHERE one.subject = '{table}'"
        )
    _readings()
    append_only("audit_about")(None, op.get_bind())
    tell_and_find(op.get_bind())


def _readings() -> None:
    """By the owners of what was opened: a partner, or the couple."""
    owner = "replace(substr(row.key, instr(row.key, ':') + 1), '-', '')"
    op.execute(
        f"{INTO}SELECT coalesce(partner.couple_id, couple.id), one.at, one.id "
        f"FROM audit_event AS one, json_each(one.detail, '$.rows') AS row "
        f"LEFT JOIN partner ON partner.id = {owner} LEFT JOIN couple ON couple.id = {owner} "
        "WHERE one.verb = 'read' AND coalesce(partner.couple_id, couple.id) IS NOT NULL "
        "AND row.key NOT LIKE 'draft:%' AND row.key NOT LIKE 'kept_%'"
    )


def downgrade() -> None:
    for name in TELL_AND_FIND:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("audit_about")
