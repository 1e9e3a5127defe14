"""Where histories are played: an app whose database is fresh each time, and what A can get from it, made comparable."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, mail, vault
from clinic.extensions import db, set_transactions
from clinic.homework.models import Assignment, Round, Turn
from clinic.mail import Letter
from clinic.privacy import tasks as privacy_tasks
from tests import cast as people
from tests.rules import histories
from tests.rules.histories import A
from tests.rules.stage import WORK, Stage
from tests.rules.visits import Visit, links_of, visit, without_tokens

TURN_PAGES = ("/before", "/revise", "/say", "/sent", "/own")
STARTS = ("/", "/progress/now", "/progress/ours", "/progress/mine", "/accounts/devices", "/accounts/welcome")
LEFT_ASIDE = re.compile(r"/say\?|[?&](all|step)=|/accounts/passphrase")
"""The same page in another way; the last one offers random words each time."""

FOREIGN = ("/progress/today", "/couples/", "/documents/", "/reflections/queue")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
LEFT_OUT = {"Date"}
PAGES_AT_MOST = 120
TRIED = 5
"""Every fifth own turn is tried with POST."""


@dataclass
class Seen:
    """All that A got on one look: (what was asked, status, headers, body), in the order of asking."""

    day: int
    answers: list[tuple[str, int, tuple[tuple[str, str], ...], str]] = field(default_factory=list)


Look = Callable[[Stage, int], None]
"""What a play calls at the end of a day."""


class Press:
    """In the place of the renderer: what is on the pages of a copy, its owner alone gets."""

    def render(self, *_: object) -> bytes:
        """No pages."""
        return b"%PDF-1.7"


@dataclass
class Theater:
    """One app; `file` is its database, `beginning` a copy from before the first day."""

    app: Flask
    file: Path
    beginning: Path
    cast: people.Cast

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """A fresh database, and the stage on it."""
        vault.open_with(self.file.with_name("master.key"))
        self.restore(self.beginning)
        self._nothing_was_shredded()
        set_transactions(write=True)
        with self.app.app_context():
            yield Stage(deepcopy(self.cast), work=(*WORK, privacy_tasks))
            db.session.remove()

    def _nothing_was_shredded(self) -> None:
        """Keys of the play before are forgotten, and so is which of them went: this one begins with the same again."""
        vault._keys.open.clear()
        settings = self.app.config["SETTINGS"]
        for file in settings.shredded_files:
            file.unlink(missing_ok=True)
        vault.watch(settings.shredded_file)

    def restore(self, copy: Path) -> None:
        """Put a database in place of what is there."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy2(copy, self.file)

    def keep(self, copy: Path) -> None:
        """Keep the database as it is now."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        shutil.copy2(self.file, copy)

    def lived(self, private: Iterable[str]) -> list[Seen]:
        """One history from its first day to its last, and what A saw on the way."""
        return self.watched(lambda stage, look: histories.play(stage, private, look))

    def watched(self, play: Callable[[Stage, Look], None]) -> list[Seen]:
        """Anything that is played on the stage, and what A saw whenever it said so."""
        seen: list[Seen] = []
        with self.stage() as stage:
            play(stage, lambda now, day: seen.append(self.look(now, day)))
        return seen

    def frozen(self, private: Iterable[str], copy: Path, on: int) -> datetime:
        """The database as it is on a day of a history; tells the time of that day."""
        moments = []

        def keep(stage: Stage, day: int) -> None:
            if day == on:
                moments.append(stage.now)
                self.keep(copy)

        with self.stage() as stage:
            histories.play(stage, private, keep)
        return moments[0]

    def look(self, stage: Stage, day: int, most: int = PAGES_AT_MOST) -> Seen:
        """A looks at everything: what links lead to, all pages of each turn, and what is not for A."""
        with clock.moved_to(stage.now):
            token = people.token_for(stage.cast, A, stage.now)
            seen, client = Seen(day), self._client(token)
            numbers: dict[str, str] = {}
            for made in (*self._asked(client, most), *self._tried(client, stage), self._calendar(stage)):
                seen.answers.append(comparable(made, numbers))
            seen.answers += [comparable(made, numbers) for made in self._mailbox(stage)]
        return seen

    def _calendar(self, stage: Stage) -> Visit:
        """What A's calendar program fetches."""
        return visit(self.app, self.app.test_client(), A, "GET", stage.cast.calendars[A])

    def _mailbox(self, stage: Stage) -> Iterator[Visit]:
        """Every mail that A got or will get, as it is when it arrives, and when that is."""
        rows = select(Letter).where(Letter.owner_id == stage.cast.people[A], Letter.state.in_(mail.OPEN))
        with vault.house("a look into the mailbox"):
            for letter in db.session.scalars(rows.order_by(Letter.due_at, Letter.kind, Letter.asked_at)):
                message = mail.message_of(letter, "Notes", self.app.config["SETTINGS"], letter.due_at)
                said = {"Due": f"{letter.due_at} until {letter.expires_at}, asked {letter.asked_at}"}
                yield Visit(A, "MAIL", "/mailbox", 200, said, bytes(message))
            db.session.remove()

    def _tried(self, client: FlaskClient, stage: Stage) -> Iterator[Visit]:
        """A saves an empty page on some own turns, and tries to agree and to add a line: what the house answers."""
        mine = select(Turn.id).join(Round).join(Assignment).where(Turn.partner_id == stage.cast.partners[A])
        ids = db.session.scalars(
            mine.order_by(Assignment.slug, Round.number, Turn.leg, Turn.order, Turn.entry)
        ).all()
        db.session.remove()
        said = (("", {"screen": "all"}), ("/confirm", {"bound": "0"}), ("/add", {"text": "a line"}))
        for id_ in ids[::TRIED]:
            yield from (
                visit(self.app, client, A, "POST", f"/reflections/{id_}{end}", data) for end, data in said
            )

    def _client(self, token: str) -> FlaskClient:
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client

    def _asked(self, client: FlaskClient, most: int) -> Iterator[Visit]:
        """Pages in the order in which links lead to them."""
        waiting, known = [*STARTS, *FOREIGN], {*STARTS, *FOREIGN}
        for path in waiting:
            made = visit(self.app, client, A, "GET", path)
            yield made
            for link in (*links_of(made), *_more(path)):
                if link not in known and not LEFT_ASIDE.search(link) and len(known) < most:
                    known.add(link)
                    waiting.append(link)


