"""The master key: one line in a file, the same on paper, and changed while people work."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import masters, vault
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.extensions import db, transactions
from tests import cast as people


def test_the_key_can_be_typed_from_paper_with_any_spaces_and_small_letters() -> None:
    key = masters.new()
    on_paper = "\n".join(masters.on_paper(key))
    assert masters.typed(on_paper.lower()) == key
    assert masters.typed(f"  {key.line} ") == key
    assert masters.typed(on_paper).secret == key.secret


def test_a_letter_that_was_mistaken_is_noticed() -> None:
    groups = " ".join(masters.on_paper(masters.new()))
    for place in (0, 7, 30, len(groups) - 1):
        wrong = "q" if groups[place].lower() != "q" else "p"
        with pytest.raises(masters.VaultError, match="no recovery key"):
            masters.typed(groups[:place] + wrong + groups[place + 1 :])


@pytest.mark.parametrize("text", ["", "c2hvcnQ=\n", "AGE-SECRET-KEY-1QQQQ\n", "ключ\n", "\x00\xff"])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, encoding="utf-8")
    with pytest.raises(masters.VaultError, match="recovery key on paper"):
        masters.read(tmp_path / "key")


def test_a_key_file_is_its_owners_and_never_replaced_by_a_new_practice(tmp_path: Path) -> None:
    masters.create(tmp_path / "key", masters.new())
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        masters.create(tmp_path / "key", masters.new())


def test_a_key_of_the_first_kind_opens_and_has_no_paper(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("A" * 43 + "=\n", encoding="ascii")
    key = masters.read(tmp_path / "key").current
    assert key.secret == bytes(32)
    with pytest.raises(masters.VaultError, match="rotate-key"):
        masters.on_paper(key)


# A new key while people work


@pytest.fixture
def both(app: Flask, tmp_path: Path) -> tuple[masters.MasterKey, masters.MasterKey]:
    """The key in force, copied to a file of its own, and the one that comes."""
    file = tmp_path / "master.key"
    old = vault.master()
    masters.create(file, old)
    vault.open_with(file)
    return old, masters.new()


def names() -> list[str]:
    db.session.expire_all()
    vault._keys.open.clear()
    return sorted(row.alias for row in db.session.scalars(select(Couple)))


def rewrap_all(count: int) -> int:
    after, rounds = None, 0
    while (after := vault.rewrap(db.session.connection(), after, count)) is not None:
        db.session.commit()
        rounds += 1
    return rounds


def test_a_change_of_the_master_key_can_stop_anywhere_and_go_on(
    app: Flask, cast: people.Cast, both: tuple[masters.MasterKey, masters.MasterKey], tmp_path: Path
) -> None:
    old, new = both
    file = tmp_path / "master.key"
    with app.app_context(), transactions(write=True):
        before = names()
        account = vault.keyed_hash("sign-in", "partner_a")
        masters.replace(file, [new, old])
        vault.open_with(file)
        vault.rewrap(db.session.connection(), None, 3)
        db.session.commit()  # and here it was stopped
        assert names() == before
        assert rewrap_all(4) > 2
        masters.replace(file, [new])
        vault.hold(masters.Ring(()), file)  # another process, that starts now
        vault.open_with(file)
        assert names() == before
        assert vault.keyed_hash("sign-in", "partner_a") == account
        vault.hold(masters.Ring((old,)), tmp_path / "elsewhere")
        (tmp_path / "elsewhere").write_text(f"{old.line}\n")
        with pytest.raises(masters.VaultError, match="does not fit"):
            vault.must_fit(db.session.connection())


def test_a_process_that_knew_only_the_old_key_reads_on_and_wraps_under_the_new(
    app: Flask, cast: people.Cast, both: tuple[masters.MasterKey, masters.MasterKey], tmp_path: Path
) -> None:
    old, new = both
    file = tmp_path / "master.key"
    with app.app_context(), transactions(write=True):
        before = names()
        masters.replace(file, [new, old])
        vault.open_with(file)
        rewrap_all(500)
        vault.hold(masters.Ring((old,)), file)  # it has not looked at the file since
        assert names() == before
        vault.hold(masters.Ring((old,)), file)
        couple = couples.get_for(people.viewer_of(cast, "counselor"), cast.couples["couple"])
        assert couple is not None
        vault._key_of(db.session.connection(), ("counselor", cast.staff["counselor"]), make=True)
        db.session.commit()
        vault.hold(masters.Ring((new,)), file)
        vault._keys.open.clear()
        assert vault._key_of(db.session.connection(), ("counselor", cast.staff["counselor"]), make=False)
