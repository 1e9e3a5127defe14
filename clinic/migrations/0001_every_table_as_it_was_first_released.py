"""Every table as it was first released.

Regenerated until the first release; a change of a table after that is a revision of its own.
"""

import sqlalchemy as sa
from alembic import op

from clinic.extensions import Instant

revision = "0001"
down_revision = None
branch_labels = ("default",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("uq_audit_event_chain", "audit_event", ["practice_id", "seq"], unique=True)
    op.create_table(
        "data_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
        sa.UniqueConstraint("owner_kind", "owner_id", name=op.f("uq_data_key_owner_kind_owner_id")),
    )
    op.create_table(
        "practice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("web", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("crisis", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice")),
    )
    op.create_table(
        "throttle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("device_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_throttle")),
        sa.UniqueConstraint("purpose", "device_hash", name=op.f("uq_throttle_purpose_device_hash")),
    )
    op.create_index("ix_throttle_last_at", "throttle", ["last_at"], unique=False)
    op.create_table(
        "couple",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("alias_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("paused_at", Instant(), nullable=True),
        sa.Column("resumed_at", Instant(), nullable=True),
        sa.Column("separated_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("attention_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_couple_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_couple")),
    )
    op.create_index(op.f("ix_couple_attention_at"), "couple", ["attention_at"], unique=False)
    op.create_table(
        "exercise_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_exercise_version_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_version")),
        sa.UniqueConstraint("hash", name=op.f("uq_exercise_version_hash")),
    )
    op.create_index(
        "uq_exercise_version_slug", "exercise_version", ["practice_id", "slug", "version"], unique=True
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_person_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_practice_id"), "person", ["practice_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_hash", sa.String(), nullable=False),
        sa.Column("sign_in_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("welcomed_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
        sa.UniqueConstraint("sign_in_hash", name=op.f("uq_account_sign_in_hash")),
    )
    op.create_table(
        "concern",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_concern_couple_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_concern_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
    )
    op.create_index(op.f("ix_concern_couple_id"), "concern", ["couple_id"], unique=False)
    op.create_table(
        "staff_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("credential", sa.String(), nullable=False),
        sa.Column("is_owner", sa.Boolean(), nullable=False),
        sa.Column("is_counselor", sa.Boolean(), nullable=False),
        sa.Column("is_supervisor", sa.Boolean(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_member_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_staff_member_practice_id")),
        sa.ForeignKeyConstraint(
            ["supervisor_id"], ["staff_member.id"], name=op.f("fk_staff_member_supervisor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("person_id", name=op.f("uq_staff_member_person_id")),
    )
    op.create_index(op.f("ix_staff_member_practice_id"), "staff_member", ["practice_id"], unique=False)
    op.create_index(op.f("ix_staff_member_supervisor_id"), "staff_member", ["supervisor_id"], unique=False)
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("exercise_version_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("weight", sa.String(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_by_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_at", Instant(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("cadence", sa.JSON(), nullable=False),
        sa.Column("open_days", sa.Integer(), nullable=True),
        sa.Column("opening", sa.String(), nullable=False),
        sa.Column("is_alone", sa.Boolean(), nullable=False),
        sa.Column("legs", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assigned_by_id"], ["staff_member.id"], name=op.f("fk_assignment_assigned_by_id")
        ),
        sa.ForeignKeyConstraint(["concern_id"], ["concern.id"], name=op.f("fk_assignment_concern_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_assignment_couple_id")),
        sa.ForeignKeyConstraint(
            ["exercise_version_id"], ["exercise_version.id"], name=op.f("fk_assignment_exercise_version_id")
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_assignment_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_couple", "assignment", ["couple_id", "state"], unique=False)
    op.create_table(
        "couple_counselor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_couple_counselor_couple_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_couple_counselor_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_couple_counselor")),
        sa.UniqueConstraint(
            "couple_id", "staff_id", "from_at", name=op.f("uq_couple_counselor_couple_id_staff_id_from_at")
        ),
    )
    op.create_index(
        "ix_couple_counselor_staff",
        "couple_counselor",
        ["staff_id", "until_at", "couple_id", "from_at"],
        unique=False,
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("ready_at", Instant(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff_member.id"], name=op.f("fk_document_asked_by_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_document_couple_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_document_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_couple", "document", ["couple_id", "asked_at"], unique=False)
    op.create_index("ix_document_state", "document", ["state", "asked_at"], unique=False)
    op.create_table(
        "partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("joined_at", Instant(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("confirmed_by_id", sa.Uuid(), nullable=True),
        sa.Column("left_at", Instant(), nullable=True),
        sa.CheckConstraint("position in (1, 2)", name=op.f("ck_partner_position")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["staff_member.id"], name=op.f("fk_partner_confirmed_by_id")
        ),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_partner_couple_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_partner_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_partner_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("couple_id", "position", name=op.f("uq_partner_couple_id_position")),
    )
    op.create_index(op.f("ix_partner_person_id"), "partner", ["person_id"], unique=False)
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("absolute_until", Instant(), nullable=False),
        sa.Column("proved_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_user_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_session_token_hash")),
    )
    op.create_index(op.f("ix_user_session_account_id"), "user_session", ["account_id"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_appointment_couple_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_appointment_partner_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_appointment_practice_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_appointment_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index("ix_appointment_couple", "appointment", ["couple_id", "starts_at"], unique=False)
    op.create_index("ix_appointment_staff", "appointment", ["staff_id", "starts_at"], unique=False)
    op.create_table(
        "concern_role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["concern_id"], ["concern.id"], name=op.f("fk_concern_role_concern_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_concern_role_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_role")),
        sa.UniqueConstraint("concern_id", "partner_id", name=op.f("uq_concern_role_concern_id_partner_id")),
    )
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
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_invitation_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_partner_id"), "invitation", ["partner_id"], unique=False)
    op.create_table(
        "recipient",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("plan_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("excused_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignment.id"], name=op.f("fk_recipient_assignment_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_recipient_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sa.UniqueConstraint(
            "assignment_id", "partner_id", name=op.f("uq_recipient_assignment_id_partner_id")
        ),
    )
    op.create_index(op.f("ix_recipient_partner_id"), "recipient", ["partner_id"], unique=False)
    op.create_table(
        "round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("local_on", sa.Date(), nullable=False),
        sa.Column("opens_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("came_in_at", Instant(), nullable=True),
        sa.Column("reviewed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["assignment_id"], ["assignment.id"], name=op.f("fk_round_assignment_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_round_couple_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint(
            "assignment_id",
            "local_on",
            "appointment_id",
            name=op.f("uq_round_assignment_id_local_on_appointment_id"),
        ),
        sa.UniqueConstraint("assignment_id", "number", name=op.f("uq_round_assignment_id_number")),
    )
    op.create_index(op.f("ix_round_appointment_id"), "round", ["appointment_id"], unique=False)
    op.create_index(op.f("ix_round_closes_at"), "round", ["closes_at"], unique=False)
    op.create_index("ix_round_couple", "round", ["couple_id", "opens_at"], unique=False)
    op.create_index(
        "ix_round_to_read",
        "round",
        ["couple_id"],
        unique=False,
        sqlite_where=sa.text("came_in_at IS NOT NULL AND reviewed_at IS NULL"),
        postgresql_where=sa.text("came_in_at IS NOT NULL AND reviewed_at IS NULL"),
    )
    op.create_table(
        "safety_clearance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_safety_clearance_couple_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_member.id"], name=op.f("fk_safety_clearance_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_safety_clearance_partner_id")),
        sa.ForeignKeyConstraint(
            ["practice_id"], ["practice.id"], name=op.f("fk_safety_clearance_practice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_clearance")),
    )
    op.create_index(
        "ix_safety_clearance_partner", "safety_clearance", ["partner_id", "decided_at"], unique=False
    )
    op.create_table(
        "reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("is_to_both", sa.Boolean(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_reply_couple_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_reply_round_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.id"], name=op.f("fk_reply_staff_id")),
        sa.ForeignKeyConstraint(["to_id"], ["partner.id"], name=op.f("fk_reply_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply")),
    )
    op.create_index("ix_reply_reader", "reply", ["to_id", "at"], unique=False)
    op.create_index(op.f("ix_reply_round_id"), "reply", ["round_id"], unique=False)
    op.create_table(
        "round_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("quality_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("meets_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff_member.id"], name=op.f("fk_round_review_by_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_round_review_couple_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_round_review_practice_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_round_review_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_review")),
        sa.UniqueConstraint("round_id", name=op.f("uq_round_review_round_id")),
    )
    op.create_table(
        "turn",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("sent_by_id", sa.Uuid(), nullable=True),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.Column("awaits_opening", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_turn_couple_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_turn_partner_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_turn_round_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["partner.id"], name=op.f("fk_turn_sent_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turn")),
        sa.UniqueConstraint(
            "round_id", "leg", "key", "attempt", "entry", name=op.f("uq_turn_round_id_leg_key_attempt_entry")
        ),
    )
    op.create_index(op.f("ix_turn_awaits_opening"), "turn", ["awaits_opening"], unique=False)
    op.create_index("ix_turn_couple", "turn", ["couple_id", "state", "sent_at"], unique=False)
    op.create_index("ix_turn_partner", "turn", ["partner_id", "state", "until"], unique=False)
    op.create_table(
        "agenda_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("marked_by_id", sa.Uuid(), nullable=False),
        sa.Column("marked_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_agenda_item_couple_id")),
        sa.ForeignKeyConstraint(
            ["marked_by_id"], ["staff_member.id"], name=op.f("fk_agenda_item_marked_by_id")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_agenda_item_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_item")),
        sa.UniqueConstraint("turn_id", "field", name=op.f("uq_agenda_item_turn_id_field")),
    )
    op.create_index(op.f("ix_agenda_item_couple_id"), "agenda_item", ["couple_id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_draft_partner_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_draft_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("turn_id", "partner_id", name=op.f("uq_draft_turn_id_partner_id")),
    )
    op.create_index(op.f("ix_draft_partner_id"), "draft", ["partner_id"], unique=False)
    op.create_table(
        "flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.Column("acted_at", Instant(), nullable=True),
        sa.Column("acted_by_id", sa.Uuid(), nullable=True),
        sa.Column("action_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["acted_by_id"], ["staff_member.id"], name=op.f("fk_flag_acted_by_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_flag_couple_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_flag_partner_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_flag_practice_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_flag_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag")),
    )
    op.create_index("ix_flag_open", "flag", ["couple_id", "acted_at"], unique=False)
    op.create_table(
        "kept_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_kept_text_partner_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_kept_text_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_text")),
    )
    op.create_index(op.f("ix_kept_text_partner_id"), "kept_text", ["partner_id"], unique=False)
    op.create_index("ix_kept_text_turn", "kept_text", ["turn_id", "partner_id", "kept_at"], unique=False)
    op.create_table(
        "note_to_counselor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.Column("read_by_id", sa.Uuid(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_note_to_counselor_couple_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_note_to_counselor_partner_id")),
        sa.ForeignKeyConstraint(
            ["read_by_id"], ["staff_member.id"], name=op.f("fk_note_to_counselor_read_by_id")
        ),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_note_to_counselor_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_to_counselor")),
    )
    op.create_index(
        "ix_note_to_counselor_unread", "note_to_counselor", ["couple_id", "read_at"], unique=False
    )
    op.create_table(
        "reflection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_addition", sa.Boolean(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("readers_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("entered_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_reflection_couple_id")),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["staff_member.id"], name=op.f("fk_reflection_entered_by_id")
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_reflection_partner_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_reflection_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reflection")),
        sa.UniqueConstraint("turn_id", "revision", name=op.f("uq_reflection_turn_id_revision")),
    )
    op.create_index("ix_reflection_couple", "reflection", ["couple_id", "sent_at"], unique=False)
    op.create_table(
        "round_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["partner.id"], name=op.f("fk_round_event_by_id")),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_round_event_round_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_round_event_turn_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_event")),
        sa.UniqueConstraint("round_id", "seq", name=op.f("uq_round_event_round_id_seq")),
    )
    op.create_table(
        "words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reflection_id", sa.Uuid(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["reflection_id"], ["reflection.id"], name=op.f("fk_words_reflection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_words")),
        sa.UniqueConstraint("reflection_id", "group", name=op.f("uq_words_reflection_id_group")),
    )
    op.create_table(
        "opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("words_id", sa.Uuid(), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=False),
        sa.Column("couple_id", sa.Uuid(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["partner.id"], name=op.f("fk_opening_author_id")),
        sa.ForeignKeyConstraint(["couple_id"], ["couple.id"], name=op.f("fk_opening_couple_id")),
        sa.ForeignKeyConstraint(["to_id"], ["partner.id"], name=op.f("fk_opening_to_id")),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name=op.f("fk_opening_turn_id")),
        sa.ForeignKeyConstraint(["words_id"], ["words.id"], name=op.f("fk_opening_words_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening")),
        sa.UniqueConstraint(
            "turn_id", "group", "revision", "to_id", name=op.f("uq_opening_turn_id_group_revision_to_id")
        ),
    )
    op.create_index("ix_opening_reader", "opening", ["to_id", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_opening_reader", table_name="opening")
    op.drop_table("opening")
    op.drop_table("words")
    op.drop_table("round_event")
    op.drop_index("ix_reflection_couple", table_name="reflection")
    op.drop_table("reflection")
    op.drop_index("ix_note_to_counselor_unread", table_name="note_to_counselor")
    op.drop_table("note_to_counselor")
    op.drop_index("ix_kept_text_turn", table_name="kept_text")
    op.drop_index(op.f("ix_kept_text_partner_id"), table_name="kept_text")
    op.drop_table("kept_text")
    op.drop_index("ix_flag_open", table_name="flag")
    op.drop_table("flag")
    op.drop_index(op.f("ix_draft_partner_id"), table_name="draft")
    op.drop_table("draft")
    op.drop_index(op.f("ix_agenda_item_couple_id"), table_name="agenda_item")
    op.drop_table("agenda_item")
    op.drop_index("ix_turn_partner", table_name="turn")
    op.drop_index("ix_turn_couple", table_name="turn")
    op.drop_index(op.f("ix_turn_awaits_opening"), table_name="turn")
    op.drop_table("turn")
    op.drop_table("round_review")
    op.drop_index(op.f("ix_reply_round_id"), table_name="reply")
    op.drop_index("ix_reply_reader", table_name="reply")
    op.drop_table("reply")
    op.drop_index("ix_safety_clearance_partner", table_name="safety_clearance")
    op.drop_table("safety_clearance")
    op.drop_index(
        "ix_round_to_read",
        table_name="round",
        sqlite_where=sa.text("came_in_at IS NOT NULL AND reviewed_at IS NULL"),
        postgresql_where=sa.text("came_in_at IS NOT NULL AND reviewed_at IS NULL"),
    )
    op.drop_index("ix_round_couple", table_name="round")
    op.drop_index(op.f("ix_round_closes_at"), table_name="round")
    op.drop_index(op.f("ix_round_appointment_id"), table_name="round")
    op.drop_table("round")
    op.drop_index(op.f("ix_recipient_partner_id"), table_name="recipient")
    op.drop_table("recipient")
    op.drop_index(op.f("ix_invitation_partner_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_consent_partner_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("concern_role")
    op.drop_index("ix_appointment_staff", table_name="appointment")
    op.drop_index("ix_appointment_couple", table_name="appointment")
    op.drop_table("appointment")
    op.drop_index(op.f("ix_user_session_account_id"), table_name="user_session")
    op.drop_table("user_session")
    op.drop_index(op.f("ix_partner_person_id"), table_name="partner")
    op.drop_table("partner")
    op.drop_index("ix_document_state", table_name="document")
    op.drop_index("ix_document_couple", table_name="document")
    op.drop_table("document")
    op.drop_index("ix_couple_counselor_staff", table_name="couple_counselor")
    op.drop_table("couple_counselor")
    op.drop_index("ix_assignment_couple", table_name="assignment")
    op.drop_table("assignment")
    op.drop_index(op.f("ix_staff_member_supervisor_id"), table_name="staff_member")
    op.drop_index(op.f("ix_staff_member_practice_id"), table_name="staff_member")
    op.drop_table("staff_member")
    op.drop_index(op.f("ix_concern_couple_id"), table_name="concern")
    op.drop_table("concern")
    op.drop_table("account")
    op.drop_index(op.f("ix_person_practice_id"), table_name="person")
    op.drop_table("person")
    op.drop_index("uq_exercise_version_slug", table_name="exercise_version")
    op.drop_table("exercise_version")
    op.drop_index(op.f("ix_couple_attention_at"), table_name="couple")
    op.drop_table("couple")
    op.drop_index("ix_throttle_last_at", table_name="throttle")
    op.drop_table("throttle")
    op.drop_table("practice")
    op.drop_table("data_key")
    op.drop_index("uq_audit_event_chain", table_name="audit_event")
    op.drop_table("audit_event")
