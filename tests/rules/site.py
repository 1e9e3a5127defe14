"""The app with the world of the rules in it: browsers of its people, and what they got to see."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from clinic.accounts.models import UserSession
from clinic.extensions import db
from tests.rules import world as worlds
from tests.rules.table import table, tries_of
from tests.rules.visits import Visit, fingerprint, links_of, visit

LINKS_AT_MOST = 150


@dataclass(frozen=True)
class Sweep:
    """Everything that one person can get, and every table before and after."""

    rows: list[Visit]
    links: list[Visit]
    before: dict[str, str]
    after: dict[str, str]

    @property
    def answers(self) -> list[Visit]:
        return [*self.rows, *self.links]


@dataclass
class Site:
    """The app with its world; the clock must stand at `world.stage.now` while somebody looks."""

    app: Flask
    file: Path
    world: worlds.World
    tokens: dict[str, str]
    answers: dict[tuple[str, str], Visit] = field(default_factory=dict)
    sweeps: dict[str, Sweep] = field(default_factory=dict)

    def seen(self, who: str, path: str, name: str = "") -> Visit:
        """What somebody gets to see there; asked once in each process, since a GET changes nothing."""
        self.sweep(who)
        return self._asked(who, path, name)

    def _asked(self, who: str, path: str, name: str) -> Visit:
        if (who, path) not in self.answers:
            self.answers[who, path] = visit(self.app, self.client(who), who, "GET", path)
            self.answers[who, path].name = name
        return self.answers[who, path]

    def sweep(self, who: str) -> Sweep:
        """All that somebody can ask for, once: what the table names, its variants, and whatever pages link to."""
        if who not in self.sweeps:
            before = fingerprint(self.file)
            rows = [self._asked(who, path, name) for path, name in self._named()]
            links = list(self._crawled(who))
            self.sweeps[who] = Sweep(rows, links, before, fingerprint(self.file))
        return self.sweeps[who]

    def _named(self) -> Iterator[tuple[str, str]]:
        for row in table().of("GET"):
            for specimen, path in tries_of(row, self.app, self.world):
                yield from ((path + query, f"{row.endpoint} {specimen}") for query in ("", *row.also))

    def _crawled(self, who: str) -> Iterator[Visit]:
        """From the start page on, by every link of the own house."""
        waiting, known = ["/"], {"/"}
        for path in waiting:
            made = self._asked(who, path, "a link")
            yield made
            for link in links_of(made):
                if link not in known and len(known) < LINKS_AT_MOST:
                    known.add(link)
                    waiting.append(link)

    def client(self, who: str) -> FlaskClient:
        """A browser in which that person is signed in."""
        client = self.app.test_client()
        if who != "nobody":
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.tokens[who], True
        return client

    def put_back_sign_ins(self) -> None:
        """Whoever signed out is signed in again."""
        with self.app.app_context():
            db.session.execute(update(UserSession).values(revoked_at=None))
            db.session.commit()

    def put_back(self) -> None:
        """Undo whatever was changed."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy2(self.file.with_name("as-it-was.sqlite"), self.file)
