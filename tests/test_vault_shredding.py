"""A key that is shredded is let go of by every process, and what its owner writes later has another one."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from clinic import clock, shredded, vault
from clinic.access import SYSTEM
from clinic.extensions import db
from tests.test_vault import author_of, draft, raw


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    before = vault._keys.list
    with app.app_context():
        db.session.execute(text("PRAGMA foreign_keys=OFF"))  # rows here stand alone
        yield
        db.session.rollback()
    vault._keys.list, vault._keys.list_seen, vault._keys.shredded = before, None, set()


def test_shredding_takes_the_keys_of_these_owners_and_of_nobody_else() -> None:
    one, other = draft(), draft()
    owners: list[vault.Owner] = [("partner", row.partner_id) for row in (one, other)]
    connection = db.session.connection()
    ids = {owner: vault.key_ids(connection, [owner]) for owner in owners}
    assert sorted(vault.owners_of(connection, [*ids[owners[0]], *ids[owners[1]]])) == sorted(owners)
    vault.shred(connection, [owners[0], ("couple", one.partner_id), ("partner", uuid.uuid4())])
    assert vault.key_ids(connection, [owners[0]]) == []
    assert vault.key_ids(connection, [owners[1]]) == ids[owners[1]]
    assert vault.owners_of(connection, ids[owners[0]]) == []
    assert owners[0] not in vault._keys.open
    for row in (one, other):
        db.session.expire(row)
    with vault.reading(SYSTEM, "test"):
        assert other.body
        with pytest.raises(vault.VaultError, match="erased"):
            _ = one.body


def test_a_root_that_is_shredded_is_not_derived_from_any_more() -> None:
    practice, connection = uuid.uuid4(), db.session.connection()
    before = vault.chain_key(connection, practice)
    vault.shred(connection, [("practice", practice)])
    assert ("practice", practice) not in vault._keys.roots
    assert vault.chain_key(connection, practice) != before


def test_what_is_written_after_shredding_has_another_key_and_a_process_that_held_the_old_one_finds_it() -> (
    None
):
    owner_id = uuid.uuid4()
    old_key = vault._keys.open["partner", draft("before", owner_id).partner_id]
    vault.shred(db.session.connection(), [("partner", owner_id)])
    row = draft("after", owner_id)
    assert raw(row)[1:17] != old_key.id.bytes
    vault._keys.open["partner", owner_id] = old_key  # as another process still has it
    db.session.expire(row)
    with vault.reading(author_of(row), "test"):
        assert row.body == {"text": "after"}


def test_looking_for_a_key_that_was_shredded_makes_no_new_one() -> None:
    row, other = draft("before"), draft("of somebody else")
    owner: vault.Owner = ("partner", row.partner_id)
    vault.shred(db.session.connection(), [owner])
    vault._keys.open[owner] = vault._keys.open["partner", other.partner_id]  # another than the text names
    db.session.expire(row)
    with vault.reading(SYSTEM, "test"), pytest.raises(vault.VaultError, match="erased"):
        _ = row.body
    assert vault.key_ids(db.session.connection(), [owner]) == []


def test_a_process_lets_go_of_what_another_one_wrote_into_the_list(tmp_path: Path) -> None:
    """As its next reading begins, and also of what is used once more on its way out."""
    kept, gone = draft(), draft()
    owners: list[vault.Owner] = [("partner", row.partner_id) for row in (kept, gone)]
    practice = uuid.uuid4()
    vault.chain_key(db.session.connection(), practice)
    file = tmp_path / "shredded"
    vault.watch(file)
    assert set(owners) <= set(vault._keys.open)
    roots = vault.key_ids(db.session.connection(), [("practice", practice)])
    shredded.append([file], [vault._keys.open[owners[1]].id, *roots], clock.now())
    assert owners[1] in vault._keys.open
    with vault.reading(SYSTEM, "test"):
        assert owners[0] in vault._keys.open
        assert owners[1] not in vault._keys.open
        assert ("practice", practice) not in vault._keys.roots
        db.session.expire(gone)
        assert gone.body
        assert owners[1] not in vault._keys.open, "used, and not kept"
    with vault.house("test"):
        pass
    stat = file.stat()
    shredded.append([file], [vault._keys.open[owners[0]].id], clock.now())
    assert (file.stat().st_size, file.stat().st_mtime_ns) != (stat.st_size, stat.st_mtime_ns)
    with vault.house("test"):
        assert owners[0] not in vault._keys.open


def test_a_list_counts_as_soon_as_it_is_watched(tmp_path: Path) -> None:
    """Names in lists open without a reading: nothing of an older list is waited for."""
    row = draft()
    shredded.append([tmp_path / "shredded"], [vault._keys.open["partner", row.partner_id].id], clock.now())
    vault.watch(tmp_path / "shredded")
    assert ("partner", row.partner_id) not in vault._keys.open


def test_a_list_that_did_not_change_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, reads = tmp_path / "shredded", []
    shredded.append([file], [uuid.uuid4()], clock.now())
    monkeypatch.setattr(shredded, "read", lambda where: reads.append(where) or set())
    vault.watch(file)
    for _ in range(3):
        with vault.reading(SYSTEM, "test"):
            pass
    assert reads == [file]
    os.utime(file, ns=(1, 1))
    with vault.reading(SYSTEM, "test"):
        pass
    assert len(reads) == 2


def test_words_that_were_set_and_written_are_dropped_with_their_reading() -> None:
    row = draft()
    with vault.reading(author_of(row), "test"):
        row.body = {"text": "set, and never read"}
        db.session.flush()
    with pytest.raises(vault.NotReading):
        _ = row.body


def test_a_row_that_left_its_session_opens_all_the_same() -> None:
    row = draft()
    db.session.expire(row)
    found = db.session.scalars(select(type(row)).where(type(row).id == row.id)).one()
    db.session.expunge(found)
    vault._keys.open.clear()
    with vault.reading(SYSTEM, "test"):
        assert found.body == {"text": "the quiet after ten"}
