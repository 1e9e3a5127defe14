"""The master key: one line in a file, the same on paper, and changed while people work."""

import os
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


def test_on_paper_a_key_is_groups_of_four_five_in_a_line() -> None:
    key = masters.new()
    lines = masters.on_paper(key)
    assert [[len(group) for group in line.split(" ")] for line in lines] == [
        [4] * 5,
        [4] * 5,
        [4, 4, 4, 4, 2],
    ]
    assert masters.MARK + "".join(lines).replace(" ", "") == key.line
    assert key != masters.new()


def test_a_key_does_not_show_itself_in_a_log() -> None:
    key = masters.new()
    assert key.line[20:40] not in f"{key!r} {masters.Ring((key,))!r}"


def test_what_owners_keys_are_wrapped_under_never_changes() -> None:
    """One letter of it, and no database that there is would open."""
    key = masters.typed("75DE GUTX YF7J A8ZL GUSY 3QR3 TXKD JC2U TC9N R830 YEU5 AJGC EPES NLRY NX")
    assert key.secret.hex() == "8e57c6fb1ff399ad7092ec6b0de5c94669990fa47639f6b98b06e23967289263"
    wrapped = bytes.fromhex("5febc8280be952a138d66379d99acc946efe77b890")
    assert key.wrapping.decrypt(bytes(12), wrapped, b"bound") == b"a key"


@pytest.mark.parametrize("text", ["", "c2hvcnQ=\n", "AGE-SECRET-KEY-1QQQQ\n", "ключ\n", "\x00\xff"])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, encoding="utf-8")
    with pytest.raises(masters.VaultError, match="recovery key on paper"):
        masters.read(tmp_path / "key")


def test_a_key_file_that_is_not_there_says_why_and_where_to_say_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(masters.VaultError, match=r"No such file or directory.*CLINIC_KEY_FILE"):
        masters.read(tmp_path / "key")


def test_a_file_holds_one_key_or_two_and_the_first_is_in_force(tmp_path: Path) -> None:
    keys = [masters.new() for _ in range(3)]
    for count in (1, 2):
        masters.replace(tmp_path / "key", keys[:count])
        assert masters.read(tmp_path / "key").keys == tuple(keys[:count])
        assert masters.read(tmp_path / "key").current == keys[0]
    masters.replace(tmp_path / "key", keys)
    with pytest.raises(masters.VaultError, match="damaged"):
        masters.read(tmp_path / "key")


def test_a_whole_key_beside_a_damaged_one_is_not_enough(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{masters.new().line}\nAGE-SECRET-KEY-1QQQQ\n", encoding="ascii")
    with pytest.raises(masters.VaultError, match="damaged"):
        masters.read(tmp_path / "key")


def test_a_change_that_was_cut_off_is_in_nobodys_way(tmp_path: Path) -> None:
    file, key = tmp_path / "key", masters.new()
    masters.create(file, masters.new())
    (tmp_path / "key.new").write_text("half of a li")
    masters.replace(file, [key])
    assert masters.read(file).keys == (key,)
    assert [one.name for one in tmp_path.iterdir()] == ["key"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(os.fstat(handle).st_size))
    masters.create(tmp_path / "deep" / "er" / "key", masters.new())
    assert seen == [(tmp_path / "deep" / "er" / "key").stat().st_size] != [0]


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
