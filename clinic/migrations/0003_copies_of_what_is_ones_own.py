"""Copies of what is one's own: asked for, made in the background, deleted after a week."""

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_copy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_own_copy_practice_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_own_copy_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_copy")),
    )
    op.create_index(op.f("ix_own_copy_person_id"), "own_copy", ["person_id"])
    op.create_index("ix_own_copy_state", "own_copy", ["state", "asked_at"])


def downgrade() -> None:
    op.drop_table("own_copy")
