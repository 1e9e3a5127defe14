"""Words at rest are sealed: a descriptor for the column, keys by owner, and reading() for whoever opens them.

Protects a stolen database file, not a stolen running machine: the master key lies outside the database (masters.py),
the keys of owners lie in it, wrapped. Envelope: version, key id, nonce, AES-256-GCM over the padded text; the
associated data binds it to table, column, row, owner and key, so that a ciphertext moved elsewhere does not open.
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Self, TypeVar, overload
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, UniqueConstraint, delete, event, insert, inspect, select, tuple_, update
from sqlalchemy.orm import Mapped, Mapper, Session, object_session

from clinic import audit, masters, shredded
from clinic.access import SYSTEM, Viewer
from clinic.extensions import Base, db, may_write
from clinic.masters import VaultError as VaultError  # what this file raises, too

OwnerKind = Literal["partner", "couple", "practice", "counselor", "person", "house"]
Owner = tuple[OwnerKind, UUID]
T = TypeVar("T")

VERSION = b"\x01"
PENDING = b"\x00"  # stands in the column until the row is written; never a valid envelope
SMALLEST_BUCKET = 64

HOUSE: Owner = ("house", UUID(int=0))
"""Whose key makes keyed hashes: the whole database's, of all its practices."""


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


UNSENT = frozenset({"draft", "kept_text", "recipient"})
"""What a client sees beside the box to write in: the trail of the couple does not tell that somebody sat before it."""


@dataclass
class Reading:
    """One viewer opening words for one purpose; collects what was opened for a single line of the trail."""

    viewer: Viewer
    purpose: str
    opened: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # (table, owner) -> ids of rows
    noting: dict[tuple[str, str], set[str]] = field(
        default_factory=dict
    )  # in a transaction that is not over yet
    noted: set[str] = field(default_factory=set)  # ids of rows of which the trail has a line
    couples: set[str] = field(default_factory=set)  # whom they are about
    rows: list[Base] = field(default_factory=list)  # with words in memory

    def note(self, row: Base, whose: UUID) -> None:
        """Remember that a row was opened, and whose words are in it."""
        self.rows.append(row)
        if str(row.id) not in self.noted:
            self.opened.setdefault((row.__tablename__, str(whose)), set()).add(str(row.id))
            own = {
                side.partner_id: side.couple_id for side in self.viewer.sides
            }  # a client's own rows say no more
            is_theirs_alone = whose in own and row.__tablename__ in UNSENT
            if not is_theirs_alone and (couple_id := own.get(whose) or audit.couple_of(row)):
                self.couples.add(str(couple_id))

    def stands(self) -> None:
        """The line that was on its way is in the database."""
        self.noted |= {row for ids in self.noting.values() for row in ids}
        self.noting = {}

    def falls(self) -> None:
        """The line that was on its way is not in the database, and has to be written apart."""
        for place, ids in self.noting.items():
            self.opened.setdefault(place, set()).update(ids)
        self.noting = {}


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


@dataclass(frozen=True, slots=True)
class _Key:
    """An unwrapped key, and the names that it opened for lists, by envelope: they go where the key goes."""

    id: UUID
    cipher: AESGCM
    names: dict[tuple[str, object, bytes], Any] = field(default_factory=dict)


class _Keys:
    """The master keys and the unwrapped keys of owners, in memory only."""

    def __init__(self) -> None:
        self.file = Path()
        self.ring = masters.Ring(())
        self.open: dict[Owner, _Key] = {}
        self.roots: dict[Owner, bytes] = {}  # what chains and keyed hashes are made with
        self.fresh: set[Owner] = set()  # made in a transaction that is not committed yet
        self.list: Path | None = None  # of shredded keys
        self.list_seen: tuple[int, int] | None = None
        self.shredded: set[UUID] = set()


_keys = _Keys()


def open_with(path: Path) -> None:
    """Take the master key from its file; VaultError with the cure when it is missing or damaged."""
    hold(masters.read(path), path)


def hold(ring: masters.Ring, path: Path) -> None:
    """Use these master keys; `path` is where they lie, or will."""
    if not set(ring.keys) & set(_keys.ring.keys):
        _keys.open, _keys.roots, _keys.fresh = {}, {}, set()
    _keys.file, _keys.ring = path, ring


def watch(file: Path) -> None:
    """Let go of the keys that are written in this list, now and whenever another process has added to it."""
    _keys.list, _keys.list_seen, _keys.shredded = file, None, set()
    _let_go_of_shredded()


