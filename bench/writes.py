"""Write figures: autosaves from several processes, sealed and synced to the disk; what a passphrase costs.

Cores and disk are shared with whatever else runs here. The same processes therefore first write as many bare rows at
the same pace with sqlite3 alone, and the CPU of one save is told, too: that figure holds on a full machine as well.
"""

import multiprocessing
import secrets
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bench.people import House
from bench.table import Row
from clinic import clock, vault
from clinic.access import Viewer
from clinic.accounts import actions as accounts
from clinic.app import create_app, warm_up
from clinic.config import Settings
from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.extensions import db, set_transactions, transactions
from clinic.homework.models import Turn
from clinic.reflections import actions as reflections
from clinic.reflections.rules import Sending
from clinic.reflections.versions import Page

PROCESSES = 4
A_SECOND = 200
SECONDS = 8
TURNS = 25
"""Texts that one process keeps saving, one after the other."""

PARAGRAPH = "After dinner we sat down, and for once I could say what frightened me without turning it into a reproach. "


@dataclass(frozen=True)
class Share:
    """What one process does: whose texts, in which database, from when."""

    data_dir: Path
    key_file: Path
    turns: tuple[UUID, ...]
    starts_at: float  # of time.time(): the processes begin together


@dataclass
class Saved:
    """Seconds of each save from its first statement on, and how many failed; `syncs` is the setting in force."""

    times: list[float]
    bare: list[float]
    cpu: float = 0.0
    errors: int = 0
    syncs: int = 0


def rows(house: House) -> list[Row]:
    """Autosave and argon2."""
    return [*_autosave(house), _passphrase()]


def _autosave(house: House) -> list[Row]:
    made = _run(house)
    assert all(one.syncs == 2 for one in made), "synchronous is not FULL"
    times = [second for one in made for second in one.times]
    (middle, high), bare = (
        _middle_and_high(times),
        _middle_and_high([one for run in made for one in run.bare]),
    )
    work = f"autosave {A_SECOND}/s from {PROCESSES} processes, sealed, synchronous=FULL ({len(times)} saved; p50 {middle:.1f} ms, max {max(times) * 1000:.0f} ms)"  # noqa: E501
    against = f"one bare row, at the same pace (p50 {bare[0]:.1f} ms, p99 {bare[1]:.1f} ms)"
    cpu = sum(one.cpu for one in made) / len(times) * 1000
    return [
        Row(work, against, f"p99 {high:.1f} ms", "–"),
        Row("p99 of an autosave", "–", f"{high:.1f} ms", "<= 5 ms"),
        Row("p99 of an autosave", "p99 of a bare row", f"{high / bare[1]:.2f}", "–"),
        Row("CPU of an autosave", "–", f"{cpu:.1f} ms", "–"),
        Row("errors in that run", "–", str(sum(one.errors for one in made)), "= 0"),
    ]


