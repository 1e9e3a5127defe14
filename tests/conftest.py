"""What every test shares: the app on a database of its own, the fixed cast, and clients who are signed in."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from itsdangerous import URLSafeTimedSerializer
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from clinic import clock, vault
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db, set_transactions
from clinic.practice.models import Practice
from tests import cast as people
from tests import claims

# The same examples on every machine, and no deadline: a shared core is slow now and then, which is not a mistake.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


class Compiled(BytecodeCache):
    """Templates are compiled once in each process, however many apps its tests make."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}

FORGERY_MARK = sha1(b"tests", usedforsecurity=False).hexdigest()


# Claims: when everything ran, every test that the documents name must have passed.

OUTCOMES: dict[str, list[str]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how each test came out; with several workers the first process hears of all."""
    if report.when == "call" or report.outcome != "passed":
        test = report.nodeid.removeprefix("tests/").partition("[")[0]
        OUTCOMES.setdefault(test, []).append(report.outcome)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run over everything in which a claim was not proved; what `make` leaves out, it says."""
    option, is_worker = session.config.option, hasattr(session.config, "workerinput")
    is_picked = option.keyword or option.markexpr not in {"", "not browser"}
    is_all = session.config.args_source is not pytest.Config.ArgsSource.ARGS and not is_picked
    if is_worker or not is_all or option.collectonly or session.shouldstop or session.shouldfail:
        return
    left_out = tuple(f"{Path(one).name}/" for one in option.ignore or ())
    if unproved := claims.unproved(OUTCOMES, left_out):
        print("\nClaimed in docs/threat-model.md or docs/asvs.yaml and not proved by this run:")  # noqa: T201
        print(*unproved, sep="\n")  # noqa: T201
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Visitor(FlaskClient):
    """A browser that sends the protection against forged forms along with every POST, as the pages do."""

    def post(self, *args: Any, forged: bool = False, **kwargs: Any) -> Any:
        """A POST; `forged=True` leaves the protection out."""
        if not forged and "json" not in kwargs:
            kwargs["data"] = {"csrf_token": self._token(), **(kwargs.get("data") or {})}
        return super().post(*args, **kwargs)

    def _token(self) -> str:
        with self.session_transaction() as session:
            session["csrf_token"] = FORGERY_MARK
        signer = URLSafeTimedSerializer(self.application.config["SECRET_KEY"], salt="wtf-csrf-token")
        return str(signer.dumps(FORGERY_MARK))


@pytest.fixture(scope="session")
def _house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Path, people.Cast]]:
    """The app and a database with the cast, made once; each test begins with a copy of it."""
    folder = tmp_path_factory.mktemp("house")
    vault.new_master_key(folder / "master.key")
    app = create_app(Settings.from_environment(data_dir=folder, testing=True))
    app.test_client_class = Visitor
    with app.app_context(), clock.moved_to(people.BEGAN):
        db.create_all()
        cast = people.build()
        db.session.remove()
        db.engine.dispose()
    file = folder / "clinic.sqlite"
    shutil.copy2(file, folder / "beginning.sqlite")
    yield app, file, cast
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_house: tuple[Flask, Path, people.Cast]) -> Iterator[Flask]:
    """The app on a fresh database that holds the cast; push `app.app_context()` for work outside of a request."""
    made, file, _ = _house
    vault.open_with(file.with_name("master.key"))
    file.with_name("clinic.sqlite-wal").unlink(missing_ok=True)
    file.with_name("clinic.sqlite-shm").unlink(missing_ok=True)
    shutil.copy2(file.with_name("beginning.sqlite"), file)
    set_transactions(write=True)
    yield made
    set_transactions(write=True)
    if press := made.extensions.pop("renderer", None):  # the background made a page on its way
        press.close()
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def cast(app: Flask, _house: tuple[Flask, Path, people.Cast]) -> people.Cast:
    """The ids of the cast; see tests/cast.py."""
    return _house[2]


@pytest.fixture
def practice(app: Flask, cast: people.Cast) -> Practice:
    """The cast's own practice, for tests that have pushed an app context."""
    return db.session.get_one(Practice, cast.practice_id)


@pytest.fixture
def now() -> Iterator[datetime]:
    """A day after the cast came together; the clock stands there."""
    instant = people.BEGAN.replace(day=3)
    with clock.moved_to(instant):
        yield instant


@pytest.fixture
def nobody(app: Flask) -> FlaskClient:
    """A visitor who is not signed in."""
    return app.test_client()


@pytest.fixture
def client_for(app: Flask, cast: people.Cast, now: datetime) -> Callable[[str], FlaskClient]:
    """A signed-in client by the key of a person: `client_for("partner_a").get("/")`."""

    def enter(key: str) -> FlaskClient:
        with app.app_context():
            token = people.token_for(cast, key, clock.now())
        client = app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client

    return enter
