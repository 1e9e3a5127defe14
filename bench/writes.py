"""Write figures: autosaves from several processes, sealed and synced to the disk; what a passphrase costs."""

import multiprocessing
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from argon2 import PasswordHasher
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
from clinic.extensions import db, transactions
from clinic.homework import queries as rounds
from clinic.homework.models import Turn
from clinic.reflections import actions as reflections
from clinic.reflections import queries as words
from clinic.reflections.rules import Sending

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
    """Seconds of each transaction, and how many failed; `syncs` is the setting that was in force."""

    times: list[float]
    errors: int
    syncs: int


def rows(house: House) -> list[Row]:
    """Autosave and argon2."""
    return [*_autosave(house), _passphrase()]


def _autosave(house: House) -> list[Row]:
    made = _run(house)
    times = sorted(second for one in made for second in one.times)
    errors = sum(one.errors for one in made)
    assert all(one.syncs == 2 for one in made), "synchronous is not FULL"
    middle, high = statistics.median(times) * 1000, times[int(len(times) * 0.99)] * 1000
    work = f"autosave {A_SECOND}/s from {PROCESSES} processes, sealed, synchronous=FULL ({len(times)} saved; p50 {middle:.1f} ms, max {times[-1] * 1000:.0f} ms)"  # noqa: E501
    return [
        Row(work, "p99 of the transaction", f"{high:.1f} ms", "<= 5 ms"),
        Row("errors in that run", "–", str(errors), "= 0"),
    ]


def _run(house: House) -> list[Saved]:
    turns, starts_at = _open_turns(house), time.time() + 6
    shares = [
        Share(house.settings.data_dir, house.settings.key_file, tuple(turns[place::PROCESSES]), starts_at)
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
    """One process: each save is the whole transaction of the page, from the turn to the commit."""
    app = create_app(Settings.from_environment(data_dir=share.data_dir, key_file=share.key_file, demo=True))
    warm_up(app)
    saved = Saved([], 0, 0)
    with app.app_context(), transactions(write=True):
        writers = [(turn_id, _writer_of(turn_id)) for turn_id in share.turns]
        saved.syncs = db.session.connection().exec_driver_sql("PRAGMA synchronous").scalar() or 0
        db.session.rollback()
    for number in range(A_SECOND // PROCESSES * SECONDS):
        time.sleep(max(0.0, share.starts_at + number * PROCESSES / A_SECOND - time.time()))
        turn_id, viewer = writers[number % len(writers)]
        start = time.perf_counter()
        try:
            with app.app_context(), transactions(write=True):
                _save(viewer, turn_id, number)
        except OperationalError:
            saved.errors += 1
        saved.times.append(time.perf_counter() - start)
    return saved


def _writer_of(turn_id: UUID) -> Viewer:
    turn = db.session.get_one(Turn, turn_id)
    partner = db.session.get_one(Partner, turn.partner_id)
    assert partner.person_id is not None
    return Viewer(
        person_id=partner.person_id,
        practice_id=partner.practice_id,
        sides=couples.sides_of(partner.person_id),
    )


def _save(viewer: Viewer, turn_id: UUID, number: int) -> None:
    """What the page does with a few more words."""
    with vault.reading(viewer, "bench"):
        turn = rounds.turn_for(viewer, turn_id)
        assert turn is not None
        assert turn.partner_id is not None
        draft = words.draft_of(turn, turn.partner_id)
        author = reflections.Author(viewer, turn.partner_id, turn)
        text = PARAGRAPH * (1 + number % 9) + str(number)
        reflections.save_draft(
            author, Sending(answers={"topic": text}), draft.version if draft else 0, clock.now()
        )
        db.session.commit()


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
