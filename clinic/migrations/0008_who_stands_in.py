"""Somebody can stand in, an owner can read in an emergency, a partner is asked alone; what was read stays noted."""

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant, append_only

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "couple_counselor", sa.Column("is_cover", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "emergency_access",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=True),
        sa.Column("noted_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_emergency_access_practice_id")
        ),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_emergency_access_couple_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_emergency_access_staff_id")),
        sa.ForeignKeyConstraint(
            ["noted_by_id"], ["staff_member.id"], name=op.f("fk_emergency_access_noted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_access")),
    )
    op.create_index("ix_emergency_access_couple_id", "emergency_access", ["couple_id"])
    op.create_index("ix_emergency_access_staff", "emergency_access", ["staff_id", "until_at"])
    op.create_table(
        "safety_screening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_safety_screening_{column}"))
            for column, target in (
                ("practice_id", "practice.id"),
                ("couple_id", "couple.id"),
                ("partner_id", "partner.id"),
                ("by_id", "staff_member.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_screening")),
    )
    op.create_index("ix_safety_screening_partner", "safety_screening", ["partner_id", "at"])
    op.drop_column("recipient", "excused_at")
    append_only("audit_reading")(None, op.get_bind())


def downgrade() -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER audit_reading_no_{verb}")
    op.add_column("recipient", sa.Column("excused_at", Instant(), nullable=True))
    op.drop_index("ix_safety_screening_partner", "safety_screening")
    op.drop_table("safety_screening")
    op.drop_index("ix_emergency_access_staff", "emergency_access")
    op.drop_index("ix_emergency_access_couple_id", "emergency_access")
    op.drop_table("emergency_access")
    op.drop_column("couple_counselor", "is_cover")
