"""The master key: its file, which lies apart from the database, and the words on paper from which it can be had again.

The key is an identity of the age format (https://age-encryption.org/v1), one line with a checksum of its own that can
be typed from paper. Backups are encrypted to it, and the keys of owners are wrapped under a key made from it.
"""

import base64
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = "AGE-SECRET-KEY-1"


class VaultError(Exception):
    """A key or a sealed text cannot be used; the message says why and what to do, never what is in it."""


@dataclass(frozen=True)
class MasterKey:
    """One line of the key file. A line of the first kind, 32 bytes in base64, has no words on paper and no backups."""

    line: str = field(repr=False)

    @cached_property
    def secret(self) -> bytes:
        """The 32 bytes under which the keys of owners are wrapped."""
        if not self.is_on_paper:
            return base64.b64decode(self.line)
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"master").derive(self.line.encode())

    @cached_property
    def wrapping(self) -> AESGCM:
        """The cipher that wraps the keys of owners."""
        return AESGCM(self.secret)

    @property
    def is_on_paper(self) -> bool:
        """True when the key can be written down, typed again, and used for backups."""
        return self.line.startswith(MARK)

    @property
    def identity(self) -> pyrage.x25519.Identity:
        """What backups are encrypted to and opened with; VaultError for a key of the first kind."""
        if not self.is_on_paper:
            raise VaultError("This key is of the first kind, without backups. Run: clinic rotate-key")
        return pyrage.x25519.Identity.from_str(self.line)


@dataclass(frozen=True)
class Ring:
    """The keys of the file: the one in force first, and during a change the one before it."""

    keys: tuple[MasterKey, ...]

    @property
    def current(self) -> MasterKey:
        """The key under which everything new is wrapped."""
        return self.keys[0]


def typed(text: str) -> MasterKey:
    """A key as somebody typed it from paper, with spaces and small letters; VaultError when it is none."""
    line = "".join(text.split()).upper()
    if not line.startswith(MARK):
        line = MARK + line
    try:
        pyrage.x25519.Identity.from_str(line)
    except pyrage.IdentityError as error:
        raise VaultError(
            "This is no recovery key. Look for a letter that was mistaken for another."
        ) from error
    return MasterKey(line)


def on_paper(key: MasterKey) -> list[str]:
    """The key as it is written down: groups of four, in lines of five groups, without the mark that all keys have."""
    rest = str(key.identity).removeprefix(MARK)
    groups = [rest[place : place + 4] for place in range(0, len(rest), 4)]
    return [" ".join(groups[place : place + 5]) for place in range(0, len(groups), 5)]


def new() -> MasterKey:
    """A key that nobody had before."""
    return MasterKey(str(pyrage.x25519.Identity.generate()))


def read(path: Path) -> Ring:
    """The keys of a file; VaultError with the cure when it is missing or damaged."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").split()
    except OSError as error:
        raise VaultError(
            f"The key file {path} cannot be read ({error.strerror}). Set CLINIC_KEY_FILE."
        ) from error
    if not lines or len(lines) > 2 or not all(map(_is_whole, lines)):
        raise VaultError(f"The key file {path} is damaged. Write it again from the recovery key on paper.")
    return Ring(tuple(map(MasterKey, lines)))


def _is_whole(line: str) -> bool:
    try:
        key = MasterKey(line)
        return bool(key.identity) if key.is_on_paper else len(key.secret) == 32
    except (ValueError, pyrage.IdentityError):
        return False


def create(path: Path, key: MasterKey) -> None:
    """Write the key file of a new practice, which only its owner can read; refuses to replace one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, [key])


def replace(path: Path, keys: list[MasterKey]) -> None:
    """Put other keys into the file, at once or not at all."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    _write(beside, keys)
    beside.replace(path)


def _write(path: Path, keys: list[MasterKey]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.writelines(f"{key.line}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