def _let_go_of_shredded() -> None:
    """Looked at as each reading begins: no process holds on to what another one shredded."""
    try:
        found = _keys.list.stat() if _keys.list else None
    except FileNotFoundError:
        return
    if found is None or (seen := (found.st_size, found.st_mtime_ns)) == _keys.list_seen:
        return
    _keys.list_seen, _keys.shredded = seen, shredded.read(_keys.list)  # type: ignore[arg-type]  # it was found
    for owner in [owner for owner, key in _keys.open.items() if key.id in _keys.shredded]:
        _keys.open.pop(owner, None)
        _keys.roots.pop(owner, None)


def new_master_key(path: Path) -> None:
    """Write a new master key that only its owner can read; refuses to replace one."""
    masters.create(path, masters.new())


def master() -> masters.MasterKey:
    """The master key in force, to which backups are encrypted."""
    return _keys.ring.current


def must_fit(connection: Connection) -> None:
    """Raise VaultError when the master key opens no key of this database: better at the start than at a text."""
    if not inspect(connection).has_table(DataKey.__tablename__):
        return  # nothing was ever sealed in it
    row = connection.execute(select(*DataKey.__table__.columns).limit(1)).first()
    if row is not None:
        _unwrapped((row.owner_kind, row.owner_id), row.id, row.wrapped)


