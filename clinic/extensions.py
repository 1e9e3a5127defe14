"""Instances that the whole application shares, and the one place that knows the database's dialect."""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import has_app_context
from flask_alembic import Alembic
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column, registry

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _short_types(kind: str, found: object, _context: object) -> str | bool:
    """How a migration writes the project's own type; False leaves all others to Alembic."""
    return "Instant()" if kind == "type" and isinstance(found, Instant) else False


MIGRATING = {"transactional_ddl": True, "render_item": _short_types}
"""How Alembic runs: an upgrade that fails leaves nothing behind, and `flask db revision` writes importable types."""

_new_id: ContextVar[Callable[[], uuid.UUID]] = ContextVar("new_id", default=uuid.uuid4)


@contextmanager
def ids_from(source: Callable[[], uuid.UUID]) -> Iterator[None]:
    """Rows made inside the block take their ids from `source`: the demo is the same each time. Nobody else needs it."""
    token = _new_id.set(source)
    try:
        yield
    finally:
        _new_id.reset(token)


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC; a naive value is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Base of all tables: a random id made here (a time-ordered one would tell when), aware instants."""

    registry = registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map={datetime: Instant})
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4, sort_order=-10)

    def __init__(self, **values: Any) -> None:
        # The id must be known before the row is written: sealed columns are bound to it.
        self.id = values.pop("id", None) or _new_id.get()()
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no {name}")
            setattr(self, name, value)


ALL_ROWS: Mapping[str, str] = {"UPDATE": "", "DELETE": ""}


def append_only(table: str, only: Mapping[str, str] = ALL_ROWS) -> Callable[..., None]:
    """Let the database itself refuse to change or take away what stands in a table; for when it was created.

    `only` names the verbs that are refused, each with its condition in SQL on OLD and NEW; an empty one means always.
    """

    def forbid(_table: object, connection: Connection, **_: object) -> None:
        for verb, condition in only.items():
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                + (f"WHEN {condition} " if condition else "")
                + f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )

    return forbid


_writes: ContextVar[bool] = ContextVar("writes", default=True)
_waits: ContextVar[bool] = ContextVar("waits", default=True)
_reads_first: ContextVar[bool] = ContextVar("reads_first", default=False)

PATIENCE = 5000
"""Milliseconds that a transaction waits for the lock before it gives up, `Busy`."""


POLLS = 0.001
"""Seconds between two tries to get it."""


class Busy(sqlite3.OperationalError):
    """A transaction could not begin, since another one held the lock: nothing of it was done, it can be tried again."""


@contextmanager
def transactions(*, write: bool, wait: bool = True) -> Iterator[None]:
    """Transactions that begin inside the block may write (they take the lock at once) or cannot write at all.

    With `wait=False` they give up at once when another holds the lock: for what nobody should be kept waiting for.
    """
    tokens = _writes.set(write), _waits.set(wait), _reads_first.set(False)
    try:
        yield
    finally:
        _writes.reset(tokens[0])
        _waits.reset(tokens[1])
        _reads_first.reset(tokens[2])


def set_transactions(*, write: bool, reads_first: bool = False) -> None:
    """The same for the rest of the current context: the web sets it by the request's method.

    With `reads_first` nobody waits for what is read and worked out; `take_lock` comes before what is written.
    """
    _writes.set(write and not reads_first)
    _reads_first.set(write and reads_first)


def take_lock() -> None:
    """End the reading of a context that reads first: what follows, until it is committed, may write.

    Rows that were read stay at hand as they were. Others may have changed them since, so that whatever is written
    now names the version that it saw. Elsewhere this changes nothing: who writes has the lock, who reads never gets it.
    """
    if _writes.get() or not _reads_first.get():
        return
    session = db.session()
    session.expire_on_commit = False
    try:
        session.commit()
    finally:
        session.expire_on_commit = True
    _writes.set(True)


def may_write() -> bool:
    """True in a transaction that may write."""
    return _writes.get()


Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

READING = "reading"
"""The name of the engine whose connections only read; see `_begin`."""


class _Session(FlaskSession):
    """Takes a connection that reads or one that writes, as its transaction begins, and stays with it to the end."""

    def get_bind(self, *args: Any, **named: Any) -> Engine | Connection:
        if self.info.get("writes", _writes.get()):
            return super().get_bind(*args, **named)
        return self._db.engines[READING]


@event.listens_for(_Session, "after_begin")
def _stay(session: Session, _transaction: object, connection: Connection) -> None:
    session.info.setdefault("writes", connection.info["writes"])


@event.listens_for(_Session, "after_transaction_end")
def _be_free(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("writes", None)
        session.info.pop("answers", None)


db = SQLAlchemy(
    model_class=Base,
    session_options={"class_": _Session},
    engine_options={"hide_parameters": True},  # a mistake never quotes what is stored, in no engine
)
login_manager = LoginManager()
csrf = CSRFProtect()
alembic = Alembic(run_mkdir=False, metadatas=Base.metadata)

# A row that was fetched stays at hand until the transaction ends: SQLAlchemy alone would forget it as soon as nobody
# holds it, and the same couple would be fetched again for every question that is asked about it.


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def _hold(session: Session, row: object) -> None:
    session.info.setdefault("held", []).append(row)


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _let_go(session: Session) -> None:
    session.info.pop("held", None)
    if _reads_first.get():
        _writes.set(False)


def asked_once(query: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """The same question has the same answer in a transaction that only reads: it is put to the database once."""

    @wraps(query)
    def ask(*args: Asked.args, **named: Asked.kwargs) -> Answer:
        if named or db.session.info.get("writes", True):
            return query(*args, **named)
        answers = db.session.info.setdefault("answers", {})
        if (query, args) not in answers:
            answers[query, args] = query(*args, **named)
        return answers[query, args]  # type: ignore[no-any-return]

    return ask


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; see _begin
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={PATIENCE}",  # first: setting the journal mode needs the lock, too
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    """Writers take the lock with their first statement: a later upgrade loses updates. Readers cannot write."""
    write, wait = _writes.get(), _waits.get()
    cursor = connection.connection.dbapi_connection.cursor()
    if connection.info.get("writes") != write:
        # Every statement that SQLite had prepared must be prepared again after this: so the connections that read are
        # kept apart from those that write, and are told only once.
        cursor.execute(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.info["writes"] = write
    if write:
        _begin_to_write(cursor, wait=wait)
    else:
        cursor.execute("BEGIN")
    cursor.close()


def _begin_to_write(cursor: Any, *, wait: bool) -> None:
    """Ask for the lock every millisecond, as long as the connection has patience.

    SQLite itself asks after 1, 2, 5, 10, 15 ... 100 ms: who has waited longest sleeps longest, and those who have just
    come go first. With short transactions that, and no work at all, was the slowest hundredth.
    """
    patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    until = time.monotonic() + (patience / 1000 if wait else 0)
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while not _has_begun(cursor, is_last=time.monotonic() >= until):
            time.sleep(POLLS)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={patience}")


def _has_begun(cursor: Any, *, is_last: bool) -> bool:
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        if is_last:
            raise Busy("another transaction holds the lock") from error
        return False
    return True


def wipe() -> bool:
    """Take what was overwritten out of the journal, too; False when somebody reads there still."""
    with transactions(write=True):
        raw = db.engine.raw_connection()
        try:
            return bool(raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        finally:
            raw.close()


@event.listens_for(Engine, "engine_disposed")
def _dispose_reading(engine: Engine) -> None:
    """Whoever lets go of the database lets go of both engines."""
    if has_app_context() and engine is db.engine:
        db.engines[READING].dispose()
