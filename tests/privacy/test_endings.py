"""How words end: closed at once, undone within the period, then gone from everything but what their reader got."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import audit, backup, clock, jobs, shredded, vault
from clinic.accounts.models import Account, Person
from clinic.audit import AuditEvent
from clinic.couples import actions as couples
from clinic.couples.models import Couple, Partner
from clinic.documents.models import Document
from clinic.extensions import alembic, db, set_transactions
from clinic.homework.models import Turn
from clinic.homework.queries import document_for
from clinic.privacy import shredding
from clinic.privacy.models import Ending, OwnCopy
from clinic.progress import actions as progress
from clinic.progress.summary import Period
from clinic.reflections import actions as reflections
from clinic.vault import DataKey
from reports.pdf import Renderer
from tests import cast as people
from tests.privacy.unsealing import all_that_opens, canaries_in, sealed_of_all
from tests.progress import story as stories

NOW = stories.MONDAY + timedelta(days=7, hours=1)
NEVER_OPENED = {"draft", "tail", "narrowed", "kept", "unreleased", "sealed"}
REMAINS = {"released", "opened", "answered", "partner", "proposed", "joint"}
ROOT = Path(__file__).parents[2]
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def told(app: Flask, cast: people.Cast, now: datetime, fonts: Path) -> Iterator[stories.Story]:
    """The story with a report of each kind, issued, and a copy of Mara's own."""
    app.extensions["renderer"] = Renderer(fonts, is_strict=True)
    vault._keys.open.clear()  # keys that the database of another test made
    with app.app_context():
        story = stories.told(cast)
        _issue(story)
        db.session.remove()
    yield story
    app.extensions.pop("renderer").close()
    settings = app.config["SETTINGS"]
    for file in (settings.shredded_file, *settings.backup_dir.glob("*")):
        file.unlink(missing_ok=True)  # the next test begins with the same keys again
    vault.watch(settings.shredded_file)


def _issue(story: stories.Story) -> None:
    counselor = people.viewer_of(story.cast, "counselor")
    period = Period(starts_on=stories.STARTS, ends_on=NOW.date())
    for audience in ("counselor", "couple", "partner_1", "partner_2"):
        with stories.reading_as(counselor):
            progress.make_report(
                counselor, story.couple, progress.Chosen(audience, period, "A4", with_wins=True), NOW
            )
            db.session.commit()


def look(app: Flask, at: datetime = NOW) -> None:
    set_transactions(write=True)
    with clock.moved_to(at):
        assert jobs.look(app, jobs.dues_of(app)) == []


def ask_to_end(client: FlaskClient, partner: object, name: str = "Mara", cause: str = "request") -> object:
    data = {"cause": cause, "reason": "Asked in the room, alone.", "name": name}
    return client.post(f"/privacy/partners/{partner}/end", data=data)


def opened_now(app: Flask) -> set[str]:
    with app.app_context():
        return canaries_in(all_that_opens())


def seen_by(client: FlaskClient) -> dict[str, str]:
    """What a client gets of every page to which links lead, without what is new in each answer."""
    waiting, found = ["/progress/now", "/progress/ours", "/progress/mine"], dict[str, str]()
    for path in waiting:
        text = client.get(path).text
        found[path] = re.sub(r'(name="csrf_token"[^>]*value=|content=)"[^"]+"', r"\1", text)
        for link in re.findall(r'href="(/(?:progress|reflections)/[^"#]+)', text):
            if link not in waiting:
                waiting.append(link)
    return found


# The whole way