def derived(purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, made from the master key; a new master key makes another."""
    return _derived(_keys.ring.current.secret, purpose)


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


def keyed_hash(purpose: str, text: str) -> str:
    """A hash (hex) by which a name can be found again and not guessed without the key."""
    return hmac.new(lasting("hash:" + purpose), text.encode(), "sha256").hexdigest()


def lasting(purpose: str) -> bytes:
    """A key of 32 bytes for one purpose that is kept in the database and outlives a change of the master key."""
    root = _keys.roots.get(HOUSE) or _root_of(db.session.connection(), HOUSE)
    return _derived(root, purpose)


def chain_key(connection: Connection, practice_id: UUID) -> bytes:
    """The key (32 bytes) with which a practice's trail is chained."""
    return _derived(_root_of(connection, ("practice", practice_id)), "trail")


audit.keyed_by(chain_key)


def lay_roots(connection: Connection) -> None:
    """Make the key of keyed hashes, if there is none: a page that only reads cannot make it."""
    _root_of(connection, HOUSE)


def _root_of(connection: Connection, owner: Owner) -> bytes:
    if owner not in _keys.roots:
        _key_of(connection, owner, make=True)
    return _keys.roots[owner]


# Keys of owners


def unlock(owners: Iterable[Owner]) -> None:
    """Fetch the keys of many owners in one statement; lists call it before they show names."""
    wanted = [owner for owner in set(owners) if owner not in _keys.open]
    if wanted:
        pairs = tuple_(DataKey.owner_kind, DataKey.owner_id).in_(wanted)
        columns = (DataKey.id, DataKey.owner_kind, DataKey.owner_id, DataKey.wrapped)
        for row in db.session.connection().execute(select(*columns).where(pairs)):
            _remember((row.owner_kind, row.owner_id), row.id, row.wrapped)


def _owners_at_hand(session: Any) -> Iterator[Owner]:
    """Whose words a page has fetched: it will show more than the first of them, so their keys are fetched together."""
    for row in session.info.get("held", ()):
        for column in sealed_columns(type(row)):
            yield column.owner_of(row)


def _remember(owner: Owner, key_id: UUID, wrapped: bytes) -> _Key:
    return _hold(owner, key_id, _unwrapped(owner, key_id, wrapped))


def _hold(owner: Owner, key_id: UUID, key: bytes) -> _Key:
    if owner[0] in {"house", "practice"}:
        _keys.roots[owner] = key
    held = _Key(key_id, AESGCM(key))
    if key_id not in _keys.shredded:  # on its way out: used for what is carried over, and not kept
        _keys.open[owner] = held
    return held


def _unwrapped(owner: Owner, key_id: UUID, wrapped: bytes) -> bytes:
    """The key of an owner; when the master key was changed meanwhile, the new one is taken from its file."""
    bound = _wrap_data(owner, key_id)
    if (key := _tried(_keys.ring, wrapped, bound)) is None:
        _keys.ring = masters.read(_keys.file)
        key = _tried(_keys.ring, wrapped, bound)
    if key is None:
        raise VaultError("The master key does not fit this database. Set CLINIC_KEY_FILE to the right one.")
    return key


def _tried(ring: masters.Ring, wrapped: bytes, bound: bytes) -> bytes | None:
    for master in ring.keys:
        with suppress(InvalidTag):
            return master.wrapping.decrypt(wrapped[:12], wrapped[12:], bound)
    return None


def _wrapped(owner: Owner, key_id: UUID, key: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _keys.ring.current.wrapping.encrypt(nonce, key, _wrap_data(owner, key_id))


def _wrap_data(owner: Owner, key_id: UUID) -> bytes:
    return f"data_key|{owner[0]}|{owner[1]}|{key_id}".encode()


def _key_of(connection: Connection, owner: Owner, *, make: bool) -> _Key:
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


def _key_for(connection: Connection, owner: Owner, envelope: bytes) -> _Key:
    """The key that an envelope names; another one at hand was shredded meanwhile, and its owner has a new one."""
    key = _key_of(connection, owner, make=False)
    if envelope[1:17] != key.id.bytes:
        _keys.open.pop(owner, None)
        key = _key_of(connection, owner, make=False)
    return key


def rewrap(connection: Connection, after: UUID | None, count: int = 500) -> UUID | None:
    """Wrap the next keys of owners under the master key in force; the id to go on from, None after the last."""
    table = DataKey.__table__
    rows = select(*table.columns).order_by(table.c.id).limit(count)
    found = connection.execute(rows.where(table.c.id > after) if after else rows).all()
    current = masters.Ring(_keys.ring.keys[:1])
    for row in found:
        owner: Owner = (row.owner_kind, row.owner_id)
        if _tried(current, row.wrapped, _wrap_data(owner, row.id)) is None:
            wrapped = _wrapped(owner, row.id, _unwrapped(owner, row.id, row.wrapped))
            connection.execute(update(DataKey).where(DataKey.id == row.id).values(wrapped=wrapped))
    return found[-1].id if found else None


def _make_key(connection: Connection, owner: Owner) -> _Key:
    _keys.ring = masters.read(
        _keys.file
    )  # under the write lock: a change of the master key finds this row or is seen
    # The house's key is the first master key, by which what was hashed before the house had a key of its own is found.
    key_id, key = uuid4(), _keys.ring.current.secret if owner == HOUSE else secrets.token_bytes(32)
    row = {
        "id": key_id,
        "owner_kind": owner[0],
        "owner_id": owner[1],
        "wrapped": _wrapped(owner, key_id, key),
    }
    connection.execute(insert(DataKey).values(row))
    _keys.fresh.add(owner)
    return _hold(owner, key_id, key)


@event.listens_for(Session, "after_commit")
def _settled(_session: Session) -> None:
    _keys.fresh.clear()


@event.listens_for(Session, "after_rollback")
def _forget_fresh(_session: Session) -> None:
    # A key whose row was rolled back must never seal anything again.
    for owner in _keys.fresh:
        _keys.open.pop(owner, None)
        _keys.roots.pop(owner, None)
    _keys.fresh.clear()


def key_ids(connection: Connection, owners: Iterable[Owner]) -> list[UUID]:
    """The ids of the keys that these owners have now."""
    pairs = tuple_(DataKey.owner_kind, DataKey.owner_id).in_(list(owners))
    return list(connection.execute(select(DataKey.id).where(pairs)).scalars())


def owners_of(connection: Connection, ids: Iterable[UUID]) -> list[Owner]:
    """Whose keys these are, as far as they are in the database."""
    rows = select(DataKey.owner_kind, DataKey.owner_id).where(DataKey.id.in_(list(ids)))
    return [(row.owner_kind, row.owner_id) for row in connection.execute(rows)]


def shred(connection: Connection, owners: Iterable[Owner]) -> None:
    """Delete the keys of these owners: what was sealed under them opens nowhere any more.

    The list of shredded keys comes first, see shredded.py. What is sealed for an owner later gets another key.
    """
    for owner in owners:
        kind, id_ = DataKey.owner_kind == owner[0], DataKey.owner_id == owner[1]
        connection.execute(delete(DataKey).where(kind, id_))
        _keys.open.pop(owner, None)
        _keys.roots.pop(owner, None)


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


def _opened(key: _Key, envelope: bytes, bound: bytes) -> Any:
    if envelope[:1] != VERSION or envelope[1:17] != key.id.bytes:
        raise VaultError("A sealed text has an unknown form or key.")
    try:
        padded = key.cipher.decrypt(envelope[17:29], envelope[29:], bound)
    except InvalidTag as error:
        raise VaultError("A sealed text does not belong where it was found.") from error
    return json.loads(_unpad(padded))


class Sealed(Generic[T]):
    """A value that is stored encrypted under its owner's key.

    `column` names the mapped LargeBinary column, `kind` the kind of owner (or, with `@`, the attribute that holds it),
    `owner` the attribute with the owner's id; `whose` the one with their author's, where that is somebody else.
    Values are JSON-able. `clinical` values open only inside reading(), for a viewer whose ring holds the key.
    """

    def __init__(
        self,
        column: str,
        kind: OwnerKind | Literal["@owner_kind"],
        owner: str,
        *,
        clinical: bool = True,
        whose: str = "",
    ) -> None:
        self.column, self.kind, self.owner, self.clinical = column, kind, owner, clinical
        self.whose = whose or owner

    def __set_name__(self, cls: type, name: str) -> None:
        self.name, self.slot, self.table = name, f"_opened_{name}", getattr(cls, "__tablename__", "")

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
        if self.clinical and (reading_now := _reading.get()):
            reading_now.rows.append(row)

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
        if owner not in _keys.open:
            unlock([owner, *_owners_at_hand(session)])
        key = _key_for(session.connection(), owner, envelope)
        return _opened(key, envelope, _bound_to(row.__tablename__, self.column, row.id, owner, key.id))

    def listed(self, row_id: UUID | str, owner_id: UUID, envelope: bytes) -> T:
        """A name that a list selected as a column, without its row. Clinical words never open like this.

        `row_id` may be the hex text of the id. What was opened is kept with the key: a process that has the key in its
        memory could open it again at any time, and what erases the one there erases the other.
        """
        if self.clinical:
            raise NotReading(f"{self.table}.{self.name} holds clinical words: it opens with its row only")
        owner: Owner = self.kind, owner_id  # type: ignore[assignment]  # names say their kind of owner themselves
        key = _keys.open.get(owner)
        if key is None or envelope[1:17] != key.id.bytes:
            key = _key_for(db.session.connection(), owner, envelope)
        place = (self.column, row_id, envelope)
        if (name := key.names.get(place)) is None:
            row = row_id if isinstance(row_id, UUID) else UUID(row_id)
            bound = _bound_to(self.table, self.column, row, owner, key.id)
            name = key.names[place] = _opened(key, envelope, bound)
        return name  # type: ignore[no-any-return]

    def _note(self, row: Base, owner: Owner) -> None:
        if not self.clinical:
            return
        reading_now = _reading.get()
        if reading_now is None:
            raise NotReading(f"{row.__tablename__}.{self.name} was opened outside reading()")
        if not reading_now.viewer.holds(*owner):
            raise NotOnRing(f"{row.__tablename__}.{self.name} is under another's key")
        reading_now.note(row, getattr(row, self.whose))

    def seal(self, connection: Connection, row: Base) -> None:
        """Write the envelope of a value that was set; runs just before the row is written."""
        owner = self.owner_of(row)
        key = _key_of(connection, owner, make=True)
        nonce = secrets.token_bytes(12)
        text = json.dumps(row.__dict__[self.slot], ensure_ascii=False, separators=(",", ":")).encode()
        bound = _bound_to(row.__tablename__, self.column, row.id, owner, key.id)
        setattr(
            row, self.column, VERSION + key.id.bytes + nonce + key.cipher.encrypt(nonce, _pad(text), bound)
        )


_columns: dict[type[Any], list[Sealed[Any]]] = {}


def sealed_columns(cls: type[Any]) -> list[Sealed[Any]]:
    """All sealed values of a mapped class."""
    if cls not in _columns:
        _columns[cls] = [
            value for part in cls.__mro__ for value in vars(part).values() if isinstance(value, Sealed)
        ]
    return _columns[cls]


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
    _let_go_of_shredded()
    current = Reading(viewer, purpose)
    token = _reading.set(current)
    try:
        yield current
    finally:
        _reading.reset(token)
        _close(current)
        _note_reading(current)


def _close(current: Reading) -> None:
    """Words are at hand in the reading that opened or wrote them, and in no other; the next one opens them anew."""
    for row in current.rows:
        for column in sealed_columns(type(row)):
            if column.clinical and row.__dict__.get(column.column) != PENDING:
                row.__dict__.pop(column.slot, None)


def _note_reading(current: Reading) -> None:
    if current.opened and current.viewer.practice_id is not None:
        audit.record_reading(current.viewer, current.purpose, current.opened, current.couples)


@event.listens_for(Session, "before_commit")
def _note_with_the_act(session: Session) -> None:
    """An act for which words were opened has their line in its own transaction: one write to the disk, not two."""
    current = _reading.get()
    if current is None or not current.opened or current.viewer.practice_id is None:
        return
    if session.info.get("writes", may_write()):
        audit.note_reading(
            session.connection(), current.viewer, current.purpose, current.opened, current.couples
        )
        current.noting, current.opened = current.opened, {}


@event.listens_for(Session, "after_commit")
def _reading_stands(_session: Session) -> None:
    if current := _reading.get():
        current.stands()


@event.listens_for(Session, "after_rollback")
def _reading_falls(_session: Session) -> None:
    if current := _reading.get():
        current.falls()


@contextmanager
def house(purpose: str) -> Iterator[None]:
    """The house itself opens words to carry out what a person decided (an opening seals them for the recipient)."""
    _let_go_of_shredded()
    current = Reading(SYSTEM, purpose)
    token = _reading.set(current)
    try:
        yield
    finally:
        _reading.reset(token)
        _close(current)
