"""Visits: one person asks for one page, and what came of it: status, words, and what was written meanwhile."""

import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from sqlalchemy import Engine, event

WRITES = re.compile(
    r"\s*(INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM|REPLACE INTO|CREATE|DROP|ALTER)\s+\"?(\w+)",
    re.IGNORECASE,
)
LINK = re.compile(r'(?:href|src)="([^"#]+)')
TOKEN = re.compile(r'(name="(?:csrf_token|writer)"[^>]*value=|<meta name="csrf-token" content=)"[^"]+"')
MAY_GROW = {"audit_event", "audit_reading", "audit_about"}
LEFT_OUT = {"user_session": "last_seen_at", "calendar_link": "last_seen_at"}
LAST_SEEN = re.compile(r"UPDATE (user_session|calendar_link) SET last_seen_at=\?", re.IGNORECASE)


def without_tokens(text: str) -> str:
    """A page without what is random on it: now and then a name of three letters would stand in that."""
    return TOKEN.sub(r'\1"…"', text)


@dataclass
class Visit:
    """One request of one person, and its answer."""

    who: str
    method: str
    path: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    writes: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    name: str = ""

    @property
    def text(self) -> str:
        """The body as words."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_page(self) -> bool:
        return self.status == 200 and self.headers.get("Content-Type", "").startswith("text/html")

    @property
    def is_sent_to_sign_in(self) -> bool:
        return self.status in {302, 303} and "/accounts/sign-in" in self.headers.get("Location", "")

    @property
    def changed(self) -> list[str]:
        """Tables that were written, apart from the trail and from the sign-in's last use."""
        return [one for one in self.writes if one not in {*MAY_GROW, "last_seen_at"}]

    def __str__(self) -> str:
        what = f" {self.text[:200]}" if self.status == 500 else ""
        return f"{self.who}: {self.method} {self.path} ({self.name}) → {self.status}{what}"


def visit(
    app: Flask, client: Any, who: str, method: str, path: str, data: Mapping[str, Any] | None = None
) -> Visit:
    """Ask, and watch the database and the log while the answer is made."""
    made = Visit(who, method, path)
    with writes_of(made.writes), log_of(made.log):
        try:
            answer = client.get(path) if method == "GET" else client.post(path, data=dict(data or {}))
        except Exception as error:  # tests let errors through; here one is an answer like others
            made.status, made.body = 500, f"{type(error).__name__}: {error}".encode()
            return made
    made.status, made.headers, made.body = answer.status_code, dict(answer.headers), answer.get_data()
    made.headers["Set-Cookie"] = "; ".join(answer.headers.getlist("Set-Cookie"))
    answer.close()
    return made


@contextmanager
def writes_of(found: list[str]) -> Iterator[None]:
    """Name every table that is written inside the block, once for each statement."""

    def watch(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if LAST_SEEN.match(statement):
            found.append("last_seen_at")
        elif match := WRITES.match(statement):
            found.append(match[2].lower())

    event.listen(Engine, "before_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", watch)


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info[1] if record.exc_info else ''}")


@contextmanager
def log_of(lines: list[str]) -> Iterator[None]:
    """Everything that anybody logs inside the block, down to the last detail."""
    handler, root = _Collector(lines), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def links_of(made: Visit) -> Iterator[str]:
    """Where a page leads to by GET."""
    targets = LINK.findall(made.text) if made.is_page else []
    for target in [*targets, made.headers.get("Location", "")]:
        link = urlsplit(urljoin(f"http://localhost{made.path}", target.replace("&amp;", "&")))
        if target and link.netloc == "localhost" and not link.path.startswith(("/static", "/fonts")):
            yield f"{link.path}?{link.query}" if link.query else link.path


def fingerprint(file: Path) -> dict[str, str]:
    """A hash of every table, the trail and the last use left out."""
    with closing(sqlite3.connect(file)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _hash_of(connection, name) for name in names if name not in MAY_GROW}


def _hash_of(connection: sqlite3.Connection, name: str) -> str:
    columns = [
        row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[1] != LEFT_OUT.get(name)
    ]
    listed = ", ".join(f'"{one}"' for one in columns)
    rows = connection.execute(f"SELECT {listed} FROM {name} ORDER BY 1").fetchall()  # noqa: S608  # names of our own
    return sha256(repr(rows).encode()).hexdigest()
