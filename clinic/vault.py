"""Words at rest are sealed: a descriptor for the column, keys by owner, and reading() for whoever opens them.

Protects a stolen database file, not a stolen running machine: the master key lies outside the database, the keys
of owners lie in it, wrapped. Envelope: version, key id, nonce, AES-256-GCM over the padded text; the associated
data binds it to table, column, row, owner and key, so that a ciphertext moved elsewhere does not open.
"""

import base64
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar, overload
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, UniqueConstraint, event, insert, select, tuple_
from sqlalchemy.orm import Mapped, Mapper, Session, object_session

from clinic import audit
from clinic.access import SYSTEM, Viewer
from clinic.extensions import Base, db

OwnerKind = Literal["partner", "couple", "practice", "counselor", "person"]
Owner = tuple[OwnerKind, UUID]
T = TypeVar("T")

VERSION = b"\x01"
PENDING = b"\x00"  # stands in the column until the row is written; never a valid envelope
SMALLEST_BUCKET = 64


class VaultError(Exception):
    """A sealed text cannot be opened or written; the message says why, never what."""


class NotReading(VaultError):
    """Clinical words were touched outside reading(): nobody would know who read them."""


class NotOnRing(VaultError):
    """The reader's ring does not hold the key: somebody else's words."""


class DataKey(Base):
    """The key of one owner, wrapped by the master key. Without this row its words are gone for good."""

    __tablename__ = "data_key"
    owner_kind: Mapped[str]
    owner_id: Mapped[UUID]
    wrapped: Mapped[bytes]
    __table_args__ = (UniqueConstraint("owner_kind", "owner_id"),)


@dataclass
class Reading:
    """One viewer opening words for one purpose; collects what was opened for a single line of the trail."""

    viewer: Viewer
    purpose: str
    opened: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # (table, owner) -> row ids


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


class _Keys:
    """The master key and the unwrapped keys of owners, in memory only."""

    def __init__(self) -> None:
        self.master: bytes = b""
        self.open: dict[Owner, tuple[UUID, AESGCM]] = {}
        self.fresh: set[Owner] = set()  # made in a transaction that is not committed yet


_keys = _Keys()


