"""Keys of owners, what is derived from them, and names that a list opens."""

import hmac
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from clinic import masters, vault
from clinic.access import SYSTEM
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice.models import Practice
from clinic.reflections.models import Draft, Words
from tests import cast as people
from tests.test_vault import author_of, draft, raw

MARA = "Mara"


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        db.session.execute(text("PRAGMA foreign_keys=OFF"))  # rows here stand alone
        yield
        db.session.rollback()


def forget() -> None:
    """As a process that has just started: no key of an owner is in memory."""
    for held in (vault._keys.open, vault._keys.roots):
        held.clear()
    vault._keys.fresh.clear()


def data_keys() -> int:
    return db.session.scalar(select(func.count()).select_from(vault.DataKey)) or 0


# What a ciphertext and a wrapped key are bound to: a change of one letter would close every text there is


def test_what_texts_and_keys_are_bound_to_never_changes() -> None:
    one, other, third = (uuid.UUID(int=number) for number in (1, 2, 3))
    assert ("house", uuid.UUID(int=0)) == vault.HOUSE
    bound = vault._bound_to("words", "answers_sealed", one, ("partner", other), third)
    assert bound == f"words|answers_sealed|{one}|partner|{other}|{third}".encode()
    assert vault._wrap_data(("couple", other), third) == f"data_key|couple|{other}|{third}".encode()
    assert (vault.VERSION, vault.PENDING, vault.SMALLEST_BUCKET) == (b"\x01", b"\x00", 64)


def test_what_is_derived_for_never_changes_either(practice: Practice) -> None:
    """Names are found by these hashes, and a trail is chained with this key, for as long as there is a practice."""
    connection = db.session.connection()
    root = vault._root_of(connection, ("practice", practice.id))
    assert vault.chain_key(connection, practice.id) == vault._derived(root, "trail")
    found = hmac.new(vault.lasting("hash:sign-in"), b"mara", "sha256").hexdigest()
    assert vault.keyed_hash("sign-in", "mara") == found


@pytest.mark.parametrize(
    ("length", "size"), [(0, 64), (60, 64), (61, 128), (124, 128), (125, 256), (20_000, 32_768)]
)
def test_a_text_is_filled_up_to_its_bucket_and_comes_back(length: int, size: int) -> None:
    words = bytes(range(1, 201)) * 100
    padded = vault._pad(words[:length])
    assert len(padded) == size
    assert padded[:4] == length.to_bytes(4, "big")
    assert padded[4 + length :] == bytes(size - 4 - length)
    assert vault._unpad(padded) == words[:length]


@pytest.mark.parametrize("change", ["version", "key", "short"])
def test_an_envelope_of_another_kind_is_refused(change: str) -> None:
    row = draft()
    key, sealed = vault._keys.open["partner", row.partner_id], raw(row)
    changed = {
        "version": b"\x02" + sealed[1:],
        "key": sealed[:1] + bytes(16) + sealed[17:],
        "short": sealed[:20],
    }
    bound = vault._bound_to("draft", "body_sealed", row.id, ("partner", row.partner_id), key.id)
    assert vault._opened(key, sealed, bound) == {"text": "the quiet after ten"}
    with pytest.raises(Exception, match=r"unknown form|Nonce|does not belong"):
        vault._opened(key, changed[change], bound)


# What is derived


def derived_now() -> list[bytes]:
    return [vault.derived("a"), vault.derived("b"), vault.lasting("a"), vault.lasting("b")]


def test_keys_for_purposes_are_long_apart_and_the_same_again(practice: Practice) -> None:
    connection = db.session.connection()
    made = [*derived_now(), vault.chain_key(connection, practice.id)]
    assert {len(one) for one in made} == {32}
    forget()
    assert made == [*derived_now(), vault.chain_key(connection, practice.id)]
    assert len(set(made)) == 3  # until the master key is changed, what lasts is derived from it as well
    assert vault.chain_key(connection, uuid.uuid4()) != made[-1]


