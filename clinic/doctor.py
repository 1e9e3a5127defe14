"""What would make this installation unsafe or slow: each finding names the setting and the cure."""

import ctypes
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from clinic import mail
from clinic.config import PREFIX, Settings, UnsafeSettings
from clinic.extensions import alembic

HERE = {"localhost", "127.0.0.1", "::1"}
LEAST_DISK = 500 * 1024 * 1024
"""Bytes that must be free where the data lies; a full disk loses what people write."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: the setting or part, what was found, and what to do."""

    setting: str
    problem: str
    cure: str
    is_unsafe: bool = True  # else something is only not set up

    def __str__(self) -> str:
        return f"{self.setting}: {self.problem} {self.cure}"


def examine(settings: Settings, app: Flask) -> list[Finding]:
    """All findings; an empty list is a healthy installation."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _key(settings.key_file),
        _subsetting,
        lambda: _transport(settings),
        lambda: _mail(settings),
        lambda: _migrations(app),
        lambda: _folder(settings.data_dir),
        lambda: _disk(settings.data_dir),
    )
    return [finding for check in checks for finding in check()]


def _key(path: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        problem = f"{path} can be read by other accounts of this machine (mode {mode:o})."
        yield Finding(f"{PREFIX}KEY_FILE", problem, f"Run: chmod 600 {path}")


def _subsetting() -> Iterator[Finding]:
    try:
        ctypes.CDLL("libharfbuzz-subset.so.0")
    except OSError:
        problem = "The library is missing; every document takes about 1.4 times as long."
        yield Finding("libharfbuzz-subset0", problem, "Run: apt-get install libharfbuzz-subset0")


def _transport(settings: Settings) -> Iterator[Finding]:
    if not settings.is_https and not settings.demo:
        problem = f"{settings.base_url} is plain http: passwords and private words could be read on the way."
        yield Finding(
            f"{PREFIX}BASE_URL", problem, "Put a proxy with TLS in front, and set the https:// address."
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    name, how = f"{PREFIX}SMTP_URL", "Set it as docs/operations.md says, then try: clinic mail-test ADDRESS"
    if not settings.sends_mail:
        yield Finding(name, "Not set: no mail is sent, no invitation and no reminder.", how, is_unsafe=False)
        return
    try:
        server, problem = mail.server_of(settings), mail.problem_of(settings)
    except UnsafeSettings as error:
        yield Finding("Mail", str(error), how)
        return
    if problem:
        yield Finding(name, problem, how)
    if server.scheme == "smtp+plain" and server.host not in HERE:
        yield Finding(name, "Mail goes over the network unencrypted.", "Use smtp:// or smtps://.")


def _migrations(app: Flask) -> Iterator[Finding]:
    if is_behind(app):
        problem = "The database is older than the application."
        yield Finding(
            f"{PREFIX}DATABASE_URL", problem, "Run: clinic upgrade (it keeps a copy of the file first)."
        )


def is_behind(app: Flask) -> bool:
    """True when a migration has not run on this database."""
    with app.app_context():
        wanted = {revision.revision for revision in alembic.heads()}
        return wanted != {revision.revision for revision in alembic.current()}


def _folder(folder: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        problem = f"{folder} can be entered by other accounts of this machine (mode {mode:o})."
        yield Finding(f"{PREFIX}DATA_DIR", problem, f"Run: chmod 700 {folder}")


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LEAST_DISK:
        problem = f"{free // 1024 // 1024} MB are free where the data lies; 500 MB are needed."
        yield Finding(f"{PREFIX}DATA_DIR", problem, "Make room, or move the data to a larger disk.")