def _middle_and_high(times: list[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    return statistics.median(times) * 1000, sorted(times)[int(len(times) * 0.99)] * 1000


def _run(house: House) -> list[Saved]:
    turns, starts_at = _open_turns(house), time.time() + 6
    shares = [
        Share(
            house.settings.data_dir,
            house.settings.key_file,
            tuple(turns[place::PROCESSES]),
            starts_at + place / A_SECOND,  # in step with each other they would come four at a time
        )
        for place in range(PROCESSES)
    ]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return pool.map(keep_saving, shares, chunksize=1)


def _open_turns(house: House) -> list[UUID]:
    with house.app.app_context(), transactions(write=False):
        found = (
            select(Turn.id).where(Turn.state == "open", Turn.partner_id.is_not(None)).limit(TURNS * PROCESSES)
        )
        return list(db.session.scalars(found))


def keep_saving(share: Share) -> Saved:
    """One process: each save is all that the page does, from fetching the turn to the commit."""
    app = create_app(Settings.from_environment(data_dir=share.data_dir, key_file=share.key_file, demo=True))
    warm_up(app)
    saved = Saved([], _bare_rows(share))
    with app.app_context(), transactions(write=True):
        writers = [(turn_id, _writer_of(turn_id)) for turn_id in share.turns]
        saved.syncs = db.session.connection().exec_driver_sql("PRAGMA synchronous").scalar() or 0
        db.session.rollback()
    versions = dict.fromkeys(share.turns, 0)
    for number in (
        -1,
        -2,
    ):  # the first saves of a process make its statements; this one has been up for a while
        turn_id, viewer = writers[0]
        versions[turn_id] = _save(app, viewer, turn_id, versions[turn_id], number)
    for number in _paced(share.starts_at + SECONDS + 2):
        turn_id, viewer = writers[number % len(writers)]
        start, cpu = time.perf_counter(), time.process_time()
        try:
            versions[turn_id] = _save(app, viewer, turn_id, versions[turn_id], number)
        except (OperationalError, sqlite3.OperationalError):
            saved.errors += 1
        saved.cpu += time.process_time() - cpu
        saved.times.append(time.perf_counter() - start)
    return saved


def _paced(starts_at: float) -> Iterator[int]:
    """Numbers, each at its moment: a save that was late makes none of the next ones late, unless it took that long."""
    for number in range(A_SECOND // PROCESSES * SECONDS):
        time.sleep(max(0.0, starts_at + number * PROCESSES / A_SECOND - time.time()))
        yield number


def _bare_rows(share: Share) -> list[float]:
    """What the disk and the machine alone cost: one row of the same size in a database of its own, synced as well."""
    times: list[float] = []
    with closing(sqlite3.connect(share.data_dir / "bare.sqlite", isolation_level=None)) as connection:
        for words in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {words}")
        connection.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, body BLOB)")
        for number in _paced(share.starts_at):
            start = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            row = (number % TURNS, secrets.token_bytes(1100))
            connection.execute("INSERT OR REPLACE INTO bare VALUES (?, ?)", row)
            connection.execute("COMMIT")
            times.append(time.perf_counter() - start)
    return times


def _writer_of(turn_id: UUID) -> Viewer:
    turn = db.session.get_one(Turn, turn_id)
    partner = db.session.get_one(Partner, turn.partner_id)
    assert partner.person_id is not None
    return Viewer(
        person_id=partner.person_id,
        practice_id=partner.practice_id,
        sides=couples.sides_of(partner.person_id),
    )


def _save(app: Flask, viewer: Viewer, turn_id: UUID, seen: int, number: int) -> int:
    """What the page does with a few more words; the version is on the page."""
    page = Page(Sending(answers={"topic": PARAGRAPH * (1 + number % 9) + str(number)}), ("x_topic",))
    with app.app_context(), vault.reading(viewer, "bench"):
        set_transactions(write=True, reads_first=True)
        author = reflections.writer_for(viewer, turn_id)
        assert author is not None
        saved = reflections.save_page(author, page, seen, clock.now())
        db.session.commit()
        return saved.version


def _passphrase() -> Row:
    """What a sign-in costs here, against the library's own default; both on one core, in turn."""
    ours, default, phrase = accounts._argon2, PasswordHasher(), "seven quiet lanterns at noon"
    hashes = ours.hash(phrase), default.hash(phrase)
    pairs = [(_took(ours, hashes[0], phrase), _took(default, hashes[1], phrase)) for _ in range(9)]
    own, plain = (statistics.median(one) * 1000 for one in zip(*pairs, strict=True))
    memory = f"{ours.memory_cost // 1024} MiB, {ours.time_cost} passes, {ours.parallelism} lane"
    return Row(
        f"check of a passphrase ({memory}; {own:.0f} ms)",
        f"argon2-cffi's default ({plain:.0f} ms)",
        f"{own / plain:.2f}",
        "–",
    )


def _took(hasher: PasswordHasher, stored: str, phrase: str) -> float:
    start = time.perf_counter()
    hasher.verify(stored, phrase)
    return time.perf_counter() - start