def test_a_keyed_hash_belongs_to_its_purpose_and_cannot_be_made_without_the_key() -> None:
    found = vault.keyed_hash("sign-in", "mara")
    assert len(found) == 64
    assert found == vault.keyed_hash("sign-in", "mara")
    assert len({found, vault.keyed_hash("device", "mara"), vault.keyed_hash("sign-in", "mar a")}) == 3
    forget()
    assert vault.keyed_hash("sign-in", "mara") == found
    assert vault.keyed_hash("sign-in", "mara\0") != found, "a text in the place of the key would be filled up"


def test_the_houses_key_is_the_first_master_key_and_nobody_elses_is() -> None:
    row = draft()
    secret = vault._keys.ring.current.secret
    vault.lay_roots(db.session.connection())
    wrapped = {one.owner_kind: one for one in db.session.scalars(select(vault.DataKey))}
    assert vault._unwrapped(vault.HOUSE, wrapped["house"].id, wrapped["house"].wrapped) == secret
    partner = db.session.scalars(select(vault.DataKey).where(vault.DataKey.owner_id == row.partner_id)).one()
    assert vault._unwrapped(("partner", row.partner_id), partner.id, partner.wrapped) != secret


def test_the_root_of_keyed_hashes_is_laid_before_a_page_needs_it() -> None:
    db.session.execute(vault.DataKey.__table__.delete().where(vault.DataKey.owner_kind == "house"))
    forget()
    before = data_keys()
    vault.lay_roots(db.session.connection())
    vault.lay_roots(db.session.connection())
    assert data_keys() == before + 1


# Keys of owners


def test_each_owner_has_one_key_and_it_is_found_again() -> None:
    owner = uuid.uuid4()
    before = data_keys()
    draft("one", owner), draft("two", owner), draft("three")
    assert data_keys() == before + 2
    key = vault._keys.open["partner", owner].id
    forget()
    row = draft("four", owner)
    assert raw(row)[1:17] == key.bytes
    assert data_keys() == before + 2


@contextmanager
def heard() -> Iterator[list[str]]:
    """Statements of the block."""
    said: list[str] = []

    def hear(_c: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)


def test_keys_of_many_owners_come_with_one_statement_and_once() -> None:
    owners = [("partner", draft().partner_id) for _ in range(5)]
    forget()
    with heard() as said:
        vault.unlock([*owners, *owners])
        vault.unlock(owners)
        vault.unlock([])
    assert len(said) == 1
    assert set(owners) <= set(vault._keys.open)


def test_a_page_fetches_the_keys_of_all_that_it_holds_with_the_first_text() -> None:
    rows = [draft() for _ in range(4)]
    for row in rows:
        db.session.expire(row)
    found = db.session.scalars(select(Draft).where(Draft.id.in_([row.id for row in rows]))).all()
    forget()
    db.session.info["held"] = found
    with vault.reading(SYSTEM, "test"):
        assert found[0].body
    db.session.info.pop("held")
    assert {("partner", row.partner_id) for row in rows} <= set(vault._keys.open)


def test_a_key_that_is_kept_cannot_be_changed_and_a_commit_settles_it() -> None:
    row = draft()
    owner: vault.Owner = ("partner", row.partner_id)
    assert owner in vault._keys.fresh
    with pytest.raises(FrozenInstanceError):
        vault._keys.open[owner].id = uuid.uuid4()  # type: ignore[misc]
    db.session.delete(row)
    db.session.commit()
    assert owner not in vault._keys.fresh
    db.session.rollback()
    assert owner in vault._keys.open


def test_the_roots_of_a_rolled_back_transaction_are_gone_too() -> None:
    practice = uuid.uuid4()
    first = vault.chain_key(db.session.connection(), practice)
    db.session.rollback()
    assert ("practice", practice) not in vault._keys.roots
    assert not vault._keys.fresh
    assert vault.chain_key(db.session.connection(), practice) != first


