"""The demo practice: a year of invented history, made by the real actions and a moved clock, in its own folder."""

import fcntl
import hashlib
import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import event

from clinic import clock, fonts
from clinic.accounts.models import StaffMember
from clinic.config import Settings
from clinic.couples.models import Couple
from clinic.demo import player, story
from clinic.demo.scene import Scene
from clinic.exercises import library
from clinic.extensions import db, ids_from

SEED = 20_261
MIGRATIONS = story.HERE.parent / "migrations"
MARK = "demo.json"
"""The file that says that a folder holds a demo and nothing else; only such a folder is ever emptied."""


class NotADemo(Exception):
    """The folder holds something else; the message says what to do."""


def build(settings: Settings, *, fresh: bool = False, seed: int = SEED) -> dict[str, Any]:
    """The demo in its folder, made anew unless it was made today; who can sign in, and the ids of what there is."""
    from clinic.cli import furnish  # the commands import the demo, too

    with _alone_in(settings.data_dir):
        now = clock.now()
        if not fresh and (there := _made_today(settings, now)):
            return there
        _empty(settings)
        with fonts.built(settings.fonts_dir):
            made = _play(furnish(settings), now, seed)
        mark = {"made_at": now.isoformat(), "made_of": _source(), **made}
        (settings.data_dir / MARK).write_text(json.dumps(mark, indent=2), encoding="utf-8")
    return made


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two commands never play into one folder: the second waits, and finds what the first made."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _made_today(settings: Settings, now: datetime) -> dict[str, Any] | None:
    """What was made in this folder today and of the same story and tables; None when it has to be made anew."""
    mark = settings.data_dir / MARK
    found: dict[str, Any] = json.loads(mark.read_text(encoding="utf-8")) if mark.exists() else {}
    made_at, made_of = found.pop("made_at", None), found.pop("made_of", None)
    is_today = (
        made_at is not None and datetime.fromisoformat(made_at).astimezone().date() == now.astimezone().date()
    )
    return found if is_today and made_of == _source() else None


def _source() -> str:
    """A hash of what a demo is made of: tables, exercises and story; after an update it is made anew."""
    files = [*story.HERE.rglob("*.toml"), *library.SHIPPED.glob("*.toml"), *MIGRATIONS.glob("*.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()


def _empty(settings: Settings) -> None:
    """Clear a demo away; a folder that is none is left alone."""
    folder = settings.data_dir
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotADemo(
            f"{folder} holds something that is not a demo. Choose an empty folder with --data-dir."
        )
    fonts = folder / "fonts"
    for file in folder.iterdir() if folder.exists() else ():
        if file.is_dir() and file != fonts:
            shutil.rmtree(file)
        elif file.is_file():
            file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("{}", encoding="utf-8")


def _play(app: Flask, now: datetime, seed: int) -> dict[str, Any]:
    source = random.Random(seed)  # noqa: S311  # ids of invented rows, the same each time
    with app.app_context(), _hurried(), ids_from(lambda: UUID(int=source.getrandbits(128), version=4)):
        told = story.read()
        played = player.play(told, now, seed)
        return {
            "practice": str(played.practice_id),
            "accounts": [*_staff_accounts(told, played), *_client_accounts(played)],
            "couples": [_listed(scene) for scene in played.scenes],
        }


@contextmanager
def _hurried() -> Iterator[None]:
    """No waiting for the disk while the history is made: a demo that a power cut spoiled is made again."""
    engine = db.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()
    try:
        with _at_hand():
            yield
    finally:
        engine.dispose()


@contextmanager
def _at_hand() -> Iterator[None]:
    """Rows stay at hand from one act to the next: nobody else writes here. Words do not, see vault.py."""
    session, rows = db.session(), []
    session.expire_on_commit = False
    for kind in ("loaded_as_persistent", "pending_to_persistent"):
        event.listen(session, kind, lambda _session, row: rows.append(row))
    try:
        yield
    finally:
        db.session.remove()


def _staff_accounts(told: story.Story, played: player.Played) -> list[dict[str, Any]]:
    at_work = {key: db.session.get_one(StaffMember, id_) for key, id_ in played.staff.items()}
    return [
        {
            "sign_in": member.sign_in,
            "password": player.PASSPHRASE,
            "who": f"{member.name}, {', '.join(member.roles)}" + (" (has left)" if member.left else ""),
            "role": "left" if member.left else member.roles[0],
            "id": str(at_work[member.key].id),
        }
        for member in told.practice.staff
    ]


def _client_accounts(played: player.Played) -> list[dict[str, Any]]:
    return [
        {
            "sign_in": half.sign_in,
            "password": player.PASSPHRASE,
            "who": f"{half.name}, client",
            "role": "client",
            "id": str(scene.partner(half.key).id),
        }
        for scene in played.scenes
        for half in scene.story.partners
        if half.sign_in
    ]


def _listed(scene: Scene) -> dict[str, Any]:
    couple = db.session.get_one(Couple, scene.couple_id)
    return {
        "key": scene.story.key,
        "id": str(couple.id),
        "names": [partner.name for partner in couple.partners],
        "partners": [str(partner.id) for partner in couple.partners],
        "counselor": scene.counselor().name,
        "shows": scene.story.shows,
        "assignments": {name: str(id_) for name, id_ in scene.assignments.items()},
        "appointments": [str(id_) for id_ in scene.appointments],
    }
