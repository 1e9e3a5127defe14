"""Wrong tries at a passphrase: where they are counted, how long the next one waits, when a name is shut for strangers.

A device that has signed in under a name is at home there: its tries at that name have a count of their own, so that
nobody at another device, not even in the same household, can make it wait or shut it out. Everybody else is a stranger
and is counted by network and name, by network, and by name wherever they are. What is counted hangs on the name that
was typed, never on whether an account has it. The second step has doors of its own, at which only those devices are at
home on which it was taken.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select

from clinic import vault
from clinic.accounts import rules
from clinic.accounts.models import Throttle
from clinic.accounts.rules import Pace
from clinic.extensions import db

SIGN_IN = "sign in"
IN_A_ROW = "in a row"
"""Counts without a right try in between; they are not forgotten with time."""
CAME = "came"
"""When the owner of a name came first since strangers were counted there."""


class Refused(Exception):
    """No try now; the message says what to do."""


class TooSoon(Refused):
    """Too many wrong tries; `wait` says how long the next one must wait."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"Please wait {words_of(wait)} before the next try.")


class Shut(Refused):
    """So many wrong tries in a row that only a device at home there, or a new passphrase, opens this name again."""

    def __init__(self) -> None:
        super().__init__(
            "There were too many wrong tries. This name opens only on a device that it was used on before; "
            "or ask your practice, in person, for a new passphrase."
        )


