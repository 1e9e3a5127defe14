"""A private text is on no page, in no header, no log and no file in which somebody else could find it."""

import base64
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from sqlalchemy import select

from clinic import clock, vault
from clinic.access import SYSTEM
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.reflections import queries as reflections
from clinic.reflections.rules import bound_hash
from clinic.safety.models import Flag
from tests.rules.birds import NAMES, Canary
from tests.rules.site import Site
from tests.rules.visits import Visit, without_tokens


def met_in(made: Visit, canaries: list[Canary]) -> list[str]:
    """Labels of the canaries in an answer, its headers or what was logged meanwhile."""
    said = f"{made.text} {json.dumps(dict(made.headers))}"
    return [one.label for one in canaries if one.token in said]


def test_nobody_meets_a_text_that_is_not_for_them(site: Site, who: str) -> None:
    hidden = site.world.hidden_from(who)
    wrong = [f"{made}: {found}" for made in site.sweep(who).answers if (found := met_in(made, hidden))]
    assert not wrong, "\n".join(wrong)


def test_nobody_meets_the_name_of_a_couple_that_is_not_theirs(site: Site, who: str) -> None:
    foreign = [name for name, readers in NAMES.items() if who not in readers]
    names = re.compile(rf"\b({'|'.join(foreign)})\b")
    answers = site.sweep(who).answers
    wrong = [f"{made}: {found[0]}" for made in answers if (found := names.search(without_tokens(made.text)))]
    assert not wrong, "\n".join(wrong)


def test_every_link_leads_somewhere(site: Site, who: str) -> None:
    wrong = [str(made) for made in site.sweep(who).links if made.status not in {200, 302, 303}]
    assert not wrong, "\n".join(wrong)


def test_the_canaries_are_alive(site: Site) -> None:
    """Who may read a text does meet it: otherwise the tests above would show nothing."""
    for who, least in (
        ("partner_a", 12),
        ("partner_b", 8),
        ("counselor", 20),
        ("parted_a", 2),
        ("other_a", 3),
    ):
        known = [one for one in site.world.canaries if who in one.readers]
        met = {label for made in site.sweep(who).answers for label in met_in(made, known)}
        assert len(met) >= least, f"{who} meets only {sorted(met)} of {sorted(one.label for one in known)}"


def test_all_that_was_agreed_reaches_its_partner(site: Site) -> None:
    for who in ("partner_a", "partner_b"):
        agreed = [one for one in site.world.canaries if one.label.endswith(f"agreed with {who}")]
        met = {label for made in site.sweep(who).answers for label in met_in(made, agreed)}
        assert met == {one.label for one in agreed}
        assert len(met) == 4


def test_no_log_tells_a_text_or_a_name(site: Site, who: str) -> None:
    words = [*(one.token for one in site.world.canaries), *NAMES]
    lines = [line for made in site.sweep(who).answers for line in made.log]
    assert not [line for line in lines if any(re.search(rf"\b{word}\b", line) for word in words)]


# Files


