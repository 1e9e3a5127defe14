"""A thousand texts through the real actions into every sealed field: none lies open anywhere, none opens elsewhere."""

import base64
import json
import logging
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pyotp
import pytest
from sqlalchemy import select

from clinic import backup, clock, jobs, mail, vault
from clinic.access import SYSTEM
from clinic.accounts import actions as accounts
from clinic.accounts import factors, letters, passkeys
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.couples import staffing
from clinic.extensions import Base, db
from clinic.homework.agreed import Agreed
from clinic.homework.models import Round
from clinic.practice import queries as houses
from clinic.privacy import endings, holds, records
from clinic.progress import actions as progress
from clinic.progress.summary import Period
from clinic.reflections import actions as reflections
from clinic.reflections.rules import Sending
from clinic.reflections.versions import Page
from clinic.safety import actions as safety
from clinic.safety import library as screening
from clinic.safety import queries as flags
from reports.pdf import Renderer
from tests import cast as people
from tests.reports.conftest import fonts
from tests.rules.site import Site
from tests.rules.visits import log_of, visit

__all__ = ["fonts"]

MARK = "zqsweepcanary"
TEXTS = 1000
BOTH = {"partner_a": "injured", "partner_b": "involved"}
PDF = base64.b64encode(b"%PDF-1.7").decode()[:8]
NOT_WORDS = {"round_review.quality", "round_review.meets", "code_app.secret"}
"""Sealed numbers, keys of questions, and a secret of ours, which is looked for as it is: nobody types them."""


@dataclass
class Flock:
    """Texts that can be told from all others, each once."""

    planted: list[str] = field(default_factory=list)

    def bird(self) -> str:
        """The next one, with characters that every encoding writes differently."""
        self.planted.append(f"{MARK}{len(self.planted):04d} „ünder & <b>“")
        return self.planted[-1]


@dataclass(frozen=True)
class Place:
    """Where a ciphertext lies, as the vault names it."""

    column: str
    bound: bytes
    key: Any
    envelope: bytes


