"""A paper that was published stays as it is: the database refuses to change it, to take it away or to replace it.

Drafts, which have no number yet, can be changed. Texts of papers are not sealed: a change of keys does not touch them.

Revision: 0013; after: 0012.
"""

from alembic import op

from clinic.extensions import append_only

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

IS_PUBLISHED = "OLD.number IS NOT NULL"
TAKES_ITS_PLACE = (
    "EXISTS (SELECT 1 FROM consent_document AS one WHERE one.number IS NOT NULL AND (one.id = NEW.id OR "
    "(one.practice_id = NEW.practice_id AND one.kind = NEW.kind AND one.number = NEW.number)))"
)
REFUSED = {
    "UPDATE": f"{IS_PUBLISHED} OR {TAKES_ITS_PLACE}",
    "DELETE": IS_PUBLISHED,
    "INSERT": TAKES_ITS_PLACE,
}


def upgrade() -> None:
    append_only("consent_document", REFUSED)(None, op.get_bind())


def downgrade() -> None:
    for verb in REFUSED:
        op.execute(f"DROP TRIGGER consent_document_no_{verb.lower()}")
