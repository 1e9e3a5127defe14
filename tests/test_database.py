"""What the database must keep: no update lost, no reader kept waiting, no write by who only reads."""

import itertools
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from clinic.app import create_app
from clinic.config import Settings
from clinic.couples.models import Partner
from clinic.extensions import Busy, alembic, db, may_write, set_transactions, take_lock, transactions
from clinic.practice.models import Practice
from tests import cast as people

THREADS = 8
TIMES = 40


def value_of(pragma: str) -> object:
    """What the connection in use says of a setting."""
    return db.session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("temp_store", 2),
        ("busy_timeout", 5000),
    ],
)
def test_every_connection_has_the_settings_of_the_house(app: Flask, pragma: str, value: object) -> None:
    def ask() -> object:
        with app.app_context():
            return value_of(pragma)

    with ThreadPoolExecutor(3) as pool:
        assert [found.result() for found in [pool.submit(ask) for _ in range(3)]] == [value] * 3


def test_no_engine_quotes_what_is_stored_in_its_mistakes(app: Flask) -> None:
    with app.app_context():
        assert [engine.hide_parameters for engine in db.engines.values()] == [True, True]


# Writers


def count_up(app: Flask, start: threading.Barrier, order: list[int], number: int) -> None:
    """One writer: read, add one, commit, again and again; through the ORM, as an action does it."""
    start.wait()
    for _ in range(TIMES):
        with app.app_context():
            practice = db.session.scalars(select(Practice).order_by(Practice.name)).first()
            assert practice is not None
            practice.phone = str(int(practice.phone or 0) + 1)
            db.session.commit()
            order.append(number)


def test_eight_writers_lose_no_update(app: Flask) -> None:
    start, order = threading.Barrier(THREADS), []
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(count_up, app, start, order, number) for number in range(THREADS)]:
            done.result()
    with app.app_context():
        count = db.session.scalars(select(Practice.phone).order_by(Practice.name)).first()
    assert count == str(THREADS * TIMES)
    changes = sum(one != next_ for one, next_ in itertools.pairwise(order))
    assert changes >= THREADS, "the writers did not meet, so that nothing was shown"


def test_a_writer_takes_the_lock_with_its_first_statement(app: Flask) -> None:
    with app.app_context():
        db.session.execute(select(Practice.id)).all()
        impatient = sqlite3.connect(database_of(app), timeout=0, isolation_level=None)
        with closing(impatient), pytest.raises(sqlite3.OperationalError, match="locked"):
            impatient.execute("BEGIN IMMEDIATE")
        db.session.rollback()


def test_a_writer_who_asks_in_vain_says_so_and_keeps_the_settings(
    app: Flask, held_lock: Callable[[], None]
) -> None:
    try:
        with app.app_context(), db.engine.connect() as connection:
            with transactions(write=True, wait=False), pytest.raises(Busy):
                connection.begin()
            raw = connection.connection.dbapi_connection
            assert raw is not None
            assert raw.execute("PRAGMA busy_timeout").fetchone() == (5000,)
    finally:
        held_lock()


# Who reads first


def test_who_reads_first_keeps_nobody_waiting_and_writes_after_taking_the_lock(app: Flask) -> None:
    with app.app_context():
        set_transactions(write=True, reads_first=True)
        practice = db.session.scalars(select(Practice).order_by(Practice.name)).first()
        assert practice is not None
        with ThreadPoolExecutor(1) as pool:
            pool.submit(rename, app).result()
        take_lock()
        assert practice.paper, "what was read is at hand"
        practice.web = "Read slowly."
        db.session.commit()
        assert not may_write(), "the next transaction reads again"
        assert practice.web == "Read slowly."
        with pytest.raises(OperationalError, match="readonly"):
            db.session.execute(text("UPDATE practice SET name = 'Mine'"))
        db.session.rollback()
    set_transactions(write=True)


def test_who_only_reads_gets_no_lock(app: Flask) -> None:
    with app.app_context(), transactions(write=False):
        db.session.execute(select(Practice.id)).all()
        take_lock()
        with pytest.raises(OperationalError, match="readonly"):
            db.session.execute(text("UPDATE practice SET name = 'Mine'"))
        db.session.rollback()


# Readers


@pytest.fixture
def held_lock(app: Flask) -> Callable[[], None]:
    """Somebody writes and does not come to an end until the returned function is called."""
    is_held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context():
            db.session.execute(text("UPDATE practice SET name = 'Not yet'"))
            is_held.set()
            may_end.wait(20)
            db.session.rollback()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)

    def release() -> None:
        may_end.set()
        thread.join()

    return release


def test_a_reader_does_not_wait_for_a_writer_and_reads_what_was_before(
    app: Flask, held_lock: Callable[[], None]
) -> None:
    try:
        began = time.monotonic()
        with app.app_context(), transactions(write=False):
            names = set(db.session.scalars(select(Practice.name)))
        assert "Not yet" not in names
        assert app.test_client().get("/accounts/sign-in").status_code == 200
        assert time.monotonic() - began < 2.5, "half of the busy timeout: it waited"
    finally:
        held_lock()


def test_a_writer_does_not_wait_for_a_reader(app: Flask) -> None:
    with app.app_context(), transactions(write=False):
        before = set(db.session.scalars(select(Practice.name)))
        began = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(rename, app).result()
        assert time.monotonic() - began < 2.5
        assert set(db.session.scalars(select(Practice.name))) == before, "a reader sees one moment"


def rename(app: Flask) -> None:
    """A writer's whole transaction."""
    with app.app_context():
        db.session.execute(text("UPDATE practice SET name = 'Later'"))
        db.session.commit()


def test_who_only_reads_cannot_write(app: Flask) -> None:
    with app.app_context(), transactions(write=False):
        with pytest.raises(OperationalError, match="readonly"):
            db.session.execute(text("UPDATE practice SET name = 'Mine'"))
        db.session.rollback()
    with app.app_context():  # the same connection, in a transaction that may write
        db.session.execute(text("UPDATE practice SET name = 'Mine'"))
        db.session.rollback()


# Rows


def test_a_row_cannot_point_to_nothing(app: Flask, cast: people.Cast) -> None:
    with app.app_context():
        partner = db.session.get_one(Partner, cast.partners["partner_a"])
        with pytest.raises(IntegrityError):
            db.session.execute(text("DELETE FROM couple WHERE id = :id"), {"id": partner.couple_id.hex})
        db.session.rollback()


def test_what_was_deleted_is_not_in_the_file(app: Flask) -> None:
    mark = b"a line that will be deleted 8d1f"
    file = database_of(app)
    with app.app_context():
        db.session.execute(text("UPDATE practice SET web = :words"), {"words": mark.decode()})
        db.session.commit()
        assert mark in everything(file)
        db.session.execute(text("UPDATE practice SET web = ''"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()  # the last connection writes the log into the file and clears it away
    assert mark not in everything(file)


def database_of(app: Flask) -> Path:
    """The file of the tests' database."""
    return Path(app.config["SETTINGS"].data_dir) / "clinic.sqlite"


def everything(file: Path) -> bytes:
    """The database with its log."""
    return b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*"))


def test_the_migrations_make_the_tables_that_the_models_name(app: Flask, tmp_path: Path) -> None:
    settings = app.config["SETTINGS"]
    empty = create_app(Settings.from_environment(data_dir=tmp_path, key_file=settings.key_file, testing=True))
    with empty.app_context():
        alembic.upgrade()
        db.session.remove()
        assert alembic.compare_metadata() == []
        db.session.remove()
        db.engine.dispose()