def written_as(mark: str) -> Iterator[bytes]:
    """Every form in which it could lie somewhere: plain, UTF-16, hex, quoted, JSON, base64 at its three beginnings."""
    plain = mark.encode()
    yield from (plain, mark.encode("utf-16-le"), mark.encode("utf-16-be"), plain.hex().encode())
    yield from (plain.hex().upper().encode(), quote(mark).encode(), json.dumps(mark).encode()[1:-1])
    for start in range(3):
        code = base64.b64encode(b"\0" * start + plain)
        yield code[4 if start else 0 : len(code) // 4 * 4 - 4]


def plant(site: Site, flock: Flock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that people type, by the actions that the pages use, until there are a thousand texts."""
    stage = site.world.stage
    _people(site, flock)
    _second_steps(site, flock, monkeypatch)
    _mail(site, flock)
    _rights(site, flock)
    _counselors_words(site, flock)
    stage.assign("swept", "weekly_checkin", BOTH, plans={who: _agreed(flock) for who in BOTH})
    for who in BOTH:
        stage.send(who, "swept", "pulse", flock.bird())
    stage.reply("swept", list(BOTH), flock.bird())
    while len(flock.planted) < TEXTS:
        for who, name, key in (("partner_a", "checkin", "pulse"), ("partner_b", "turns", "summarize")):
            stage.say(who, name, key, flock.bird())
            stage.draft(who, name, key, flock.bird())
        with stage.act("counselor") as viewer:
            safety.decide(viewer, stage.partner("partner_b"), "conjoint_ok", flock.bird(), stage.now)
            couples.name_concern(viewer, stage.couple("couple"), flock.bird(), _roles(site), stage.now)
            typed = accounts.Typed("/x", "/x", {"text": "Your reply"}, [("text", flock.bird())])
            accounts.keep_form(stage.cast.people["counselor"], typed, "sign_in", stage.now)


def _roles(site: Site) -> dict[UUID, str]:
    return {site.world.cast.partners[who]: role for who, role in BOTH.items()}


def _agreed(flock: Flock) -> Agreed:
    return Agreed(flock.bird(), flock.bird(), flock.bird(), flock.bird(), confidence=8)


def _people(site: Site, flock: Flock) -> None:
    """Names of staff, of clients and of a couple, and those under which they sign in."""
    stage = site.world.stage
    with stage.act("counselor") as viewer:
        chosen = accounts.NewSignIn(flock.bird(), people.passphrase_hash())
        new = accounts.NewMember(flock.bird())
        member = accounts.employ(SYSTEM, stage.cast.practice_id, new, chosen, stage.now)
        staffing.add_counselor(viewer, stage.couple("couple"), member, stage.now)
        names = couples.NewCouple((flock.bird(), flock.bird()), "America/New_York", flock.bird())
        couple = couples.create(viewer, names, stage.now)
        invitation = couples.invite(viewer, couple.partners[0], stage.now).invitation
        invitation.partner = couple.partners[0]
        signing = accounts.NewSignIn(flock.bird(), people.passphrase_hash())
        couples.join_as_new(invitation, flock.bird(), signing, stage.now)


def _second_steps(site: Site, flock: Flock, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a code app and a passkey are called; the ceremony of a passkey has a test of its own, in a browser."""
    stage = site.world.stage
    held = passkeys.Held(b"id of a passkey", b"key of a passkey", 0)
    monkeypatch.setattr(passkeys, "added", lambda *_: held)
    with stage.act("partner_a") as viewer:
        app = factors.begin_code_app(viewer, stage.now)
        digits = pyotp.TOTP(app.secret).at(stage.now)
        assert factors.confirm_code_app(viewer, app, flock.bird(), digits, stage.now)
        site_of, asked = passkeys.Site("localhost", "http://localhost"), factors.ask(None, stage.now)
        factors.add_passkey(viewer, site_of, flock.bird(), "{}", asked, stage.now)


def _mail(site: Site, flock: Flock) -> None:
    """Where somebody has mail sent, what waits to go there, and the way in that such a mail can hold."""
    stage = site.world.stage
    with stage.act("partner_b") as viewer:
        letters.write_address(viewer, f"{flock.bird().split()[0]}@example.org", "America/New_York", stage.now)
        to: vault.Owner = ("person", stage.cast.people["partner_b"])
        due, ends = stage.now + timedelta(days=2), stage.now + timedelta(days=3)  # it waits in the outbox
        address, way = f"{flock.bird().split()[0]}@example.org", f"/{flock.bird()}"
        mail.post(
            mail.Order(stage.cast.practice_id, "reset", uuid4(), to, address, ends, due, way), stage.now
        )


def _rights(site: Site, flock: Flock) -> None:
    """Holds and why they were lifted, a request and its decision, what a law demanded, and why words end."""
    stage = site.world.stage
    today = clock.local_day(stage.now, "America/New_York")
    with stage.act("counselor") as viewer:
        couple, partner = stage.couple("couple"), stage.partner("partner_a")
        held = holds.place(viewer, couple, None, flock.bird(), today, stage.now)
        holds.lift(viewer, held, flock.bird(), stage.now)
        request = records.ask(
            viewer, couple, records.Asked("partner_1", flock.bird(), flock.bird(), today), stage.now
        )
        records.leave_out(viewer, request, "2026-03-03 Any", flock.bird())
        records.refuse(viewer, request, flock.bird(), stage.now)
        for told, why in ((flock.bird(), None), (None, flock.bird())):
            said = {name: flock.bird() for name in ("basis", "reason", "given", "recipient")}
            what = records.Demanded(**said, on=today, told=told, untold_because=why)
            records.disclose(viewer, couple, partner, what, stage.now)
        endings.close(viewer, stage.partner("parted_b"), "request", flock.bird(), stage.now)


def _counselors_words(site: Site, flock: Flock) -> None:
    """A note on a round, an action on a flag, a text put aside, and what a report says in the counselor's words."""
    stage = site.world.stage
    with stage.act("counselor") as viewer:
        rounds = select(Round).where(Round.assignment_id == stage.assignments["meaning"])
        reflections.review(viewer, db.session.scalars(rounds).one(), stage.now, note=flock.bird())
        period = Period(starts_on=people.BEGAN.date(), ends_on=stage.now.date())
        told = progress.Chosen("couple", period, "A4", narrative=flock.bird())
        progress.make_report(viewer, stage.couple("couple"), told, stage.now)
        safety.act_on_flag(viewer, flags.open_flags(viewer)[0], flock.bird(), stage.now)
        answers = dict.fromkeys((one.key for one in screening.QUESTIONS), next(iter(screening.ANSWERS)))
        way = next(iter(screening.WAYS))
        safety.record_screening(viewer, stage.partner("partner_a"), way, answers, flock.bird(), stage.now)
        paper = houses.in_force(stage.cast.practice_id, stage.now)["consent"]
        signs, day = stage.partner("partner_a"), clock.local_day(stage.now, "America/New_York")
        consent.record_on_paper(viewer, signs, paper, flock.bird(), day, stage.now)
    with stage.act("owner") as viewer:
        staffing.open_record(viewer, stage.couple("other"), flock.bird(), 1, stage.now)
    with stage.act("partner_b") as viewer:
        sending = Sending(answers={"ask": flock.bird()})
        author = stage.author(viewer, "checkin", "pulse", "partner_b", ("sent",))
        reflections.keep_text(author, Page(sending, ("x_ask",)), "window", stage.now)


def filled() -> Counter[str]:
    """For each sealed column how many of its values hold a planted word."""
    found: Counter[str] = Counter()
    with vault.reading(SYSTEM, "test"):
        for mapper in Base.registry.mappers:
            for column in vault.sealed_columns(mapper.class_):
                name = f"{mapper.class_.__tablename__}.{column.name}"
                held = [repr(getattr(row, column.name)) for row in db.session.scalars(select(mapper.class_))]
                found[name] = sum(MARK in one or PDF in one for one in held)
        db.session.rollback()
        db.session.remove()
    return found


@dataclass
class Swept:
    """The site after a thousand texts, and everything that came out of it meanwhile."""

    site: Site
    flock: Flock
    log: list[str]
    folders: list[Path]


@pytest.fixture
def planted(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Swept]:
    """Planted, with every log line and temporary file kept; the story of the world goes on for this test alone."""
    stage = replace(site.world.stage, assignments={**site.world.stage.assignments})
    monkeypatch.setattr(site.world, "stage", stage)
    with tempfile.TemporaryDirectory(prefix="sweep-") as temporary:  # a socket's path has to be short
        monkeypatch.setattr("tempfile.tempdir", temporary)
        made = Swept(site, Flock(), [], [site.file.parent, tmp_path, Path(temporary)])
        with log_of(made.log), site.app.app_context():
            plant(site, made.flock, monkeypatch)
            yield made
            db.session.remove()


@pytest.fixture
def swept(planted: Swept, fonts: Path, tmp_path: Path) -> Iterator[Swept]:
    """Then looked at, printed, copied, backed up and restored."""
    site = planted.site
    site.app.extensions["renderer"] = Renderer(fonts, is_strict=True)
    with clock.moved_to(site.world.stage.now):
        for _ in range(4):
            assert jobs.look(site.app, jobs.dues_of(site.app)) == []
        for who, path in (("partner_a", "/progress/now"), ("counselor", "/progress/today")):
            site.client(who).get(path)
        site.client("partner_a").post("/no/such/page", data={"text": planted.flock.bird()})
        _back_up(site.file, tmp_path)
    logging.getLogger("goldseam").debug("the end of the sweep")
    yield planted
    site.app.extensions.pop("renderer").close()


def _back_up(file: Path, folder: Path) -> None:
    """As the background does it; and the copy that comes back out of it."""
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
    made = backup.make(file, folder / "backups", vault.master(), clock.now())
    backup.restore(made.file, folder / "restored" / "clinic.sqlite", vault.master())


def files_in(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file below, the database with its journal among them."""
    for folder in folders:
        yield from ((str(file), file.read_bytes()) for file in folder.rglob("*") if file.is_file())


def test_a_thousand_texts_in_every_sealed_field_lie_open_nowhere(
    swept: Swept, capfd: pytest.CaptureFixture[str]
) -> None:
    assert len(swept.flock.planted) >= TEXTS
    empty = {name for name, count in filled().items() if not count}
    assert empty <= NOT_WORDS, f"plant(): nothing yet in {sorted(empty - NOT_WORDS)}"
    forms, names = (*written_as(MARK), *written_as(people.SECRET)), []
    for name, content in files_in(swept.folders):
        names.append(Path(name).name)
        assert not [form for form in forms if form in content], name
        assert b"%PDF-" not in content, name
    assert {"clinic.sqlite", "clinic.sqlite-wal"} <= set(names)
    assert [name for name in names if name.endswith(backup.SUFFIX)], names
    assert swept.site.file.with_name("clinic.sqlite-wal").stat().st_size > 0
    said = "\n".join([*swept.log, *capfd.readouterr()]).encode()
    assert "the end of the sweep" in said.decode()
    assert not [form for form in forms if form in said]


def test_a_text_that_lay_open_would_be_found() -> None:
    forms = tuple(written_as(MARK))
    text = f"and then {MARK}0042 „ünder & <b>“, she said"
    plain = text.encode()
    packed = [base64.b64encode(b"x" * start + plain) for start in range(3)]
    others = [text.encode("utf-16-le"), text.encode("utf-16-be"), plain.hex().encode(), quote(text).encode()]
    for lies in (plain, json.dumps(text).encode(), *packed, *others):
        assert [form for form in forms if form in lies], lies[:40]


# Ciphertexts


def places() -> list[Place]:
    """Every sealed value of the database."""
    found = []
    for mapper in Base.registry.mappers:
        for column in vault.sealed_columns(mapper.class_):
            for row in db.session.scalars(select(mapper.class_)):
                if (envelope := getattr(row, column.column)) is not None:
                    owner = column.owner_of(row)
                    key = vault._key_of(db.session.connection(), owner, make=False)
                    bound = vault._bound_to(row.__tablename__, column.column, row.id, owner, key.id)
                    found.append(Place(f"{row.__tablename__}.{column.column}", bound, key, envelope))
    return found


def opens(there: Place, envelope: bytes) -> bool:
    """True when a ciphertext can be read at that place."""
    try:
        vault._opened(there.key, envelope, there.bound)
    except vault.VaultError:
        return False
    return True


def test_no_ciphertext_opens_in_the_place_of_another(planted: Swept) -> None:
    """Each in the place of each other, of the same and of another column, row and owner; also under that key's id."""
    found = places()
    assert len(found) > 700
    assert len({place.key.id for place in found}) > 20
    assert all(opens(place, place.envelope) for place in found)
    wrong = [
        f"{moved.column} in {there.column}"
        for there in found
        for moved in found
        if moved is not there and opens(there, vault.VERSION + there.key.id.bytes + moved.envelope[17:])
    ]
    assert not wrong, wrong[:5]
    assert not [one for one in found[1:] if one.key.id != found[0].key.id and opens(found[0], one.envelope)]


def test_a_page_never_shows_a_text_that_was_moved_there(site: Site) -> None:
    """Somebody with the database moves the words of one to the place of the other: nobody gets to read them."""
    path = f"/progress/ours/{site.world.ids['round checkin 1']}"
    assert "opened, of b" in met(site, path)
    with closing(sqlite3.connect(site.file)) as raw, raw:
        rows = raw.execute("SELECT id, answers_sealed FROM opening").fetchall()
        for (id_, _), (_, sealed) in zip(rows, [*rows[1:], rows[0]], strict=True):
            raw.execute("UPDATE opening SET answers_sealed = ? WHERE id = ?", (sealed, id_))
    assert met(site, path) == []


def met(site: Site, path: str) -> list[str]:
    """Labels of the words on a page of partner A."""
    made = visit(site.app, site.client("partner_a"), "partner_a", "GET", path)
    return [one.label for one in site.world.canaries if one.token in made.text]