def test_another_ring_forgets_every_key_and_a_grown_one_keeps_them(tmp_path: Path) -> None:
    row = draft()
    owner, file, ring = ("partner", row.partner_id), vault._keys.file, vault._keys.ring
    vault.hold(masters.Ring((masters.new(), *ring.keys)), file)
    assert owner in vault._keys.open
    vault.hold(ring, file)
    vault.hold(masters.Ring((masters.new(),)), tmp_path / "other")
    assert not vault._keys.open
    assert not vault._keys.roots
    assert not vault._keys.fresh
    assert vault._keys.file == tmp_path / "other"
    vault.hold(ring, file)


def test_a_master_key_that_opens_nothing_here_is_told_and_the_right_one_is_not() -> None:
    connection, ring, file = db.session.connection(), vault._keys.ring, vault._keys.file
    vault.must_fit(connection)
    vault.hold(masters.Ring((masters.new(),)), file.with_name("none"))
    with pytest.raises(vault.VaultError):
        vault.must_fit(connection)
    vault.hold(ring, file)
    db.session.execute(vault.DataKey.__table__.delete())
    vault.must_fit(db.session.connection())


def test_keys_are_wrapped_anew_in_steps_and_each_once() -> None:
    """Only those that the key in force does not open are written; the last step says that it is over."""
    drafts = [draft() for _ in range(3)]
    db.session.flush()
    ring, file, connection = vault._keys.ring, vault._keys.file, db.session.connection()
    new = masters.new()
    vault.hold(masters.Ring((new, *ring.keys)), file)
    before = {row.id: row.wrapped for row in connection.execute(select(*vault.DataKey.__table__.columns))}
    steps, after = 0, vault.rewrap(connection, None, 2)
    while after is not None:
        steps, after = steps + 1, vault.rewrap(connection, after, 2)
    rows = connection.execute(select(*vault.DataKey.__table__.columns)).all()
    assert steps == -(-len(rows) // 2)
    assert all(row.wrapped != before[row.id] for row in rows)
    alone = masters.Ring((new,))
    bound = {row.id: vault._wrap_data((row.owner_kind, row.owner_id), row.id) for row in rows}
    assert all(row.wrapped != before[row.id] for row in rows)
    assert all(vault._tried(alone, row.wrapped, bound[row.id]) for row in rows)
    assert vault.rewrap(connection, None, 1000) is not None
    assert connection.execute(select(*vault.DataKey.__table__.columns)).all() == rows
    vault.hold(ring, file)
    assert drafts


# Names that a list opens without their row


def test_a_list_opens_a_name_by_the_id_of_its_row_as_text_or_not(cast: people.Cast) -> None:
    partner_id = cast.partners["partner_a"]
    found = db.session.execute(
        select(Partner.id, Partner.couple_id, Partner.name_sealed).where(Partner.id == partner_id)
    ).one()
    for row_id in (found.id, found.id.hex, str(found.id)):
        assert Partner.name.listed(row_id, found.couple_id, found.name_sealed) == MARA  # type: ignore[attr-defined]
    forget()
    assert Partner.name.listed(found.id, found.couple_id, found.name_sealed) == MARA  # type: ignore[attr-defined]
    names = vault._keys.open["couple", found.couple_id].names
    names[("name_sealed", found.id, found.name_sealed)] = "kept"
    assert Partner.name.listed(found.id, found.couple_id, found.name_sealed) == "kept"  # type: ignore[attr-defined]


def test_a_list_asks_nothing_while_the_key_of_a_name_is_at_hand(cast: people.Cast) -> None:
    one = db.session.get_one(Partner, cast.partners["partner_a"])
    sealed = (one.id, one.couple_id, one.name_sealed)
    forget()
    vault.unlock([("couple", one.couple_id)])
    with heard() as said:
        assert Partner.name.listed(*sealed) == MARA  # type: ignore[attr-defined]
    assert not said


def test_a_text_asks_nothing_while_its_key_is_at_hand() -> None:
    row = draft()
    db.session.refresh(row)
    with vault.reading(author_of(row), "test"), heard() as said:
        assert row.body
    assert not said


def test_a_list_asks_again_when_another_key_is_at_hand_than_a_name_says(cast: people.Cast) -> None:
    one = db.session.get_one(Partner, cast.partners["partner_a"])
    vault._keys.open["couple", one.couple_id] = vault._keys.open["partner", draft().partner_id]
    assert Partner.name.listed(one.id, one.couple_id, one.name_sealed) == one.name == "Mara"


def test_words_of_many_parts_come_back_whole() -> None:
    row = draft()
    row.body = {"one": [1, "two"], "three": {"four": None, "five": "six"}}
    db.session.flush()
    db.session.expire(row)
    with vault.reading(author_of(row), "test"):
        assert row.body == {"one": [1, "two"], "three": {"four": None, "five": "six"}}


def test_a_list_opens_no_name_in_the_place_of_another(cast: people.Cast) -> None:
    rows = db.session.execute(
        select(Partner.id, Partner.couple_id, Partner.name_sealed).where(
            Partner.couple_id == cast.couples["couple"]
        )
    ).all()
    one, other = rows
    with pytest.raises(vault.VaultError, match="does not belong"):
        Partner.name.listed(one.id, one.couple_id, other.name_sealed)  # type: ignore[attr-defined]
    with pytest.raises(vault.VaultError, match="erased"):
        Partner.name.listed(one.id, uuid.uuid4(), one.name_sealed)  # type: ignore[attr-defined]


def test_a_list_opens_no_clinical_words() -> None:
    row = draft()
    with pytest.raises(vault.NotReading, match=r"draft\.body"):
        Draft.body.listed(row.id, row.partner_id, raw(row))  # type: ignore[attr-defined]


# What a value is


def test_nothing_is_nothing_and_asks_for_no_reading() -> None:
    row = Words(id=uuid.uuid4(), owner_kind="couple", owner_id=uuid.uuid4(), answers_sealed=None)
    assert row.answers is None
    row.answers = None  # type: ignore[assignment]
    assert row.answers_sealed is None
    row.answers = {"a": {"text": "words"}}  # type: ignore[dict-item]
    assert row.answers_sealed == vault.PENDING
    assert Words.answers.owner_of(row) == ("couple", row.owner_id)  # type: ignore[attr-defined]
    assert Draft.body is vault.sealed_columns(Draft)[0]
    assert [one.name for one in vault.sealed_columns(Couple)] == ["alias"]
    assert vault.sealed_columns(vault.DataKey) == []


def test_what_was_set_is_at_hand_in_its_reading_and_sealed_after_it() -> None:
    """Words that are not written yet are not lost when the reading ends; those that are written are dropped."""
    row = draft()
    with vault.reading(author_of(row), "test"):
        row.body = {"text": "changed"}
        assert row.body == {"text": "changed"}
    db.session.flush()
    db.session.refresh(row)
    with pytest.raises(vault.NotReading):
        _ = row.body
    with vault.reading(author_of(row), "test"):
        assert row.body == {"text": "changed"}
        row.body = {"text": "again"}
        db.session.flush()
    with pytest.raises(vault.NotReading):
        _ = row.body


def test_names_outlive_a_reading_and_words_do_not(cast: people.Cast) -> None:
    partner = db.session.get_one(Partner, cast.partners["partner_a"])
    with vault.reading(SYSTEM, "test") as current:
        assert partner.name == MARA
    assert "_opened_name" in partner.__dict__
    assert not current.rows


def test_a_file_of_another_key_is_read_when_the_master_key_was_changed_meanwhile() -> None:
    ring, file = vault._keys.ring, vault._keys.file
    row = draft()
    found = db.session.scalars(select(vault.DataKey).where(vault.DataKey.owner_id == row.partner_id)).one()
    vault._keys.ring = masters.Ring((masters.new(),))
    assert len(vault._unwrapped(("partner", row.partner_id), found.id, found.wrapped)) == 32
    assert vault._keys.ring.keys == ring.keys
    assert vault.master() == ring.current
    assert vault._keys.file == file
