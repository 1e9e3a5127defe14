"""The world of the rules, made once in each process, and put back after every act that changed it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, vault
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import UserSession
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db, set_transactions
from tests import cast as people
from tests.conftest import Visitor
from tests.rules import world as worlds
from tests.rules.visits import Visit, visit


@dataclass
class Site:
    """The app with its world; the clock must stand at `world.stage.now` while somebody looks."""

    app: Flask
    file: Path
    world: worlds.World
    tokens: dict[str, str]
    answers: dict[tuple[str, str], Visit] = field(default_factory=dict)

    def seen(self, who: str, path: str, name: str = "") -> Visit:
        """What somebody gets to see there; asked once in each process, since a GET changes nothing."""
        if (who, path) not in self.answers:
            self.answers[who, path] = visit(self.app, self.client(who), who, "GET", path)
            self.answers[who, path].name = name
        return self.answers[who, path]

    def client(self, who: str) -> FlaskClient:
        """A browser in which that person is signed in."""
        client = self.app.test_client()
        if who != "nobody":
            with client.session_transaction() as session:
                session["_user_id"], session["_fresh"] = self.tokens[who], True
        return client

    def put_back(self) -> None:
        """Undo whatever was changed."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy2(self.file.with_name("as-it-was.sqlite"), self.file)


def session_of(token: str) -> UUID:
    """The row of a sign-in."""
    row = db.session.scalar(select(UserSession.id).where(UserSession.token_hash == sign_ins.hash_of(token)))
    assert row is not None
    return row


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("world")
    vault.new_master_key(folder / "master.key")
    app = create_app(Settings.from_environment(data_dir=folder, testing=True))
    app.test_client_class = Visitor
    with app.app_context():
        db.create_all()
        set_transactions(write=True)
        with clock.moved_to(people.BEGAN):
            world = worlds.build()
        with clock.moved_to(world.stage.now):
            known = [who for who in world.cast.people if who != "nobody"]
            tokens = {who: people.token_for(world.cast, who, world.stage.now) for who in known}
            world.ids |= {f"session {who}": session_of(tokens[who]) for who in known}
        db.session.remove()
        db.engine.dispose()
    file = folder / "clinic.sqlite"
    shutil.copy2(file, folder / "as-it-was.sqlite")
    return Site(app, file, world, tokens)


@pytest.fixture
def site(_world: Site) -> Iterator[Site]:
    """The world as it was made; the clock stands where its story ended."""
    vault.open_with(_world.file.with_name("master.key"))
    set_transactions(write=True)
    _world.put_back()
    with clock.moved_to(_world.world.stage.now):
        yield _world
    set_transactions(write=True)
    _world.put_back()