def written_as(text: str) -> Iterator[bytes]:
    """A text in every form in which it could lie somewhere; base64 at each of its three beginnings."""
    plain = text.encode()
    yield plain
    yield from (
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        plain.hex().encode(),
        plain.hex().upper().encode(),
    )
    yield quote(text).encode()
    yield json.dumps(text).encode()[1:-1]
    for start in range(3):
        code = base64.b64encode(b"\0" * start + plain)
        yield code[4 if start else 0 : len(code) // 4 * 4 - 4]
        yield base64.urlsafe_b64encode(b"\0" * start + plain)[4 if start else 0 : len(code) // 4 * 4 - 4]


def files_of(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the data folder, the database with its log and its memory among them."""
    return ((file.name, file.read_bytes()) for file in sorted(folder.rglob("*")) if file.is_file())


def found_in(content: bytes, canaries: list[Canary]) -> list[str]:
    """Labels of canaries that lie in a file, whole or by their token alone."""
    return [
        one.label
        for one in canaries
        if any(form in content for said in (one.token, one.text) for form in written_as(said))
    ]


def test_no_file_holds_a_text_that_can_be_read(site: Site) -> None:
    for who in ("partner_a", "counselor"):
        for path in ("/progress/now", "/couples/", "/progress/today"):
            site.seen(who, path)
    for name, content in files_of(site.file.parent):
        assert not (found := found_in(content, site.world.canaries)), f"{name}: {found[:3]}"


def test_a_text_that_lies_open_would_be_found(site: Site, tmp_path: Path) -> None:
    bird = site.world.canaries[0]
    for number, form in enumerate(written_as(f"and then {bird.text}, she said")):
        (tmp_path / f"{number}").write_bytes(b"\x00\x01" + form + b"\xff")
    text = bird.text.encode()
    plain = [text, bird.text.encode("utf-16-le"), quote(bird.text).encode(), base64.b64encode(text)]
    for number, form in enumerate(plain):
        (tmp_path / f"alone {number}").write_bytes(b"\x00\x01" + form + b"\xff")
    missed = [name for name, content in files_of(tmp_path) if bird.label not in found_in(content, [bird])]
    assert not missed


def names_in(file: Path) -> set[str]:
    """Names of clients in values that can be read: among a million random bytes three letters stand by chance."""
    wanted = re.compile(rf"\b({'|'.join((*NAMES, 'Wim'))})\b")
    with closing(sqlite3.connect(file)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = (row for table in tables for row in database.execute(f'SELECT * FROM "{table}"'))  # noqa: S608
        return {name for row in rows for value in row for name in wanted.findall(_readable(value))}


def _readable(value: object) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError:
        return ""


def test_no_name_of_a_client_lies_open_in_the_database(site: Site, tmp_path: Path) -> None:
    assert not names_in(site.file)
    copy = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(site.file)) as database:
        database.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute("CREATE TABLE told (words, packed)")
        database.execute("INSERT INTO told VALUES ('with Ugo', ?)", (b"Wim and Oda",))
    assert names_in(copy) == {"Ugo", "Wim", "Oda"}


def test_a_stolen_database_confirms_no_guess(site: Site) -> None:
    """Neither at the words of a plan by their hash, nor at the answer that raised a flag."""
    with site.app.app_context(), vault.reading(SYSTEM, "test"):
        turn = db.session.get_one(Turn, site.world.ids["turn plan 2 plan either"])
        bound = bound_hash(reflections.proposed(turn))
        hashes = [event.detail["hash"] for event in turn.round.events if event.kind == "proposed"]
        flags = db.session.scalars(select(Flag)).all()
        asked = {key for one in flags for key in ("safety", "safe") if one.is_about(key)}
        fields = [one.field for one in flags]
        db.session.remove()
    assert len(hashes) == 1
    assert asked == {"safety", "safe"}
    assert len(fields) == len(set(fields)) > 1
    for name, content in files_of(site.file.parent):
        assert bound.encode() not in content, name
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in fields)


def test_the_trail_holds_ids_and_fixed_words_only(site: Site) -> None:
    with site.app.app_context():
        from clinic.audit import AuditEvent  # beside its only use

        entries = db.session.query(AuditEvent).all()
    told = json.dumps([[one.verb, one.subject, one.detail] for one in entries])
    assert len(entries) > 100
    assert not found_in(told.encode(), site.world.canaries)


def fresh(app: Flask) -> Flask:
    """A second app on the same data, as a restart makes it."""
    return create_app(Settings.from_environment(data_dir=app.config["SETTINGS"].data_dir, testing=True))


def test_a_restart_forgets_nothing_and_tells_nothing_more(site: Site) -> None:
    again = fresh(site.app)
    with clock.moved_to(site.world.stage.now):
        assert again.test_client().get("/progress/now").status_code == 303
