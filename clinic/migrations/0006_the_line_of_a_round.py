"""Each round carries the line that a caseload shows of it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _mark(position: int) -> str:
    """One partner's part of a round, as homework/summary.py writes it."""
    return f"""(SELECT CASE
            WHEN count(*) = 0 THEN 'none'
            WHEN sum(turn.state IN ('sent', 'agreed')) = count(*) THEN 'done'
            WHEN sum(turn.state IN ('sent', 'agreed')) > 0 THEN 'partly'
            WHEN sum(turn.state IN ('open', 'returned', 'proposed')) = 0 THEN 'past'
            ELSE 'open ' || max(CASE WHEN turn.state IN ('open', 'returned', 'proposed')
                THEN coalesce(substr(turn.until, 1, 19), '9999') ELSE '' END) END
        FROM turn JOIN partner ON partner.couple_id = round.couple_id AND partner.position = {position}
        WHERE turn.round_id = round.id AND turn.state <> 'waiting'
            AND (turn.partner_id IS NULL OR turn.partner_id = partner.id))"""  # noqa: S608  # numbers of our own


OPENED = (
    "EXISTS (SELECT 1 FROM round_event WHERE round_event.round_id = round.id AND round_event.kind = 'opened')"
)
SENT = "coalesce((SELECT substr(max(turn.sent_at), 1, 19) FROM turn WHERE turn.round_id = round.id), '')"
KEPT = "assignment_id NOT IN (SELECT id FROM assignment WHERE state = 'recalled')"
LINE = " || '|' || ".join([_mark(1), _mark(2), OPENED, SENT])


def upgrade() -> None:
    op.add_column("round", sa.Column("glance", sa.String(), nullable=True))
    op.execute(f"UPDATE round SET glance = {LINE} WHERE {KEPT}")  # noqa: S608
    op.drop_index("ix_round_couple", "round")
    op.create_index("ix_round_couple", "round", ["couple_id", "opens_at", "glance"])


def downgrade() -> None:
    op.drop_index("ix_round_couple", "round")
    op.create_index("ix_round_couple", "round", ["couple_id", "opens_at"])
    op.drop_column("round", "glance")
