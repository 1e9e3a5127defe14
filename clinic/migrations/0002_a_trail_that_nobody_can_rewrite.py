"""A trail that nobody can rewrite: chained with a key, refused any change; and a recovery key that was confirmed."""

import sqlalchemy as sa
from alembic import op

from clinic import audit, vault
from clinic.extensions import Instant, append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("practice", sa.Column("recovery_kept_at", Instant(), nullable=True))
    connection = op.get_bind()
    vault.lay_roots(connection)
    audit.chain_anew(connection)
    append_only("audit_event")(None, connection)


def downgrade() -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER audit_event_no_{verb}")
    op.drop_column("practice", "recovery_kept_at")
