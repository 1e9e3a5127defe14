"""Databases full of invented couples, made fast: names sealed by the vault itself, eight rounds for each couple."""

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import Connection, insert, select, text

from clinic import clock, vault
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Person, StaffMember
from clinic.cli import prepare
from clinic.config import Settings
from clinic.couples.models import Couple, CoupleCounselor, Partner
from clinic.exercises.models import ExerciseVersion
from clinic.extensions import Base, db, transactions
from clinic.homework.models import Assignment
from clinic.practice import actions as practices

FEW, FULL = 30, 2_000
"""The couples of a counselor with an ordinary caseload, and of one with the largest that the caseload is made for."""

CHUNK = 2_000
ROUNDS = 8
NAMES = ("Mara", "Jonas", "Ines", "Paul", "Dara", "Luis", "Oda", "Kim", "Nora", "Elif", "Sam", "Tariq", "Ada")


@dataclass(frozen=True)
class House:
    """A filled practice: its app, and who signs in with how many couples."""

    app: Flask
    settings: Settings
    couples: int
    people: dict[str, UUID]  # "full" works with two thousand couples, "few" with thirty

    def cookie(self, who: str) -> str:
        """The cookie header of a browser in which that person has just signed in."""
        with self.app.app_context(), transactions(write=True):
            account = sign_ins.account_of(self.people[who])
            assert account is not None
            token = accounts.begin_session(account, "bench", clock.now())
            db.session.commit()
        return cookie_for(self.app, token)

    def environment(self) -> dict[str, str]:
        """The settings for a process of its own."""
        given = {"DATA_DIR": self.settings.data_dir, "KEY_FILE": self.settings.key_file, "DEMO": 1}
        return {**os.environ, **{f"CLINIC_{name}": str(value) for name, value in given.items()}}


