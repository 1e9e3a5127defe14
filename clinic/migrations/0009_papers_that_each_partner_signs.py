"""Papers that each partner signs: versions of consent and policy, and signatures in place of the consent row.

What was recorded before goes on counting, as what it was: given in words, under the policy of that time. Wordings of
policies before the last were not kept; their numbers stay, so that every reflection still names its own.

Revision: 0009; after: 0008.
"""

import uuid
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BEFORE = "Before there was a paper on it, the counselors here asked each partner in person to agree to couple work."
NOT_KEPT = "The wording of this version was not kept."
NO_POLICY = "This practice had not written down how it treats what one partner tells alone."


def upgrade() -> None:
    _make_tables()
    _carry_over()
    op.drop_index(op.f("ix_consent_partner_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_column("practice", "policy")
    op.drop_column("practice", "policy_version")


def _make_tables() -> None:
    op.create_table(
        "consent_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("effective_at", Instant(), nullable=True),
        sa.Column("earlier_until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_consent_document_practice_id")
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["staff_member.id"], name=op.f("fk_consent_document_published_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_document")),
        sa.UniqueConstraint(
            "practice_id", "kind", "number", name=op.f("uq_consent_document_practice_id_kind_number")
        ),
    )
    op.create_index(
        "ix_consent_document_in_force", "consent_document", ["practice_id", "kind", "effective_at"]
    )
    op.create_table(
        "consent_signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text_hash", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.Column("paper_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("withdrawal_recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_consent_signature_practice_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_consent_signature_partner_id")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["consent_document.id"], name=op.f("fk_consent_signature_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["staff_member.id"], name=op.f("fk_consent_signature_recorded_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawal_recorded_by_id"],
            ["staff_member.id"],
            name=op.f("fk_consent_signature_withdrawal_recorded_by_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_signature")),
    )
    op.create_index("ix_consent_signature_partner", "consent_signature", ["partner_id", "kind", "number"])
    op.create_index("ix_consent_signature_state", "consent_signature", ["state", "signed_at"])


# What was there

DOCUMENT = sa.table(
    "consent_document",
    *(sa.column(name, sa.Uuid()) for name in ("id", "practice_id")),
    *(sa.column(name) for name in ("kind", "form", "number", "text", "text_hash", "label")),
    *(sa.column(name, Instant()) for name in ("saved_at", "published_at", "effective_at")),
)
SIGNATURE = sa.table(
    "consent_signature",
    *(sa.column(name, sa.Uuid()) for name in ("id", "practice_id", "partner_id", "document_id")),
    *(sa.column(name) for name in ("kind", "number", "text_hash", "state")),
    *(sa.column(name, Instant()) for name in ("signed_at", "withdrawn_at")),
    *(sa.column(name, sa.Uuid()) for name in ("recorded_by_id", "withdrawal_recorded_by_id")),
)
OLD = sa.table("practice", sa.column("id", sa.Uuid()), sa.column("policy"), sa.column("policy_version"))
CONSENT = sa.table(
    "consent",
    *(sa.column(name, sa.Uuid()) for name in ("partner_id", "recorded_by_id")),
    sa.column("policy_version"),
    *(sa.column(name, Instant()) for name in ("given_at", "withdrawn_at")),
)
PARTNER = sa.table("partner", sa.column("id", sa.Uuid()), sa.column("practice_id", sa.Uuid()))
STARTED = datetime(2000, 1, 1, tzinfo=UTC)
"""From when these versions are in force: nobody noted when a policy was written."""


def _carry_over() -> None:
    bind = op.get_bind()
    documents: dict[tuple[uuid.UUID, str, int], dict[str, object]] = {}
    for practice in bind.execute(sa.select(OLD)):
        for row in _documents_of(practice):
            documents[practice.id, row["kind"], row["number"]] = row  # type: ignore[index]  # as they were just made
    if documents:
        op.bulk_insert(DOCUMENT, list(documents.values()))
    given = sa.select(CONSENT, PARTNER.c.practice_id).join(PARTNER, PARTNER.c.id == CONSENT.c.partner_id)
    consents = bind.execute(given.order_by(CONSENT.c.given_at)).all()
    ended = {one.partner_id: one.withdrawn_at for one in consents}  # the last one of each counted
    signatures = [row for one in consents for row in _signatures_of(one, documents, ended[one.partner_id])]
    if signatures:
        op.bulk_insert(SIGNATURE, signatures)


def _documents_of(practice: sa.Row[*tuple[Any, ...]]) -> list[dict[str, object]]:
    rows = [_document(practice.id, "consent", 1, BEFORE, BEFORE)]
    rows += [
        _document(practice.id, "secrets", number, NOT_KEPT, "")
        for number in range(1, practice.policy_version)
    ]
    text = practice.policy.replace("\r\n", "\n").strip()
    return [*rows, _document(practice.id, "secrets", practice.policy_version, text or NO_POLICY, text)]


def _document(practice_id: uuid.UUID, kind: str, number: int, text: str, label: str) -> dict[str, object]:
    return {
        "id": uuid.uuid4(),
        "practice_id": practice_id,
        "kind": kind,
        "form": "own" if kind == "secrets" else "",
        "number": number,
        "text": text,
        "text_hash": sha256(text.encode()).hexdigest(),
        "label": label,
        "saved_at": STARTED,
        "published_at": STARTED,
        "effective_at": STARTED,
    }


def _signatures_of(
    consent: sa.Row[*tuple[Any, ...]],
    documents: dict[tuple[uuid.UUID, str, int], dict[str, object]],
    last_ended: object,
) -> list[dict[str, object]]:
    """One for each paper; what was taken back was the consent."""
    rows = []
    for kind, number in (("consent", 1), ("secrets", consent.policy_version)):
        document = documents[consent.practice_id, kind, number]
        ended = (consent.withdrawn_at or last_ended) if kind == "consent" else None
        rows.append(
            {
                "id": uuid.uuid4(),
                "practice_id": consent.practice_id,
                "partner_id": consent.partner_id,
                "document_id": document["id"],
                "kind": kind,
                "number": number,
                "text_hash": document["text_hash"],
                "state": "none",
                "signed_at": consent.given_at,
                "withdrawn_at": ended,
                "recorded_by_id": consent.recorded_by_id,
                "withdrawal_recorded_by_id": consent.recorded_by_id if ended else None,
            }
        )
    return rows


def downgrade() -> None:
    op.add_column("practice", sa.Column("policy", sa.String(), nullable=False, server_default=""))
    op.add_column("practice", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_consent_partner_id")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["staff_member.id"], name=op.f("fk_consent_recorded_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_partner_id"), "consent", ["partner_id"], unique=False)
    _carry_back()
    op.drop_table("consent_signature")
    op.drop_table("consent_document")


def _carry_back() -> None:
    """The last policy, and every consent that a counselor recorded; what was signed in an own account has no place."""
    last = "FROM consent_document WHERE practice_id = practice.id AND kind = 'secrets' AND number IS NOT NULL"
    for column, of in (("policy", "text"), ("policy_version", "number")):
        op.execute(f"UPDATE practice SET {column} = (SELECT {of} {last} ORDER BY number DESC LIMIT 1)")  # noqa: S608
    op.execute(
        "INSERT INTO consent (id, partner_id, policy_version, given_at, withdrawn_at, recorded_by_id) "
        "SELECT id, partner_id, 1, signed_at, withdrawn_at, recorded_by_id FROM consent_signature "
        "WHERE kind = 'consent' AND recorded_by_id IS NOT NULL"
    )
