"""The clock: local days end at 03:00, and a change to summer time moves no day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from clinic import clock
from clinic.extensions import Instant

ZONES = ["Etc/UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"]


def test_twenty_past_midnight_belongs_to_yesterday() -> None:
    instant = datetime(2026, 3, 9, 4, 20, tzinfo=UTC)  # 00:20 in New York
    assert clock.local_day(instant, "America/New_York") == date(2026, 3, 8)


@given(day=st.dates(date(2000, 1, 1), date(2060, 1, 1)), zone=st.sampled_from(ZONES))
def test_days_follow_one_another_without_gap_or_overlap(day: date, zone: str) -> None:
    assert clock.day_ends(day, zone) == clock.day_starts(day + timedelta(days=1), zone)
    assert (
        timedelta(hours=22) <= clock.day_ends(day, zone) - clock.day_starts(day, zone) <= timedelta(hours=26)
    )


@given(
    instant=st.integers(946_684_800, 2_840_140_800).map(lambda second: datetime.fromtimestamp(second, UTC)),
    zone=st.sampled_from(["Etc/UTC", "America/New_York", "Europe/Berlin"]),
)
def test_every_instant_lies_in_its_own_day(instant: datetime, zone: str) -> None:
    day = clock.local_day(instant, zone)
    assert clock.day_starts(day, zone) <= instant < clock.day_ends(day, zone)


def test_a_moved_clock_stands_only_inside_the_block() -> None:
    then = datetime(2025, 1, 1, tzinfo=UTC)
    with clock.moved_to(then):
        assert clock.now() == then
    assert clock.now() > then


def test_the_clock_needs_a_zone() -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"):
        Instant().process_bind_param(naive, sqlite.dialect())