def new_master_key(path: Path) -> None:
    """Write a new master key that only its owner can read; refuses to replace one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")


def open_with(path: Path) -> None:
    """Take the master key from its file; VaultError with the cure when it is missing or damaged."""
    try:
        master = base64.b64decode(path.read_bytes(), validate=False)
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be read ({error.strerror}). Set CLINIC_KEY_FILE."
        ) from error
    if len(master) != 32:
        raise VaultError(f"The key file {path} is damaged: 32 bytes in base64 are needed.")
    if master != _keys.master:
        _keys.master, _keys.open, _keys.fresh = master, {}, set()


def derived(purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (cookies, keyed hashes), made from the master key."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(_keys.master)


def keyed_hash(purpose: str, text: str) -> str:
    """A hash (hex) by which a name can be found again and not guessed without the key."""
    return hmac.new(derived("hash:" + purpose), text.encode(), "sha256").hexdigest()


# Keys of owners


def unlock(owners: Iterable[Owner]) -> None:
    """Fetch the keys of many owners in one statement; lists call it before they show names."""
    wanted = [owner for owner in set(owners) if owner not in _keys.open]
    if wanted:
        pairs = tuple_(DataKey.owner_kind, DataKey.owner_id).in_(wanted)
        columns = (DataKey.id, DataKey.owner_kind, DataKey.owner_id, DataKey.wrapped)
        for row in db.session.execute(select(*columns).where(pairs)):
            _remember((row.owner_kind, row.owner_id), row.id, row.wrapped)


def _remember(owner: Owner, key_id: UUID, wrapped: bytes) -> tuple[UUID, AESGCM]:
    try:
        key = AESGCM(_keys.master).decrypt(wrapped[:12], wrapped[12:], _wrap_data(owner, key_id))
    except InvalidTag as error:
        raise VaultError(
            "The master key does not fit this database. Set CLINIC_KEY_FILE to the key that it was made with."
        ) from error
    _keys.open[owner] = key_id, AESGCM(key)
    return _keys.open[owner]


def must_fit() -> None:
    """VaultError when the master key is not the one with which this database was made; an empty one takes any."""
    row = db.session.execute(
        select(DataKey.id, DataKey.owner_kind, DataKey.owner_id, DataKey.wrapped).limit(1)
    ).first()
    if row is not None:
        _remember((row.owner_kind, row.owner_id), row.id, row.wrapped)


def _wrap_data(owner: Owner, key_id: UUID) -> bytes:
    return f"data_key|{owner[0]}|{owner[1]}|{key_id}".encode()


def _key_of(connection: Connection, owner: Owner, *, make: bool) -> tuple[UUID, AESGCM]:
    if owner in _keys.open:
        return _keys.open[owner]
    table = DataKey.__table__
    found = connection.execute(
        select(table.c.id, table.c.wrapped).where(
            table.c.owner_kind == owner[0], table.c.owner_id == owner[1]
        )
    ).first()
    if found:
        return _remember(owner, found.id, found.wrapped)
    if not make:
        raise VaultError(f"There is no key for this {owner[0]}: its words were erased.")
    return _make_key(connection, owner)


def _make_key(connection: Connection, owner: Owner) -> tuple[UUID, AESGCM]:
    key_id, key, nonce = uuid4(), secrets.token_bytes(32), secrets.token_bytes(12)
    wrapped = nonce + AESGCM(_keys.master).encrypt(nonce, key, _wrap_data(owner, key_id))
    connection.execute(
        insert(DataKey).values(id=key_id, owner_kind=owner[0], owner_id=owner[1], wrapped=wrapped)
    )
    _keys.fresh.add(owner)
    _keys.open[owner] = key_id, AESGCM(key)
    return _keys.open[owner]


@event.listens_for(Session, "after_commit")
def _settled(_session: Session) -> None:
    _keys.fresh.clear()


@event.listens_for(Session, "after_rollback")
def _forget_fresh(_session: Session) -> None:
    # A key whose row was rolled back must never seal anything again.
    for owner in _keys.fresh:
        _keys.open.pop(owner, None)
    _keys.fresh.clear()


# Envelopes


def _bound_to(table: str, column: str, row: UUID, owner: Owner, key_id: UUID) -> bytes:
    return f"{table}|{column}|{row}|{owner[0]}|{owner[1]}|{key_id}".encode()


def _pad(text: bytes) -> bytes:
    """Fill up to the next power of two, so that a length in the table tells little."""
    size = SMALLEST_BUCKET
    while size < len(text) + 4:
        size *= 2
    return len(text).to_bytes(4, "big") + text + bytes(size - len(text) - 4)


def _unpad(padded: bytes) -> bytes:
    return padded[4 : 4 + int.from_bytes(padded[:4], "big")]


class Sealed(Generic[T]):
    """A value that is stored encrypted under its owner's key.

    `column` names the mapped LargeBinary column, `kind` the kind of owner (or, with `@`, the attribute that holds it),
    `owner` the attribute with the owner's id.
    Values are JSON-able. `clinical` values open only inside reading(), for a viewer whose ring holds the key.
    """

    def __init__(
        self, column: str, kind: OwnerKind | Literal["@owner_kind"], owner: str, *, clinical: bool = True
    ) -> None:
        self.column, self.kind, self.owner, self.clinical = column, kind, owner, clinical

    def __set_name__(self, cls: type, name: str) -> None:
        self.name, self.slot = name, f"_opened_{name}"

    @overload
    def __get__(self, row: None, cls: type) -> Self: ...
    @overload
    def __get__(self, row: Base, cls: type) -> T: ...
    def __get__(self, row: Base | None, cls: type) -> Self | T:
        if row is None:
            return self
        if self.slot not in row.__dict__:
            row.__dict__[self.slot] = self._open(row)
        return row.__dict__[self.slot]  # type: ignore[no-any-return]

    def __set__(self, row: Base, value: T) -> None:
        row.__dict__[self.slot] = value
        setattr(row, self.column, None if value is None else PENDING)

    def owner_of(self, row: Base) -> Owner:
        """Whose key seals it."""
        kind: OwnerKind = getattr(row, self.kind[1:]) if self.kind.startswith("@") else self.kind  # type: ignore[assignment]
        return kind, getattr(row, self.owner)

    def _open(self, row: Base) -> Any:
        envelope = getattr(row, self.column)
        if envelope is None:
            return None
        owner = self.owner_of(row)
        self._note(row, owner)
        session = object_session(row) or db.session
        key_id, key = _key_of(session.connection(), owner, make=False)
        bound = _bound_to(row.__tablename__, self.column, row.id, owner, key_id)
        if envelope[:1] != VERSION or envelope[1:17] != key_id.bytes:
            raise VaultError("A sealed text has an unknown form or key.")
        try:
            padded = key.decrypt(envelope[17:29], envelope[29:], bound)
        except InvalidTag as error:
            raise VaultError("A sealed text does not belong where it was found.") from error
        return json.loads(_unpad(padded))

    def _note(self, row: Base, owner: Owner) -> None:
        if not self.clinical:
            return
        reading_now = _reading.get()
        if reading_now is None:
            raise NotReading(f"{row.__tablename__}.{self.name} was opened outside reading()")
        if not reading_now.viewer.holds(*owner):
            raise NotOnRing(f"{row.__tablename__}.{self.name} is under another's key")
        reading_now.opened.setdefault((row.__tablename__, str(owner[1])), set()).add(str(row.id))

    def seal(self, connection: Connection, row: Base) -> None:
        """Write the envelope of a value that was set; runs just before the row is written."""
        owner = self.owner_of(row)
        key_id, key = _key_of(connection, owner, make=True)
        nonce = secrets.token_bytes(12)
        text = json.dumps(row.__dict__[self.slot], ensure_ascii=False, separators=(",", ":")).encode()
        bound = _bound_to(row.__tablename__, self.column, row.id, owner, key_id)
        setattr(row, self.column, VERSION + key_id.bytes + nonce + key.encrypt(nonce, _pad(text), bound))


def sealed_columns(cls: type) -> list[Sealed[Any]]:
    """All sealed values of a mapped class."""
    return [value for part in cls.__mro__ for value in vars(part).values() if isinstance(value, Sealed)]


@event.listens_for(Base, "before_insert", propagate=True)
@event.listens_for(Base, "before_update", propagate=True)
def _seal_pending(_mapper: Mapper[Any], connection: Connection, row: Base) -> None:
    for column in sealed_columns(type(row)):
        if getattr(row, column.column) == PENDING:
            column.seal(connection, row)


@event.listens_for(Base, "refresh", propagate=True)
@event.listens_for(Base, "expire", propagate=True)
def _forget_opened(row: Base, *_: object) -> None:
    for column in sealed_columns(type(row)):
        row.__dict__.pop(column.slot, None)


# Reading


@contextmanager
def reading(viewer: Viewer, purpose: str) -> Iterator[Reading]:
    """Open words as `viewer` for `purpose`; what was opened becomes one line of the trail at the end."""
    current = Reading(viewer, purpose)
    token = _reading.set(current)
    try:
        yield current
    finally:
        _reading.reset(token)
        _note_reading(current)


def _note_reading(current: Reading) -> None:
    viewer = current.viewer
    if not current.opened or viewer.practice_id is None:
        return
    audit.record_reading(viewer, viewer.practice_id, current.purpose, current.opened)


@contextmanager
def house(purpose: str) -> Iterator[None]:
    """The house itself opens words to carry out what a person decided (an opening seals them for the recipient)."""
    token = _reading.set(Reading(SYSTEM, purpose))
    try:
        yield
    finally:
        _reading.reset(token)