def cookie_for(app: Flask, token: str) -> str:
    """What Flask-Login would have put into the browser."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps({'_user_id': token, '_fresh': True})}"


def fill(folder: Path, couples: int, key_file: Path, fonts: Path) -> House:
    """A practice with so many couples in care; its counselors work with the first two thousand and the first thirty."""
    shutil.copytree(fonts, folder / "fonts")  # made once for all
    settings = Settings.from_environment(data_dir=folder, key_file=key_file, demo=True)
    app, now = prepare(settings), clock.now()
    with app.app_context(), transactions(write=True):
        _hurry()
        staff = _staff(now)
        version = db.session.scalars(
            select(ExerciseVersion).where(ExerciseVersion.slug == "weekly_checkin")
        ).one()
        connection = db.session.connection()
        for start in range(0, couples, CHUNK):
            _add_couples(connection, range(start, min(start + CHUNK, couples)), staff, version.id, now)
        _add_history(connection, now)
        people = {who: member.person_id for who, member in zip(("full", "few"), staff, strict=True)}
        db.session.commit()
        db.engine.dispose()
    return House(app, settings, couples, people)


def _hurry() -> None:
    """For the one connection that fills: random ids touch every page, and nothing is lost that cannot be made again."""
    with db.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.rollback()
        for pragma in ("cache_size=-800000", "synchronous=OFF", "secure_delete=OFF", "foreign_keys=OFF"):
            raw.execute(f"PRAGMA {pragma}")


def _staff(now: datetime) -> list[StaffMember]:
    practice = practices.found("Bench Practice", "America/New_York", now=now)
    words = secrets.token_hex(16)
    add = accounts.add_staff
    return [add(practice, name, name, words, roles={"counselor"}, now=now) for name in ("full", "few")]


# Couples, each sealed under a key of its own


def _add_couples(
    connection: Connection, numbers: range, staff: list[StaffMember], version_id: UUID, now: datetime
) -> None:
    keys, made = [], [_couple(number, staff[0].practice_id, now) for number in numbers]
    for couple in made:
        keys.append(_key(("couple", couple.id)))
        for row in (couple, *couple.partners):
            for column in vault.sealed_columns(type(row)):
                column.seal(connection, row)
    partners = [partner for couple in made for partner in couple.partners]
    connection.execute(insert(vault.DataKey), keys)
    _insert(connection, made)
    # Nobody opens the names of these people, so that what is sealed there may be anything.
    named = {"practice_id": staff[0].practice_id, "name_sealed": secrets.token_bytes(121)}
    connection.execute(insert(Person), [{"id": partner.person_id, **named} for partner in partners])
    _insert(connection, partners)
    at_work = [
        CoupleCounselor(couple_id=couple.id, staff_id=member.id, from_at=couple.created_at)
        for couple, number in zip(made, numbers, strict=True)
        for member, limit in zip(staff, (FULL, FEW), strict=True)
        if number < limit
    ]
    if at_work:
        _insert(connection, at_work)
    _insert(connection, [_assignment(couple, version_id, staff[0], now) for couple in made])
    for couple in made:
        vault._keys.open.pop(("couple", couple.id))  # as in a process that has just started


def _couple(number: int, practice_id: UUID, now: datetime) -> Couple:
    names = NAMES[number % len(NAMES)], NAMES[(number * 5 + 3) % len(NAMES)]
    at = now - timedelta(days=400) + timedelta(seconds=number)
    couple = Couple(
        practice_id=practice_id, alias=f"{names[0]} & {names[1]} {number}", zone="America/New_York", created_at=at,
        attention_at=now - timedelta(seconds=number * 7919 % 2_000_003),
    )  # fmt: skip
    couple.partners = [
        Partner(
            practice_id=practice_id,
            couple_id=couple.id,
            position=place,
            person_id=uuid4(),
            name=name,
            joined_at=at,
            confirmed_at=at,
        )
        for place, name in enumerate(names, start=1)
    ]
    return couple


def _key(owner: vault.Owner) -> dict[str, Any]:
    """A wrapped key, as the vault makes it, ready for one statement with many others."""
    key_id, key = uuid4(), secrets.token_bytes(32)
    vault._hold(owner, key_id, key)
    wrapped = vault._wrapped(owner, key_id, key)
    return {"id": key_id, "owner_kind": owner[0], "owner_id": owner[1], "wrapped": wrapped}


def _assignment(couple: Couple, version_id: UUID, member: StaffMember, now: datetime) -> Assignment:
    first, second = couple.partners
    legs = [[0, str(first.id), str(second.id), "mutual"], [0, str(second.id), str(first.id), "mutual"]]
    return Assignment(
        practice_id=couple.practice_id, couple_id=couple.id, exercise_version_id=version_id, slug="weekly_checkin",
        weight="light", assigned_by_id=member.id, assigned_at=now - timedelta(days=60),
        starts_on=(now - timedelta(days=60)).date(), zone=couple.zone, cadence={"every": "week"},
        opening="both_answered", legs=legs, state="active",
    )  # fmt: skip


def _insert(connection: Connection, rows: list[Any]) -> None:
    """Many rows in one statement; what a model fills in by itself is filled in by the table."""
    given = [{key: row.__dict__[key] for key in _columns(row) if key in row.__dict__} for row in rows]
    connection.execute(insert(type(rows[0])), given)


def _columns(row: Base) -> Iterator[str]:
    return (attribute.key for attribute in type(row).__mapper__.column_attrs)


# Eight weeks of rounds: the last one open, one in ten missed, one in twenty to be read


def _add_history(connection: Connection, now: datetime) -> None:
    weeks = [{"number": n, **_week(now - timedelta(days=7 * (ROUNDS - n) + 1))} for n in range(1, ROUNDS + 1)]
    for statement in (_RECIPIENTS, _ROUNDS, _TURNS, _OPENED, _GLANCES):
        for values in weeks if statement is _ROUNDS else [{}]:
            connection.execute(text(statement), values)


def _week(opens: datetime) -> dict[str, str]:
    said = {"opens": opens, "closes": opens + timedelta(days=3)}
    return {"day": f"{opens:%Y-%m-%d}", **{key: f"{at:%Y-%m-%d %H:%M:%S.%f}" for key, at in said.items()}}


_ID = "lower(hex(randomblob(16)))"
_RECIPIENTS = f"""INSERT INTO recipient (id, assignment_id, partner_id, role)
    SELECT {_ID}, assignment.id, partner.id, 'mutual' FROM assignment JOIN partner USING (couple_id)"""
_ROUNDS = f"""INSERT INTO round (id, assignment_id, couple_id, number, local_on, opens_at, closes_at, closed_at,
        came_in_at, reviewed_at)
    SELECT {_ID}, id, couple_id, :number, :day, :opens, :closes, CASE WHEN :number < {ROUNDS} THEN :closes END,
        CASE WHEN :number < {ROUNDS} THEN :closes END,
        CASE WHEN :number < {ROUNDS} - 1 OR rowid % 20 THEN :closes END FROM assignment"""
_TURNS = f"""INSERT INTO turn (id, round_id, couple_id, leg, key, attempt, entry, "order", partner_id, state, since,
        until, sent_at, sent_by_id, is_kept, awaits_opening)
    SELECT {_ID}, round.id, round.couple_id, partner.position - 1, 'checkin', 1, 1, 1, partner.id,
        CASE WHEN round.closed_at IS NULL THEN 'open' WHEN round.rowid % 10 THEN 'sent' ELSE 'missed' END,
        round.opens_at, round.closes_at,
        CASE WHEN round.closed_at IS NOT NULL AND round.rowid % 10 THEN round.closes_at END,
        CASE WHEN round.closed_at IS NOT NULL AND round.rowid % 10 THEN partner.id END, 0, 0
    FROM round JOIN partner USING (couple_id)"""
_OPENED = f"""INSERT INTO round_event (id, round_id, seq, at, kind, detail)
    SELECT {_ID}, id, 1, closes_at, 'opened', '{{}}' FROM round WHERE closed_at IS NOT NULL AND rowid % 10"""
_GLANCES = """UPDATE round SET glance = CASE
    WHEN closed_at IS NULL THEN 'open ' || substr(closes_at, 1, 19) || '|open ' || substr(closes_at, 1, 19) || '|0|'
    WHEN rowid % 10 THEN 'done|done|1|' || substr(closes_at, 1, 19)
    ELSE 'past|past|0|' END"""