def words_of(wait: timedelta) -> str:
    """A wait in words: "4 seconds", "2 minutes"."""
    seconds = max(1, round(wait.total_seconds()))
    count, unit = (seconds, "second") if seconds < 90 else (round(seconds / 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def count_try(purpose: str, bucket: str, now: datetime, pace: Pace = rules.OF_ONE) -> None:
    """Count a try before it is judged, so that parallel tries cannot slip by; TooSoon when it comes too early."""
    row = _row(purpose, bucket)
    if row is None:
        db.session.add(Throttle(purpose=purpose, device_hash=bucket, failures=1, last_at=now))
        return
    if now - row.last_at >= rules.FORGOTTEN_AFTER:
        row.failures = 0
    left = row.last_at + rules.wait_after(row.failures, pace) - now
    if left > timedelta(0):
        raise TooSoon(left)
    row.failures, row.last_at = row.failures + 1, now


def forgive_try(purpose: str, bucket: str) -> None:
    """Take back the count of a right try. Wrong ones before it stay, or own sign-ins would buy more guesses."""
    row = _row(purpose, bucket)
    if row is not None:
        row.failures = max(0, row.failures - 1)


def _row(purpose: str, bucket: str) -> Throttle | None:
    return db.session.scalar(
        select(Throttle).where(Throttle.purpose == purpose, Throttle.device_hash == bucket)
    )


# Signing in


@dataclass(frozen=True)
class Door:
    """Where somebody stands who tries a name: its keyed hash, the device if it is known, and the address."""

    name_hash: str
    device_id: str | None
    address: str

    @property
    def home(self) -> str:
        """The bucket of this device at this name."""
        return _bucket(f"home:{self.device_id}:{self.name_hash}")

    @property
    def everywhere(self) -> str:
        """The bucket of all strangers at this name."""
        return _bucket(f"name:{self.name_hash}")

    @property
    def is_home(self) -> bool:
        """True for a device that has signed in under this name, until it was too often wrong in a row."""
        row = _row(IN_A_ROW, self.home) if self.device_id else None
        return row is not None and row.failures < rules.MOST_IN_A_ROW

    def paces(self) -> dict[str, Pace]:
        """The buckets in which a try waits for those before it."""
        if self.is_home:
            return {self.home: rules.OF_ONE}
        network = rules.network_of(self.address)
        return {
            _bucket(f"network:{network}:{self.name_hash}"): rules.OF_ONE,
            _bucket(f"network:{network}"): rules.OF_A_NETWORK,
        }

    def row(self) -> str:
        """The bucket of the tries in a row."""
        return self.home if self.is_home else self.everywhere


def second_door(name_hash: str, device_id: str | None, address: str) -> Door:
    """Where somebody stands who gave the passphrase of a name and tries a code."""
    return Door(f"factor:{name_hash}", device_id, address)


def _bucket(owner: str) -> str:
    return vault.keyed_hash("throttle", owner)


def count_sign_in(door: Door, now: datetime) -> None:
    """Count a try at a name in every bucket that it belongs to; Refused when one of them is full."""
    db.session.execute(
        delete(Throttle).where(
            Throttle.purpose.not_in((IN_A_ROW, CAME)), Throttle.last_at <= now - rules.FORGOTTEN_AFTER
        )
    )
    _begin_anew(door, now)
    bucket = door.row()
    row = _row(IN_A_ROW, bucket) or _new_row(bucket, now)
    if row.failures >= rules.MOST_IN_A_ROW:
        raise Shut
    row.failures += 1
    for bucket, pace in door.paces().items():
        count_try(SIGN_IN, bucket, now, pace)


def _begin_anew(door: Door, now: datetime) -> None:
    """Strangers begin anew on the day after the owner came, and not at once.

    Else who has filled the count, and asks each minute whether the name is still shut, is told when its owner comes.
    """
    came = _row(CAME, door.everywhere)
    if came is not None and came.last_at.date() < now.date():
        db.session.delete(came)
        _forget(door.everywhere)


def _new_row(bucket: str, now: datetime) -> Throttle:
    row = Throttle(purpose=IN_A_ROW, device_hash=bucket, failures=0, last_at=now)
    db.session.add(row)
    return row


def forgive_sign_in(door: Door) -> None:
    """It was a right one: the row ends, and this try was none."""
    for bucket in door.paces():
        forgive_try(SIGN_IN, bucket)
    if row := _row(IN_A_ROW, door.row()):
        row.failures = 0


def forgive_second(door: Door) -> None:
    """It was a right code, so this try was none. Strangers' tries before it stay: only a new passphrase ends those."""
    for bucket in door.paces():
        forgive_try(SIGN_IN, bucket)
    forgive_try(IN_A_ROW, door.row())


TOLD_FROM = 3
"""A mistake or two are one's own."""


class WrongCodes(NamedTuple):
    """Wrong codes that were given after the right passphrase of one name."""

    many: int
    last_at: datetime


def note_wrong(door: Door, now: datetime) -> None:
    """When the last wrong one came; that there was one is counted already."""
    if row := _row(IN_A_ROW, door.row()):
        row.last_at = now


def wrong_codes(name_hashes: Collection[str], device_id: str | None = None) -> dict[str, WrongCodes]:
    """By the hash of a name: strangers' wrong codes since its last passphrase, and those in a row at this device.

    Names with fewer than `TOLD_FROM` are left out.
    """
    doors = {one: second_door(one, device_id, "") for one in name_hashes}
    buckets = {door.everywhere: name for name, door in doors.items()}
    if device_id:
        buckets |= {door.home: name for name, door in doors.items()}
    of_them = select(Throttle).where(Throttle.purpose == IN_A_ROW, Throttle.device_hash.in_(buckets))
    found: dict[str, WrongCodes] = {}
    for row in db.session.scalars(of_them.where(Throttle.failures > 0)):
        name = buckets[row.device_hash]
        many, last_at = found.get(name, (0, row.last_at))
        found[name] = WrongCodes(many + row.failures, max(last_at, row.last_at))
    return {name: one for name, one in found.items() if one.many >= TOLD_FROM}


def make_at_home(name_hash: str, device_id: str, now: datetime) -> None:
    """A device has signed in under this name: from now on it has its own count there; strangers begin anew tomorrow."""
    door = Door(name_hash, device_id, "")
    if _row(IN_A_ROW, door.everywhere) and not _row(CAME, door.everywhere):
        db.session.add(Throttle(purpose=CAME, device_hash=door.everywhere, failures=0, last_at=now))
    settle(door, now)


def settle(door: Door, now: datetime) -> None:
    """A device is at home at this door. Strangers' tries stay as they are: they know the passphrase, if it is codes."""
    bucket = door.home
    row = _row(IN_A_ROW, bucket) or _new_row(bucket, now)
    row.failures, row.last_at = 0, now


def open_again(name_hash: str) -> None:
    """Its owner has a new passphrase: strangers' tries at this name are none in a row."""
    _forget(Door(name_hash, None, "").everywhere)


def open_second_again(name_hash: str) -> None:
    """Its owner has a new passphrase: who knew the one of before tries no codes any more."""
    _forget(second_door(name_hash, None, "").everywhere)


def _forget(bucket: str) -> None:
    db.session.execute(delete(Throttle).where(Throttle.purpose == IN_A_ROW, Throttle.device_hash == bucket))
