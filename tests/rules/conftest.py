"""The world of the rules, made once in each process, and put back after every act that changed it."""

import shutil
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from clinic import clock, vault
from clinic.access import Viewer
from clinic.accounts import factors
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import UserSession
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db, set_transactions
from tests import cast as people
from tests.conftest import Visitor
from tests.rules import histories
from tests.rules import world as worlds
from tests.rules.birds import PEOPLE
from tests.rules.site import Site
from tests.rules.theater import Press, Theater


def web_viewer(token: str) -> Viewer:
    """Who looks with that sign-in."""
    signed = sign_ins.signed_in(token)
    assert signed is not None
    return signed.viewer


def session_of(token: str) -> UUID:
    """The row of a sign-in."""
    row = db.session.scalar(select(UserSession.id).where(UserSession.token_hash == sign_ins.hash_of(token)))
    assert row is not None
    return row


@pytest.fixture(scope="session", params=PEOPLE)
def who(request: pytest.FixtureRequest) -> str:
    """Each kind of person; a session's parameter, so that all tests about one person run beside each other."""
    return str(request.param)


@pytest.fixture(scope="session")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("world")
    vault.new_master_key(folder / "master.key")
    app = create_app(Settings.from_environment(data_dir=folder, testing=True, **people.mail_to(folder)))
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
            for who in (
                "counselor",
                "partner_b",
            ):  # somebody who is setting up an app, so that its page is looked at
                factors.begin_code_app(web_viewer(tokens[who]), world.stage.now)
            db.session.commit()
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


@pytest.fixture(scope="session")
def theater(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theater]:
    folder = tmp_path_factory.mktemp("theater")
    vault.new_master_key(folder / "master.key")
    app = create_app(Settings.from_environment(data_dir=folder, testing=True, **people.mail_to(folder)))
    app.test_client_class = Visitor
    app.extensions["renderer"] = Press()
    with app.app_context(), clock.moved_to(people.BEGAN):
        db.create_all()
        cast = histories.prepare()
        db.session.remove()
        db.engine.dispose()
    shutil.copy2(folder / "clinic.sqlite", folder / "beginning.sqlite")
    yield Theater(app, folder / "clinic.sqlite", folder / "beginning.sqlite", cast)
    with app.app_context():
        db.engine.dispose()
