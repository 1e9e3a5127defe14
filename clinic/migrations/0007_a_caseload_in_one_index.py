"""Whoever works with two thousand couples finds the thirty of a page in an index, without their rows."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_couple_in_care", "couple", ["id", "practice_id", "closed_at", "attention_at"])


def downgrade() -> None:
    op.drop_index("ix_couple_in_care", "couple")
