"""The server is killed a hundred times while people save and send: every acknowledged text is there afterwards."""

import http.client
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from itsdangerous import URLSafeTimedSerializer

from clinic import audit, clock, vault
from clinic.app import create_app
from clinic.config import Settings
from clinic.exercises import actions as library
from clinic.exercises.library import shipped
from clinic.extensions import db, set_transactions
from clinic.homework.models import Turn
from clinic.reflections import queries as words
from tests import cast as people
from tests.conftest import FORGERY_MARK
from tests.rules import answering
from tests.rules.stage import Stage

KILLS = 100
TEXTS = 20
ROOT = Path(__file__).parent.parent
WRITERS = {"partner_a": "save", "other_a": "save", "partner_b": "send", "elsewhere_a": "send"}
COUPLES = {
    "counselor": ("partner_a", "partner_b"),
    "other_counselor": ("other_a", "other_b"),
    "elsewhere_counselor": ("elsewhere_a", "elsewhere_b"),
}
NUMBERED = re.compile(r"text (\d+) of (\w+)")


class Broken(Exception):
    """The server died while it was being asked."""


@dataclass
class Writer:
    """Somebody who writes on and on; `acknowledged` is what the server said it has, `tried` what was handed to it."""

    who: str
    do: str
    turn_id: UUID
    boxes: dict[str, Any]
    cookie: str
    token: str
    port: int = 0
    tried: int = 0
    acknowledged: list[int] = field(default_factory=list)
    broken_in: set[int] = field(default_factory=set)
    checks: int = 0
    wrong: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> tuple[int, str]:
        """One request on a connection of its own; Broken when there is no whole answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": self.cookie, "Accept": "application/json" if method == "POST" else "text/html"}
        body = urlencode({"csrf_token": self.token, **data}, doseq=True) if data is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Broken from error
        finally:
            connection.close()

    def write(self, version: int) -> int:
        """One more text, saved or sent; the version of the draft that stands then."""
        self.tried += 1
        filled = {**self.boxes, "x_happened": f"text {self.tried} of {self.who}"}
        status, text = self.ask(
            "POST", f"/reflections/{self.turn_id}", {"screen": "all", "version": version, **filled}
        )
        assert status == 200, (status, text[:300])
        version = int(json.loads(text)["version"])
        if self.do == "send":
            said = {"version": version, "consent": "no", "reads": "partner", "do": "send"}
            status, text = self.ask("POST", f"/reflections/{self.turn_id}/before", said)
            assert status == 303, (status, re.sub(r"\s+", " ", text)[-600:])
            version = 0
        self.acknowledged.append(self.tried)
        return version

    def check(self) -> int:
        """Read through the page what the server has, and hold it against what it acknowledged; the draft's version."""
        was_sent = self.do == "send" and self.acknowledged
        _, text = self.ask("GET", f"/reflections/{self.turn_id}{'/revise' if was_sent else ''}?all=1")
        there = [int(found[1]) for found in NUMBERED.finditer(text) if found[2] == self.who]
        last = self.acknowledged[-1] if self.acknowledged else 0
        if last and not last <= max(there, default=0) <= self.tried:
            self.wrong.append(f"{self.who}: {last} was acknowledged of {self.tried} tried, there is {there}")
        self.checks += 1
        found = re.search(r'name="version" value="(\d+)"', text)
        return int(found[1]) if found else 0


