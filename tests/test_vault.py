"""Words at rest: sealed to their place, opened only by a reader whose ring holds the key, gone with the key."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from clinic import vault
from clinic.access import SYSTEM, OwnSide, Viewer
from clinic.audit import AuditEvent
from clinic.clock import now
from clinic.extensions import db, transactions
from clinic.practice.models import Practice
from clinic.reflections.models import Draft, Words
from clinic.safety.models import Clearance


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        db.session.execute(text("PRAGMA foreign_keys=OFF"))  # rows here stand alone
        yield
        db.session.rollback()


def draft(words: str = "the quiet after ten", partner_id: uuid.UUID | None = None) -> Draft:
    row = Draft(
        turn_id=uuid.uuid4(),
        partner_id=partner_id or uuid.uuid4(),
        version=1,
        saved_at=now(),
        body={"text": words},
    )
    with db.session.no_autoflush:
        db.session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        db.session.add(row)
        db.session.flush()
    return row


def author_of(row: Draft) -> Viewer:
    return Viewer(person_id=uuid.uuid4(), sides=(OwnSide(row.partner_id, uuid.uuid4()),))


def raw(row: Draft) -> bytes:
    return db.session.execute(select(Draft.body_sealed).where(Draft.id == row.id)).scalar_one()


def test_words_are_not_in_the_database() -> None:
    row = draft("a sentence nobody may find")
    assert b"sentence" not in raw(row)


def test_an_author_reads_the_own_words() -> None:
    row = draft()
    db.session.expire(row)
    with vault.reading(author_of(row), "test"):
        assert row.body == {"text": "the quiet after ten"}


def test_words_do_not_open_outside_reading() -> None:
    row = draft()
    db.session.expire(row)
    with pytest.raises(vault.NotReading):
        _ = row.body


def test_another_partner_cannot_open_them() -> None:
    row, other = draft(), draft()
    db.session.expire(row)
    with vault.reading(author_of(other), "test"), pytest.raises(vault.NotOnRing):
        _ = row.body


def test_a_ciphertext_moved_to_another_row_is_refused() -> None:
    owner = uuid.uuid4()
    here, there = draft("here", owner), draft("there", owner)
    db.session.execute(
        text("UPDATE draft SET body_sealed = :words WHERE id = :id"), {"words": raw(here), "id": there.id.hex}
    )
    db.session.expire(there)
    with vault.reading(SYSTEM, "test"), pytest.raises(vault.VaultError, match="does not belong"):
        _ = there.body


def test_one_flipped_bit_is_refused() -> None:
    row = draft()
    damaged = bytearray(raw(row))
    damaged[-1] ^= 1
    db.session.execute(
        text("UPDATE draft SET body_sealed = :words WHERE id = :id"),
        {"words": bytes(damaged), "id": row.id.hex},
    )
    db.session.expire(row)
    with vault.reading(SYSTEM, "test"), pytest.raises(vault.VaultError):
        _ = row.body


def test_two_texts_of_one_bucket_have_equal_lengths() -> None:
    assert len(raw(draft("no"))) == len(raw(draft("a little more than no")))


def test_letters_of_any_alphabet_fill_a_bucket_by_their_bytes() -> None:
    """Otherwise the length in the table would tell in which alphabet somebody writes."""
    assert len(raw(draft("ж" * 20))) == len(raw(draft("a" * 40)))


def test_an_erased_key_takes_its_words_with_it() -> None:
    row = draft()
    db.session.execute(vault.DataKey.__table__.delete().where(vault.DataKey.owner_id == row.partner_id))
    vault._keys.open.clear()
    db.session.expire(row)
    with vault.reading(SYSTEM, "test"), pytest.raises(vault.VaultError, match="erased"):
        _ = row.body


def test_a_row_that_is_fetched_anew_shows_what_is_there_now() -> None:
    row = draft("as it was")
    newer, table = draft("as it is", row.partner_id), Draft.__table__
    with vault.reading(author_of(row), "test"):
        assert row.body == {"text": "as it was"}
        db.session.execute(table.update().where(table.c.id == row.id).values(body_sealed=raw(newer)))
        db.session.scalars(select(Draft).execution_options(populate_existing=True)).all()
        with pytest.raises(vault.VaultError):
            _ = row.body  # the text of another row, which does not open here; the one at hand was forgotten


def test_a_key_of_a_rolled_back_transaction_seals_nothing() -> None:
    row = draft()
    owner = ("partner", row.partner_id)
    assert owner in vault._keys.open
    db.session.rollback()
    assert owner not in vault._keys.open


def test_one_reading_leaves_one_line_without_a_word(practice: Practice) -> None:
    row = draft()
    db.session.connection()
    viewer = Viewer(person_id=uuid.uuid4(), practice_id=practice.id, staff_id=uuid.uuid4())
    db.session.expire(row)
    with vault.reading(viewer, "reflections.review") as current:
        _ = row.body
        db.session.rollback()
    (line,) = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "read")).all()
    assert current.opened
    assert line.detail["purpose"] == "reflections.review"
    assert str(row.id) in str(line.detail)
    assert "quiet" not in str(line.detail)


def test_an_act_has_the_line_of_what_was_opened_in_its_own_transaction(practice: Practice) -> None:
    row = draft()
    db.session.expire(row)
    viewer = Viewer(person_id=uuid.uuid4(), practice_id=practice.id, staff_id=uuid.uuid4())
    with vault.reading(viewer, "reflections.write") as current:
        _ = row.body
        db.session.execute(
            text("DELETE FROM draft")
        )  # it points to nothing here, which a commit would refuse
        db.session.commit()
        lines = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "read")).all()
        assert [line.detail["purpose"] for line in lines] == ["reflections.write"]
        assert not current.opened
    assert db.session.query(AuditEvent).filter_by(verb="read").count() == 1


def test_words_do_not_outlive_the_reading_that_opened_them() -> None:
    row = draft()
    db.session.expire(row)
    with vault.reading(author_of(row), "test"):
        assert row.body
    with pytest.raises(vault.NotReading):
        _ = row.body
    stranger = Viewer(person_id=uuid.uuid4(), sides=(OwnSide(uuid.uuid4(), uuid.uuid4()),))
    with vault.reading(stranger, "test"), pytest.raises(vault.NotOnRing):
        _ = row.body


def test_a_get_cannot_write_at_all(practice: Practice) -> None:
    db.session.commit()
    with transactions(write=False):
        practice.name = "changed"
        with pytest.raises(Exception, match="readonly"):
            db.session.flush()
        db.session.rollback()


def test_a_wrong_master_key_is_told_in_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("c2hvcnQ=")
    with pytest.raises(vault.VaultError, match="damaged"):
        vault.open_with(tmp_path / "key")


def test_every_clinical_column_is_owned_by_somebody() -> None:
    found = [column for cls in (Draft, Words, Clearance) for column in vault.sealed_columns(cls)]
    assert {column.kind for column in found} <= {"partner", "couple", "practice", "@owner_kind"}


def test_an_envelope_says_its_version_and_its_key() -> None:
    row = draft("short")
    key = vault._keys.open["partner", row.partner_id]
    assert raw(row)[:17] == b"\x01" + key.id.bytes
    assert (
        len(raw(row)) == 1 + 16 + 12 + vault.SMALLEST_BUCKET + 16
    )  # version, key, nonce, padded text, proof
    assert len(vault._unwrapped(*_wrapping_of(row))) == 32
    assert raw(row)[17:29] != raw(draft("short", row.partner_id))[17:29]


def _wrapping_of(row: Draft) -> tuple[vault.Owner, uuid.UUID, bytes]:
    found = db.session.scalars(select(vault.DataKey).where(vault.DataKey.owner_id == row.partner_id)).one()
    return ("partner", row.partner_id), found.id, found.wrapped
