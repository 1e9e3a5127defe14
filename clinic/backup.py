"""Backup and restore: a whole copy of the database, checked, then encrypted to the master key; and the way back.

The copy is made by the database itself while people write (VACUUM INTO), so it holds all that was acknowledged before
it began. It carries a manifest as a table of its own. A file gets its name only when it was opened again and found
equal: what bears the name of a backup is one.
"""

import hashlib
import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pyrage
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from clinic import audit, masters
from clinic.audit import Head

SUFFIX = ".backup"
STAMP = "goldseam-%Y%m%dT%H%M%SZ"
FORMAT = 1
TABLE = "backup_manifest"


class BackupError(Exception):
    """A backup or a restore that could not be done; the message says what to do, and that nothing was changed."""


@dataclass(frozen=True)
class Made:
    """A backup that was checked: where it lies and what is in it."""

    file: Path
    manifest: dict[str, Any]


# Making


def make(database: Path, folder: Path, key: masters.MasterKey, now: datetime) -> Made:
    """Copy, check, encrypt, open again, and only then give it its name; BackupError leaves earlier ones alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=".making-", dir=folder) as name:
            return _made(database, folder, key, now, Path(name))
    except (OSError, sqlite3.Error, DBAPIError, pyrage.EncryptError) as error:
        raise BackupError(f"No backup was made ({error}). Earlier ones are as they were.") from error


def _made(database: Path, folder: Path, key: masters.MasterKey, now: datetime, work: Path) -> Made:
    copy, sealed = work / "copy.sqlite", work / "sealed"
    with closing(sqlite3.connect(database)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))
    manifest = examined(copy, now)
    _write_manifest(copy, manifest)
    with copy.open("rb") as plain, sealed.open("wb") as out:
        pyrage.encrypt_io(plain, out, [key.identity.to_public()])
        out.flush()
        os.fsync(out.fileno())
    sealed.chmod(0o600)
    if _digest_opened(sealed, key) != _digest(copy):
        raise BackupError(
            "The backup could not be opened again. It was thrown away; earlier ones are as they were."
        )
    file = folder / f"{now.astimezone(UTC):{STAMP}}{SUFFIX}"
    sealed.replace(file)
    _sync_folder(folder)
    return Made(file, manifest)


def examined(file: Path, now: datetime) -> dict[str, Any]:
    """Look a database file over from the first page to the last entry of the trail; BackupError says what is wrong."""
    with _engine(file) as connection:
        must_be_sound(connection)
        heads = audit.heads(connection)
        for head in heads:
            if broken := audit.first_broken(connection, head.practice_id):
                raise BackupError(
                    f"The audit trail is broken: entry {broken.seq} {broken.why}. Run: clinic verify"
                )
        return {
            "format": FORMAT,
            "made_at": now.isoformat(),
            "revision": _revisions(connection),
            "rows": {table: _count(connection, table) for table in _tables(connection)},
            "heads": [[str(head.practice_id), head.seq, head.hash] for head in heads],
        }


def must_be_sound(connection: Connection) -> None:
    """Raise BackupError when pages of the database are damaged or rows belong to nothing."""
    said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    if said != ["ok"]:
        raise BackupError(f"The database is damaged ({said[0]}). Restore the last backup that is sound.")
    if orphan := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise BackupError(f"The database is damaged: a row of {orphan[0]} belongs to nothing.")


def _tables(connection: Connection) -> list[str]:
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    return [name for name in connection.exec_driver_sql(named).scalars() if name != TABLE]


def _count(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar_one())  # noqa: S608  # named by the database


def _revisions(connection: Connection) -> list[str]:
    return sorted(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars())


def _write_manifest(copy: Path, manifest: dict[str, Any]) -> None:
    with closing(sqlite3.connect(copy)) as database, database:
        database.execute(f"CREATE TABLE {TABLE} (body TEXT NOT NULL)")
        database.execute(f"INSERT INTO {TABLE} VALUES (?)", (json.dumps(manifest),))  # noqa: S608  # a name of our own


# Keeping


def all_in(folder: Path) -> list[Path]:
    """The backups of a folder, the oldest first."""
    return sorted(folder.glob(f"goldseam-*{SUFFIX}")) if folder.exists() else []


def made_at(file: Path) -> datetime:
    """When a backup was made, as its name says."""
    return datetime.strptime(file.stem, STAMP).replace(tzinfo=UTC)


def thin(folder: Path, keep: int) -> list[Path]:
    """Delete the oldest beyond `keep`; the newest always stays. What was deleted."""
    old = all_in(folder)[: -max(1, keep)]
    for file in old:
        file.unlink()
    return old


# The way back


def restore(file: Path, database: Path, key: masters.MasterKey) -> list[Head]:
    """Put a backup in place as `database`, which must not be there; the heads of its chains.

    It is opened and looked over beside the place where it will lie. BackupError means that nothing was put there.
    """
    if database.exists():
        raise BackupError(
            f"There is a practice in {database.parent} already. Choose an empty CLINIC_DATA_DIR."
        )
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restoring-", dir=database.parent) as name:
        copy = Path(name) / "copy.sqlite"
        try:
            _open_into(file, copy, key)
            heads = _checked(copy)
        except (OSError, sqlite3.Error, DBAPIError, ValueError) as error:
            raise BackupError(
                f"{file.name} is damaged or incomplete ({error}). Nothing was put in place."
            ) from error
        copy.replace(database)
    _sync_folder(database.parent)
    return heads


def _open_into(file: Path, copy: Path, key: masters.MasterKey) -> None:
    with copy.open("wb") as out:
        copy.chmod(0o600)
        with file.open("rb") as sealed:
            _decrypt(sealed, out, key)
        out.flush()
        os.fsync(out.fileno())


def _decrypt(sealed: io.BufferedReader, out: io.IOBase, key: masters.MasterKey) -> None:
    try:
        pyrage.decrypt_io(sealed, out, [key.identity])
    except pyrage.DecryptError as error:
        raise BackupError(
            "This key does not open this backup. Use the key, or the recovery key on paper, of the day it was made."
        ) from error


def _checked(copy: Path) -> list[Head]:
    """The heads of an opened backup, when it is what its manifest says; the manifest is taken out of it."""
    with closing(sqlite3.connect(copy)) as database, database:
        told = json.loads(database.execute(f"SELECT body FROM {TABLE}").fetchone()[0])  # noqa: S608  # a name of our own
        database.execute(f"DROP TABLE {TABLE}")
    found = examined(copy, datetime.fromisoformat(told["made_at"]))
    if found != told:
        raise BackupError("The backup does not hold what it says it holds. Nothing was put in place.")
    return [Head(UUID(id_), seq, hash_) for id_, seq, hash_ in told["heads"]]


# Files


@contextmanager
def _engine(file: Path) -> Iterator[Connection]:
    """A database file apart from the one in use."""
    engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _digest(file: Path) -> str:
    with file.open("rb") as plain:
        return hashlib.file_digest(plain, "sha256").hexdigest()


class _Hashing(io.RawIOBase):
    """Takes in what is written and keeps its hash alone."""

    def __init__(self) -> None:
        super().__init__()
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self.hash.update(part)
        return len(part)


def _digest_opened(sealed: Path, key: masters.MasterKey) -> str:
    out = _Hashing()
    with sealed.open("rb") as source:
        _decrypt(source, out, key)
    return out.hash.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
