"""How records end: sides that close, terms of the practice, endings, legal holds, requests for records, disclosures."""

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = sa.text("settled_at IS NULL")
CLOSED, LEFT = sa.text("closed_at IS NOT NULL"), sa.text("left_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("practice", sa.Column("undo_days", sa.Integer(), nullable=False, server_default="30"))
    op.add_column("practice", sa.Column("retention_years", sa.Integer(), nullable=False, server_default="7"))
    op.add_column("partner", sa.Column("closed_at", Instant(), nullable=True))
    op.create_index("ix_partner_left", "partner", ["left_at"], sqlite_where=LEFT, postgresql_where=LEFT)
    op.create_index(
        "ix_partner_closed", "partner", ["closed_at"], sqlite_where=CLOSED, postgresql_where=CLOSED
    )
    _endings()
    _holds()
    _requests()
    _disclosures()


def _of(table: str, *columns: sa.Column) -> None:  # type: ignore[type-arg]
    """A table of a couple, or of one partner in it."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f(f"fk_{table}_practice_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f(f"fk_{table}_couple_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _points(table: str, column: str, to: str, *, nullable: bool = False) -> sa.Column:  # type: ignore[type-arg]
    key = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{column}"))
    return sa.Column(column, sa.Uuid(), key, nullable=nullable)


def _sealed(name: str, *, nullable: bool = False) -> sa.Column:  # type: ignore[type-arg]
    return sa.Column(f"{name}_sealed", sa.LargeBinary(), nullable=nullable)


def _endings() -> None:
    _of(
        "ending",
        _points("ending", "partner_id", "partner"),
        sa.Column("cause", sa.String(), nullable=False),
        _sealed("reason"),
        _points("ending", "asked_by_id", "staff_member"),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        _points("ending", "settled_by_id", "staff_member", nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("wiped_at", Instant(), nullable=True),
    )
    op.create_index("ix_ending_partner_id", "ending", ["partner_id"])
    op.create_index("ix_ending_due", "ending", ["state", "due_at"])
    op.create_index(
        "uq_ending_open", "ending", ["partner_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )


def _holds() -> None:
    _of(
        "legal_hold",
        _points("legal_hold", "partner_id", "partner", nullable=True),
        _sealed("reason"),
        sa.Column("from_on", sa.Date(), nullable=False),
        _points("legal_hold", "placed_by_id", "staff_member"),
        sa.Column("placed_at", Instant(), nullable=False),
        _points("legal_hold", "lifted_by_id", "staff_member", nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        _sealed("lifted_because", nullable=True),
    )
    op.create_index("ix_legal_hold_couple_id", "legal_hold", ["couple_id"])


def _requests() -> None:
    table = "records_request"
    _of(
        table,
        sa.Column("scope", sa.String(), nullable=False),
        _sealed("asker"),
        _sealed("purpose"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        _points(table, "recorded_by_id", "staff_member"),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("authorized_1_on", sa.Date(), nullable=True),
        sa.Column("authorized_2_on", sa.Date(), nullable=True),
        _sealed("left_out", nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        _sealed("decided_because", nullable=True),
        _points(table, "decided_by_id", "staff_member", nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        _points(table, "document_id", "document", nullable=True),
        sa.Column("given_hash", sa.String(), nullable=True),
    )
    op.create_index("ix_records_request_couple", table, ["couple_id", "recorded_at"])


def _disclosures() -> None:
    table = "disclosure"
    _of(
        table,
        _points(table, "partner_id", "partner", nullable=True),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        _sealed("basis"),
        _sealed("reason"),
        _sealed("recipient"),
        _sealed("given"),
        sa.Column("given_on", sa.Date(), nullable=False),
        _points(table, "recorded_by_id", "staff_member"),
        sa.Column("recorded_at", Instant(), nullable=False),
        _sealed("told", nullable=True),
        _sealed("untold_because", nullable=True),
    )
    op.create_index("ix_disclosure_owner", table, ["owner_id", "given_on"])
    op.create_index("ix_disclosure_couple", table, ["couple_id", "recorded_at"])


def downgrade() -> None:
    for table in ("disclosure", "records_request", "legal_hold", "ending"):
        op.drop_table(table)
    op.drop_index("ix_partner_closed", "partner")
    op.drop_index("ix_partner_left", "partner")
    with op.batch_alter_table("partner") as partner:
        partner.drop_column("closed_at")
    with op.batch_alter_table("practice") as practice:
        practice.drop_column("retention_years")
        practice.drop_column("undo_days")