def test_after_the_period_what_never_opened_is_nowhere_and_what_opened_is_with_its_reader_alone(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    mara = told.cast.partners["partner_a"]
    client_for("partner_a").post("/privacy/ask")
    look(app)
    assert opened_now(app) == NEVER_OPENED | REMAINS
    with app.app_context():
        wrapped = db.session.scalar(select(DataKey.wrapped).where(DataKey.owner_id == mara))
        db.session.rollback()
    assert ask_to_end(client_for("counselor"), mara).status_code == 303  # type: ignore[attr-defined]
    look(app, NOW + timedelta(days=29, hours=23))
    assert opened_now(app) == NEVER_OPENED | REMAINS
    look(app, NOW + timedelta(days=30))
    assert opened_now(app) == REMAINS
    of_before = {"beginning.sqlite"}  # from which each test begins
    files = [file for file in app.config["SETTINGS"].data_dir.rglob("*") if file.is_file()]
    assert any(file.name == "clinic.sqlite" for file in files)
    assert {file.name for file in files if wrapped in file.read_bytes()} <= of_before
    with app.app_context():
        assert db.session.scalars(select(Ending.wiped_at)).one() is not None
        assert set(db.session.scalars(select(Document.audience))) == {"couple", "partner_2"}
        trail = db.session.scalars(select(AuditEvent).where(AuditEvent.verb.in_(["begin to end", "shred"])))
        assert [one.verb for one in trail] == ["begin to end", "shred", "shred"]
        assert audit.first_broken(db.session.connection(), told.cast.practice_id) is None


def test_later_backups_hold_nothing_of_it_and_an_old_one_is_shredded_again_before_it_serves(
    app: Flask, told: stories.Story, client_for: Enter, tmp_path: Path
) -> None:
    settings = app.config["SETTINGS"]
    look(app)
    with app.app_context():
        alembic.stamp("heads")
        db.session.commit()
        before = backup.make(settings.database_file, settings.backup_dir, vault.master(), NOW)
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    look(app, NOW + timedelta(days=30))
    with app.app_context():
        after = backup.make(
            settings.database_file, settings.backup_dir, vault.master(), NOW + timedelta(days=31)
        )
    for name, made, said in (("new", after, ""), ("old", before, "were shredded again")):
        restored = restore(made.file, tmp_path / name, settings.key_file)
        assert said in restored
        assert canaries_of(tmp_path / name) == REMAINS
    without = tmp_path / "elsewhere" / before.file.name
    without.parent.mkdir()
    without.write_bytes(before.file.read_bytes())
    assert "no list of shredded keys" in restore(without, tmp_path / "lost", settings.key_file)
    assert canaries_of(tmp_path / "lost") >= NEVER_OPENED - {"draft"}


def restore(file: Path, folder: Path, key: Path) -> str:
    folder.mkdir()
    (folder / "master.key").write_bytes(key.read_bytes())
    (folder / "master.key").chmod(0o600)
    others = {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}
    words = [sys.executable, "-m", "clinic.cli", "restore", str(file)]
    env = {**others, "CLINIC_DATA_DIR": str(folder)}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def canaries_of(folder: Path) -> set[str]:
    """What opens in the database of a data folder, looked at by a process of its own."""
    code = f"""
from pathlib import Path
from clinic.app import create_app
from clinic.config import Settings
from tests.privacy.unsealing import all_that_opens, canaries_in
app = create_app(Settings.from_environment(data_dir=Path({str(folder)!r}), testing=True))
with app.app_context():
    print(" ".join(sorted(canaries_in(all_that_opens()))))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


# The period


def test_in_the_period_nobody_reads_the_words_and_the_side_is_closed(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    look(app)
    counselor, mara = client_for("counselor"), client_for("partner_a")
    pages = pages_of(counselor, told)
    assert canaries_in(pages) >= {"kept", "unreleased", "sealed"}
    ask_to_end(counselor, told.cast.partners["partner_a"])
    assert canaries_in(pages_of(counselor, told)) & NEVER_OPENED == set()
    assert "preparing your next step" in mara.get("/progress/now").text
    assert mara.get("/progress/mine").status_code == 303
    look(app)
    client_for("partner_a").post("/privacy/ask")
    assert canaries_in("".join(seen_by(mara).values())) == set()


def test_in_the_period_what_was_marked_or_said_beside_is_closed_to_the_counselor_too(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    counselor, mara = client_for("counselor"), told.cast.partners["partner_a"]
    agenda = f"/appointments/of/{told.cast.couples['couple']}"
    with app.app_context():
        author = told.author("partner_a", "feelings_log", "entry", NOW)
        reflections.say(author, "too_much", "It is too much.", NOW)
        turns = db.session.scalars(select(Turn).where(Turn.partner_id == mara, Turn.sent_at.is_not(None)))
        fields = [
            (turn.id, one.key) for turn in turns for one in document_for(turn.round).turns[turn.key].fields
        ]
        db.session.commit()
    marks = [f"/appointments/agenda/{turn}/{field}" for turn, field in fields]
    assert {counselor.post(mark).status_code for mark in marks} == {303}
    assert canaries_in(counselor.get(agenda).text) >= {"kept", "unreleased", "sealed", "opened"}
    assert "Mara: too much" in counselor.get("/progress/today").text
    ask_to_end(counselor, mara)
    assert canaries_in(counselor.get(agenda).text) == set()
    assert "closed meanwhile" in counselor.get(agenda).text
    assert {counselor.post(mark).status_code for mark in marks} == {404}
    assert "Mara: too much" not in counselor.get("/progress/today").text


def pages_of(counselor: FlaskClient, story: stories.Story) -> str:
    """Every page of the couple that its counselor gets by links."""
    waiting, said = [f"/progress/couples/{story.cast.couples['couple']}", "/documents/"], []
    for path in waiting:
        answer = counselor.get(path)
        said.append(answer.text if answer.mimetype == "text/html" else "")
        for link in re.findall(
            r'href="(/(?:progress|reflections|homework|documents|couples)/[^"#]+)', said[-1]
        ):
            if link not in waiting and len(waiting) < 120:
                waiting.append(link)
    return "\n".join(said)


def test_within_the_period_it_can_be_undone_and_everything_is_there_again(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    look(app)
    counselor = client_for("counselor")
    before = canaries_in(pages_of(counselor, told))
    ask_to_end(counselor, told.cast.partners["partner_a"])
    at = f"/privacy/couples/{told.cast.couples['couple']}"
    undo = re.search(r'href="(/privacy/endings/[^"]+/undo)"', counselor.get(at).text)
    assert undo
    with clock.moved_to(NOW + timedelta(minutes=4)):
        assert counselor.post(undo[1]).status_code == 303
    assert canaries_in(pages_of(counselor, told)) == before
    assert canaries_in("".join(seen_by(client_for("partner_a")).values())) >= {
        "opened",
        "partner",
        "released",
    }
    look(app, NOW + timedelta(days=60))
    assert opened_now(app) == NEVER_OPENED | REMAINS


def test_the_period_is_a_setting_of_the_practice(app: Flask, told: stories.Story, client_for: Enter) -> None:
    owner = client_for("owner")
    assert "law of your place" in owner.get("/privacy/terms").text
    assert owner.post("/privacy/terms", data={"undo_days": "0", "retention_years": "9"}).status_code == 422
    assert owner.post("/privacy/terms", data={"undo_days": "3", "retention_years": "9"}).status_code == 303
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    look(app, NOW + timedelta(days=3))
    assert opened_now(app) == REMAINS


def test_nothing_ends_by_another_name_or_without_a_fresh_proof(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    counselor, mara = client_for("counselor"), told.cast.partners["partner_a"]
    assert ask_to_end(counselor, mara, name="Jonas").status_code == 422  # type: ignore[attr-defined]
    with clock.moved_to(NOW + timedelta(minutes=6)):
        late = ask_to_end(counselor, mara)
        assert late.location.startswith("/accounts/prove")  # type: ignore[attr-defined]
    with app.app_context():
        assert db.session.scalars(select(Ending)).all() == []
        assert db.session.get_one(Partner, mara).closed_at is None


# The other one


def test_the_other_one_sees_no_difference_at_any_time(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    look(app)
    jonas = client_for("partner_b")
    before = seen_by(jonas)
    assert canaries_in("".join(before.values())) >= {"opened", "answered", "partner", "released", "joint"}
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    assert seen_by(jonas) == before
    with app.app_context():
        db.session.scalars(select(Ending)).one().due_at = NOW
        db.session.commit()
    look(app)
    assert opened_now(app) == REMAINS
    assert seen_by(jonas) == before


def test_what_waits_for_both_does_not_open_when_the_other_answers_in_the_period(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    look(app)
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    with app.app_context():
        told.send("partner_b", "weekly_checkin", "pulse", NOW, {"victory": "Now me.", "rely": 4})
        told.pass_to(NOW + timedelta(days=1))
        db.session.remove()
    assert "sealed" not in canaries_in("".join(seen_by(client_for("partner_b")).values()))
    look(app, NOW + timedelta(days=31))
    assert opened_now(app) == REMAINS


# The joint record, a second couple, the person


def test_a_second_couple_of_the_same_person_stays_whole(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        second = join_again(told)
        told.cast.couples["second"], before = second, opened_words_of(second)
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    look(app, NOW + timedelta(days=31))
    assert opened_now(app) == REMAINS
    with app.app_context():
        assert opened_words_of(second) == before
        account = db.session.scalars(
            select(Account).where(Account.person_id == told.cast.people["partner_a"])
        )
        assert account.one().closed_at is None
    with clock.moved_to(NOW + timedelta(days=31)):
        assert client_for("partner_a").get("/progress/mine").status_code == 200


def join_again(story: stories.Story) -> object:
    """Mara in a second couple, with somebody else, and a word there."""
    counselor = people.viewer_of(story.cast, "counselor")
    new = couples.NewCouple(("Mara", "Timo"), "America/New_York")
    couple = couples.create(counselor, new, NOW)
    side = couple.partners[0]
    invited = couples.invite(counselor, side, NOW).invitation
    invited.partner = side
    account = db.session.scalars(select(Account).where(Account.person_id == story.cast.people["partner_a"]))
    couples.join_with(invited, account.one(), NOW)
    couples.confirm(counselor, side, NOW)
    db.session.commit()
    return couple.id


def opened_words_of(couple_id: object) -> list[str]:
    couple = db.session.get_one(Couple, couple_id)
    said = [couple.alias, *(one.name for one in couple.partners)]
    db.session.remove()
    return said


def test_who_has_no_other_record_is_gone_as_a_person_too(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    ask_to_end(client_for("counselor"), told.cast.partners["partner_a"])
    look(app, NOW + timedelta(days=31))
    with app.app_context():
        person = db.session.get_one(Person, told.cast.people["partner_a"])
        account = db.session.scalars(select(Account).where(Account.person_id == person.id)).one()
        assert (person.name, account.sign_in_name) == (shredding.NOBODY, shredding.NOBODY)
        assert account.closed_at is not None
        db.session.remove()
    nobody = app.test_client()
    data = {"name": "partner_a", "passphrase": people.PASSPHRASE}
    assert nobody.post("/accounts/sign-in", data=data).status_code == 422


def test_when_both_have_ended_the_joint_record_ends_with_them(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    for who, name in (("partner_a", "Mara"), ("partner_b", "Jonas")):
        ask_to_end(client_for("counselor"), told.cast.partners[who], name)
    look(app, NOW + timedelta(days=31))
    assert opened_now(app) == set()
    with app.app_context():
        text = all_that_opens()
        assert "Mara" not in text.replace("Mara in", "")
        assert db.session.get_one(Couple, told.cast.couples["couple"]).alias == shredding.ENDED
        db.session.remove()
    with clock.moved_to(NOW + timedelta(days=31)):
        counselor = client_for("counselor")
        for path in ("privacy", "progress", "couples", "safety", "homework"):
            end = {"privacy": "/privacy/couples/{}", "progress": "/progress/couples/{}"}.get(path)
            at = end or {"couples": "/couples/{}/people", "safety": "/safety/{}"}.get(
                path, "/homework/couples/{}"
            )
            assert counselor.get(at.format(told.cast.couples["couple"])).status_code in {200, 404}


# What is where


def test_every_value_that_can_lie_under_a_partners_key_has_a_fate() -> None:
    """A new table of what partners write must say what becomes of it when its partner's words end."""
    goes = {table.__tablename__ for table, _ in shredding.GOES}
    named = {(table.__tablename__, name) for table, name, _ in (*shredding.EMPTIED, *shredding.CARRIED)}
    under = {
        (table.__tablename__, column.name)
        for table, column in sealed_of_all()
        if column.kind in {"partner", "@owner_kind"}
    }
    assert {one for one in under if one[0] not in goes} == named | {("words", "answers")}


def test_every_table_under_a_persons_key_goes_with_the_person() -> None:
    under = {table for table, column in sealed_of_all() if column.kind == "person"}
    assert under <= {Person, Account, OwnCopy, *shredding.OF_A_PERSON}


def test_another_process_lets_go_of_a_key_that_was_shredded(app: Flask, told: stories.Story) -> None:
    mara = told.cast.partners["partner_a"]
    with app.app_context():
        key = vault.key_ids(db.session.connection(), [("partner", mara)])
        vault.unlock([("partner", mara)])
        assert ("partner", mara) in vault._keys.open
        shredded.append([app.config["SETTINGS"].shredded_file], key, NOW)
        with vault.house("test"):
            assert ("partner", mara) not in vault._keys.open
        db.session.rollback()
    app.config["SETTINGS"].shredded_file.unlink()
    vault.watch(app.config["SETTINGS"].shredded_file)
