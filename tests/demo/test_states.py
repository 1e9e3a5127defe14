"""Every state that the engine and the practice know occurs in the demo, so that every page has something to show."""

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from clinic import clock
from clinic.accounts.models import StaffMember
from clinic.appointments.models import Appointment
from clinic.consent.models import ConsentSignature
from clinic.couples.models import Couple, Invitation, Partner
from clinic.exercises.turns import HOLD, Act, EventKind, Status
from clinic.extensions import Base, db
from clinic.homework import queries as rounds
from clinic.homework.models import Assignment, Round, RoundEvent, Turn
from clinic.reflections.models import Draft, Opening, Reflection, Words
from clinic.safety import queries as safety
from clinic.safety.models import Flag
from tests.demo.conftest import Demo

MODES = {"sent", "after", "both_answered", "appointment", "counselor", "release", "addition"}


def found(column: InstrumentedAttribute[str]) -> set[str]:
    return set(db.session.scalars(select(column).distinct()))


def count(table: type[Base], *conditions: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def test_every_status_of_a_turn_occurs(demo: Demo) -> None:
    assert found(Turn.state) == set(get_args(Status))


def test_every_event_of_a_round_occurs(demo: Demo) -> None:
    assert found(RoundEvent.kind) == set(get_args(EventKind))


def test_words_were_opened_by_every_mode(demo: Demo) -> None:
    assert found(Opening.mode) == MODES


def test_every_act_is_open_to_somebody_now(demo: Demo) -> None:
    acts: set[str] = set()
    with clock.moved_to(demo.made_at):
        for round_ in db.session.scalars(select(Round)):
            acts |= {act for _who, _turn, act in rounds.state_of(round_, demo.made_at).acts}
    assert acts == set(get_args(Act))


def test_what_is_kept_of_each_turn_is_what_the_fold_says(demo: Demo) -> None:
    stale = []
    for round_ in db.session.scalars(select(Round)):
        folded = rounds.state_of(round_, demo.made_at)
        kept = {rounds.turn_id_of(turn): turn.state for turn in round_.turns}
        if kept != {id_: one.status for id_, one in folded.turns.items()}:
            stale.append((round_.assignment.slug, round_.local_on))
    assert stale == []


def test_assignments_are_active_paused_ended_and_recalled(demo: Demo) -> None:
    assert found(Assignment.state) == {"active", "paused", "ended", "recalled"}


def test_appointments_came_out_in_every_way(demo: Demo) -> None:
    assert found(Appointment.state) == {"scheduled", "held", "canceled", "late_canceled", "no_show"}


OCCURS: dict[str, Callable[[Demo], int]] = {
    "a release inside its hold": lambda demo: len(held_releases(demo)),
    "a turn kept whole": lambda _: count(Turn, Turn.is_kept, Turn.state == "sent"),
    "a third attempt that is open": lambda _: count(Turn, Turn.attempt == 3, Turn.state == "open"),
    "a draft on an open turn": lambda _: count(Draft, Draft.turn_id.in_(open_turns())),
    "somebody excused": lambda _: count(
        RoundEvent, RoundEvent.kind == "closed", RoundEvent.by_id.is_not(None)
    ),
    "an open flag": lambda _: count(Flag, Flag.acted_at.is_(None)),
    "a flag that was acted on": lambda _: count(Flag, Flag.acted_at.is_not(None)),
    "an open invitation": lambda demo: count(
        Invitation, Invitation.used_at.is_(None), Invitation.expires_at > demo.made_at
    ),
    "a separation": lambda _: count(Couple, Couple.separated_at.is_not(None)),
    "a couple in pause": lambda _: count(Couple, Couple.paused_at.is_not(None)),
    "a couple silent for thirty days": lambda demo: count(
        Couple, Couple.attention_at < demo.made_at - timedelta(days=30), Couple.separated_at.is_(None)
    ),
    "a partner who was never invited": lambda _: count(
        Partner, Partner.person_id.is_(None), Partner.id.not_in(select(Invitation.partner_id))
    ),
    "an appointment later today": lambda demo: count(
        Appointment,
        Appointment.starts_at > demo.made_at,
        Appointment.starts_at < demo.made_at + timedelta(hours=4),
    ),
    "something that came in since yesterday": lambda demo: count(
        Round, Round.came_in_at > demo.made_at - timedelta(days=1), Round.reviewed_at.is_(None)
    ),
    "a partner who signed while the other has not": lambda _: len(
        {
            one.couple_id
            for one in db.session.scalars(select(Partner).where(Partner.id.in_(signers())))
            if one.couple_id
            in set(db.session.scalars(select(Partner.couple_id).where(Partner.id.not_in(signers()))))
        }
    ),
    "somebody who signed a newer version, and somebody who did not": lambda _: (
        count(ConsentSignature, ConsentSignature.kind == "consent", ConsentSignature.number == 2)
        * count(ConsentSignature, ConsentSignature.kind == "consent", ConsentSignature.number == 1)
    ),
    "a signature on paper": lambda _: count(ConsentSignature, ConsentSignature.paper_on.is_not(None)),
    "consent that a partner took back alone": lambda _: count(
        ConsentSignature,
        ConsentSignature.withdrawn_at.is_not(None),
        ConsentSignature.withdrawal_recorded_by_id.is_(None),
    ),
    "somebody who left": lambda _: count(StaffMember, StaffMember.left_at.is_not(None)),
    "a full year of answers": lambda demo: count(
        Reflection, Reflection.sent_at < demo.made_at - timedelta(days=355)
    ),
}


@pytest.mark.parametrize("what", OCCURS)
def test_it_occurs(demo: Demo, what: str) -> None:
    assert OCCURS[what](demo) > 0


def signers() -> list[UUID]:
    return list(db.session.scalars(select(ConsentSignature.partner_id)))


def open_turns() -> list[UUID]:
    return list(db.session.scalars(select(Turn.id).where(Turn.state == "open")))


def held_releases(demo: Demo) -> list[RoundEvent]:
    """Released, not called back, and nothing of it opened yet."""
    released = select(RoundEvent).where(RoundEvent.kind == "released", RoundEvent.at > demo.made_at - HOLD)
    opened = set(db.session.scalars(select(Opening.turn_id)))
    return [event for event in db.session.scalars(released) if event.turn_id not in opened]


def test_single_lines_were_kept_for_the_counselor(demo: Demo) -> None:
    """Beside the words for both there are words for the counselor in the same sending."""
    closer = select(Words.reflection_id).where(Words.group == "counselor")
    assert count(Words, Words.reflection_id.in_(closer), Words.visibility == "sealed") > 0


@pytest.mark.parametrize(
    ("key", "ceiling"),
    [
        ("rafi", "counselor"),  # she is not cleared
        ("priya-noel", "counselor"),  # he withdrew his consent
        ("oksana-marek", "counselor"),  # separated
        ("hine-wiremu", None),  # paused
        ("mara-jonas", "joint"),
    ],
)
def test_the_ceiling_is_lower_for_each_reason(demo: Demo, key: str, ceiling: str | None) -> None:
    couple = db.session.get_one(Couple, UUID(demo.couple(key)["id"]))
    assert safety.ceiling_of(couple, demo.made_at) == ceiling


def test_names_are_long_right_to_left_equal_and_have_emoji(demo: Demo) -> None:
    names = {one["key"]: one["names"] for one in demo.told["couples"]}
    assert [len(name) for name in names["long-names"]] == [60, 60]
    assert all(unicodedata.bidirectional(name[0]) == "AL" for name in names["layla-yusuf"])
    assert len({name.split()[0] for name in names["alex-alex"]}) == 1
    assert any("🌙" in name for name in names["noor-bas"])