class Theatre:
    """The house and its writers; `life` counts the servers that lived."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.life, self.over = folder, 0, threading.Event()
        vault.new_master_key(folder / "master.key")
        self.app = create_app(Settings.from_environment(data_dir=folder, testing=True))
        with self.app.app_context():
            set_transactions(write=True)
            db.create_all()
            now = datetime.now(UTC)
            self.cast = people.build(now - timedelta(hours=2))
            library.import_documents(shipped().values(), now)
            db.session.commit()
            self.stage = Stage(self.cast, now - timedelta(minutes=5))
            self.writers = [self._writer(who, do) for who, do in WRITERS.items()]
            db.session.remove()
            db.engine.dispose()

    @property
    def acknowledged(self) -> int:
        """How many texts the server said it has, of all writers."""
        return sum(len(writer.acknowledged) for writer in self.writers)

    def _writer(self, who: str, do: str) -> Writer:
        by, pair = next((by, pair) for by, pair in COUPLES.items() if who in pair)
        if by not in self.stage.assignments:
            self.stage.assign(by, "feelings_log", dict.fromkeys(pair, "mutual"), by=by)
        with self.stage.act(who) as viewer:
            author = self.stage.author(viewer, by, "entry", who)
            boxes, turn_id = answering.boxes_for(author, "plain"), author.turn.id
        boxes["x_day"] = "2026-03-05"
        signed_in = people.token_for(self.cast, who, clock.now())
        session = {"_user_id": signed_in, "_fresh": True, "csrf_token": FORGERY_MARK}
        signer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        token = URLSafeTimedSerializer(self.app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(
            FORGERY_MARK
        )
        return Writer(who, do, turn_id, boxes, f"session={signer.dumps(session)}", str(token))

    def go_on(self, writer: Writer) -> None:
        """Write until it is over; after each death first look what is there."""
        life, version = 0, 0
        try:
            while not self.over.is_set():
                try:
                    if life != self.life:
                        life = self.life
                        version = writer.check()
                    version = writer.write(version)
                except Broken:
                    writer.broken_in.add(life)
                    life = 0
        except Exception as error:  # a thread must tell what ended it
            writer.wrong.append(f"{writer.who}: {type(error).__name__}: {error}")


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    yield Theatre(tmp_path)
    set_transactions(write=True)


def lived(theatre: Theatre, kills: int) -> list[int]:
    """Let the server be born and killed so often while all write; the signals that ended its lives."""
    command = [sys.executable, "-m", "tests.crashing", str(theatre.folder)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    chance, deaths = random.Random(20_261), []
    with subprocess.Popen(command, **pipes) as parent:
        theatre.life, port = 1, born(parent, [])
        threads = [threading.Thread(target=theatre.go_on, args=(writer,)) for writer in theatre.writers]
        for writer, thread in zip(theatre.writers, threads, strict=True):
            writer.port = port
            thread.start()
        for _ in range(kills):
            until_some_were_acknowledged(theatre, chance.randint(1, 3))
            time.sleep(chance.uniform(0, 0.08))
            born(parent, deaths)
            theatre.life += 1
        until_each_was_acknowledged(theatre, TEXTS)
        theatre.over.set()
        for thread in threads:
            thread.join(30)
        parent.communicate(timeout=30)
    return deaths


def until_some_were_acknowledged(theatre: Theatre, more: int) -> None:
    """However slow the machine is: a life lasts until so many more texts were acknowledged, or three seconds."""
    wanted, ends = theatre.acknowledged + more, time.monotonic() + 3
    while theatre.acknowledged < wanted and time.monotonic() < ends:
        time.sleep(0.002)


def until_each_was_acknowledged(theatre: Theatre, texts: int) -> None:
    """The last life lasts until every single writer was heard so often, or a minute."""
    ends = time.monotonic() + 60
    while any(len(writer.acknowledged) < texts for writer in theatre.writers) and time.monotonic() < ends:
        time.sleep(0.02)


def born(parent: subprocess.Popen[str], deaths: list[int]) -> int:
    """Ask for one more life; the one before ends. Tells the port."""
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write("\n")
    parent.stdin.flush()
    line = parent.stdout.readline().split()
    if line[0] == "died":
        deaths.append(int(line[1]))
        line = parent.stdout.readline().split()
    return int(line[1])


def test_no_acknowledged_text_is_lost_over_a_hundred_deaths(theatre: Theatre) -> None:
    deaths = lived(theatre, KILLS)
    assert set(deaths) == {signal.SIGKILL}, "a server died by itself"
    assert len(deaths) == KILLS
    in_the_middle = set().union(*(writer.broken_in for writer in theatre.writers))
    assert len(in_the_middle) >= KILLS // 2, "too few were killed in the middle of a request"
    assert not [line for writer in theatre.writers for line in writer.wrong][:5]
    assert sum(writer.checks for writer in theatre.writers) >= KILLS
    assert all(len(writer.acknowledged) >= TEXTS for writer in theatre.writers)
    with theatre.app.app_context():
        assert db.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        for writer in theatre.writers:
            check_in_the_database(theatre, writer)
        check_the_trail()
        db.session.remove()
        db.engine.dispose()


def check_in_the_database(theatre: Theatre, writer: Writer) -> None:
    """Opened with the keys of the house: of drafts the last one, of sent texts every single one."""
    partner_id = theatre.cast.partners[writer.who]
    turn = db.session.get_one(Turn, writer.turn_id)
    with vault.house("test"):
        draft = words.draft_of(turn, partner_id)
        sent = {words.as_sent(row).answers["happened"] for row in words.revisions(turn, partner_id)}
        drafted = draft.body["answers"]["happened"] if draft else ""
    if writer.do == "send":
        assert {f"text {number} of {writer.who}" for number in writer.acknowledged} <= sent
    else:
        found = NUMBERED.fullmatch(drafted)
        assert found, drafted
        assert writer.acknowledged[-1] <= int(found[1]) <= writer.tried


def check_the_trail() -> None:
    """The chain of each practice is whole: an act is there exactly when its line is."""
    connection = db.session.connection()
    for head in audit.heads(connection):
        assert audit.first_broken(connection, head.practice_id) is None
