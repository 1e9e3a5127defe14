"""What staff typed into a form that could not be carried out is put aside for its writer.

Revision: 0004; after: 0003.
"""

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("typed_hash", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_kept_form_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_form")),
    )
    op.create_index("ix_kept_form_person", "kept_form", ["person_id", "kept_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_kept_form_person", table_name="kept_form")
    op.drop_table("kept_form")