def _more(path: str) -> Iterator[str]:
    """Where A can go from the address of a turn, whatever the page offers."""
    found = re.fullmatch(r"/reflections/([0-9a-f-]{36})", path)
    if found:
        yield from (f"/reflections/{found[1]}{end}" for end in TURN_PAGES)


def comparable(made: Visit, numbers: dict[str, str]) -> tuple[str, int, tuple[tuple[str, str], ...], str]:
    """An answer in which ids have numbers by their first appearance, and tokens and the date are left out."""

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"id-{len(numbers):04}")

    def plain(text: str) -> str:
        return without_tokens(ID.sub(number, text))

    cookies = re.sub(r"\bsession=[^;]+", "session=…", made.headers.get("Set-Cookie", ""))
    kept = {**made.headers, "Set-Cookie": cookies}
    if made.headers.get("Content-Length") == str(len(made.body)):
        kept.pop("Content-Length")  # it says no more than the body, in which signed tokens differ in length
    headers = tuple((name, plain(value)) for name, value in sorted(kept.items()) if name not in LEFT_OUT)
    return plain(made.path), made.status, headers, plain(made.text)


def differences(one: list[Seen], two: list[Seen]) -> list[str]:
    """Where A could tell one history from another, in words."""
    return [line for first, second in zip(one, two, strict=True) for line in _between(first, second)]


def _between(first: Seen, second: Seen) -> Iterator[str]:
    if len(first.answers) != len(second.answers):
        yield f"day {first.day}: {len(first.answers)} pages, or {len(second.answers)}"
    for (path, *here), (other, *there) in zip(first.answers, second.answers, strict=False):
        if path != other:
            yield f"day {first.day}: a link leads to {path}, or to {other}"
            return
        if here != there:
            yield f"day {first.day}: {path}: {_first_difference(here, there)}"


def _first_difference(here: Any, there: Any) -> str:
    if here[0] != there[0]:
        return f"status {here[0]}, or {there[0]}"
    if here[1] != there[1]:
        return f"headers {sorted(set(here[1]) ^ set(there[1]))}"
    place = next(
        (n for n, pair in enumerate(zip(here[2], there[2], strict=False)) if pair[0] != pair[1]), -60
    )
    start = max(0, place - 60)
    return f"…{here[2][start : place + 90]!r}, or …{there[2][start : place + 90]!r}"
