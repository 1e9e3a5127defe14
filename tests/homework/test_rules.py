"""On which local days rounds fall, how long they are open, and who does which leg."""

from datetime import date, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.exercises.document import Every, Span
from clinic.exercises.library import shipped
from clinic.homework import rules

DAYS = st.dates(date(2020, 1, 1), date(2060, 12, 31))
RHYTHMS = st.sampled_from(["day", "week", "2 weeks", "month"])
ZONES = st.sampled_from(
    ["America/New_York", "Europe/Vienna", "Pacific/Auckland", "Asia/Kathmandu", "Etc/UTC"]
)
A, B = uuid4(), uuid4()


@given(RHYTHMS, DAYS, st.integers(0, 400), st.integers(1, 60))
def test_rounds_begin_on_the_first_day_and_never_after_the_last(every, starts_on, days, times):
    today = starts_on + timedelta(days=days)
    dates = rules.due_dates(Every(every=every, times=times), starts_on, today)
    assert dates[0] == starts_on
    assert dates == sorted(set(dates))
    assert len(dates) <= times
    assert dates[-1] <= today


@given(RHYTHMS, DAYS, st.integers(0, 200), st.integers(0, 200))
def test_looking_later_only_adds_rounds(every, starts_on, days, more):
    cadence, today = Every(every=every), starts_on + timedelta(days=days)
    earlier = rules.due_dates(cadence, starts_on, today)
    assert rules.due_dates(cadence, starts_on, today + timedelta(days=more))[: len(earlier)] == earlier


@given(RHYTHMS, DAYS, st.integers(0, 200))
def test_the_next_date_is_the_first_that_is_not_due_yet(every, starts_on, days):
    cadence, today = Every(every=every), starts_on + timedelta(days=days)
    coming = rules.next_date(cadence, starts_on, today)
    assert coming is not None
    assert coming > today
    assert rules.due_dates(cadence, starts_on, coming) == [
        *rules.due_dates(cadence, starts_on, today),
        coming,
    ]


@given(DAYS, st.integers(1, 30))
def test_a_monthly_round_stays_on_its_day_or_on_the_last_of_a_short_month(starts_on, times):
    for day in rules.due_dates(Every(every="month", times=times), starts_on, date(2070, 1, 1)):
        assert day.day == starts_on.day or (day + timedelta(days=1)).day == 1


@given(DAYS, st.integers(0, 30), ZONES)
def test_a_round_opens_and_closes_at_three_by_the_wall_clock_whatever_the_clocks_do(day, days, zone):
    opens_at, closes_at = rules.frame(day, Span(days=days), zone)
    local = [at.astimezone(ZoneInfo(zone)) for at in (opens_at, closes_at)]
    assert [at.hour for at in local] == [3, 3]
    assert [at.date() for at in local] == [day, day + timedelta(days=days)]


@pytest.mark.parametrize("slug", sorted(shipped()))
def test_every_exercise_of_the_library_finds_its_legs_whoever_begins(slug):
    document = shipped()[slug]
    for cast in ({A: "injured", B: "involved"}, {A: "involved", B: "injured"}, {A: "mutual", B: "mutual"}):
        for first in (A, B):
            legs = rules.legs_for(document, cast, rules.Begins(first))
            assert {leg.part for leg in legs} == set(range(len(document.parts)))
            assert all(leg.other != leg.author for leg in legs)
            assert {turn.key for who in (A, B) for turn, _ in rules.turns_for(document, legs, who)} >= {
                key for key, turn in document.turns.items() if not turn.roles
            }


@pytest.mark.parametrize("slug", sorted(shipped()))
def test_the_usual_last_day_is_the_one_that_the_document_means(slug):
    document, first = shipped()[slug], date(2026, 3, 6)
    usual = rules.last_day(document, first)
    settled = rules.open_for(document, rules.days_open(document))
    assert usual >= first
    assert rules.days_open(document) <= rules.MOST_OPEN_DAYS
    ends = [rules.frame(first, span, "Etc/UTC")[1] for span in (document.open_for, settled)]
    assert ends[0] <= ends[1] < ends[0] + timedelta(days=1)


def test_who_begins_is_the_counselors_choice_unless_the_document_names_a_role():
    legs = rules.legs_for(shipped()["perspective_round"], {A: "injured", B: "involved"}, rules.Begins(B))
    assert [leg.author for leg in legs] == [B, A]


def legs(slug, cast, *begins, **more):
    return [leg[1:3] for leg in rules.legs_for(shipped()[slug], cast, rules.Begins(*begins, **more))]


@pytest.mark.parametrize(
    ("roles", "writes", "replies"),
    [
        (("injured", "involved"), A, B),
        (("involved", "injured"), B, A),
        (("injured", "mutual"), A, B),
        (("mutual", "injured"), B, A),
        (("involved", "mutual"), B, A),
    ],
)
def test_who_writes_follows_from_the_roles_where_one_tells_of_the_other(roles, writes, replies):
    cast = dict(zip((A, B), roles, strict=True))
    for first in (None, A, B):
        for in_turn in (False, True):
            assert legs("impact_statement", cast, first, in_turn) == [(writes, replies)]
            assert legs("validation_reply", cast, first, in_turn) == [(replies, writes)]


@pytest.mark.parametrize("slug", ["impact_statement", "validation_reply"])
def test_what_one_writes_needs_two_different_parts_or_a_word_of_the_counselor(slug):
    mutual = {A: "mutual", B: "mutual"}
    for role in ("injured", "involved"):
        with pytest.raises(ValueError, match="needs two parts"):
            legs(slug, {A: role, B: role}, A)
    with pytest.raises(ValueError, match="who writes"):
        legs(slug, mutual)
    assert rules.who_is_asked(shipped()[slug], mutual) == "writes"
    assert legs(slug, mutual, B) == [(B, A)]
    assert legs(slug, mutual, B, in_turn=True) == [(B, A), (A, B)]


def test_a_reply_is_written_by_the_one_who_was_given_the_words():
    for cast in ({A: "injured", B: "involved"}, {A: "mutual", B: "mutual"}):
        assert legs("validation_reply", cast, B, by_input=A) == [(A, B)]
        assert rules.who_is_asked(shipped()["validation_reply"], cast, A) == ""
    assert legs("impact_statement", {A: "injured", B: "involved"}, by_input=B) == [(A, B)]


def test_changing_places_needs_both():
    with pytest.raises(ValueError, match="both"):
        rules.legs_for(shipped()["perspective_round"], {A: "mutual"})
    assert rules.is_for_both(shipped()["perspective_round"])
    assert not rules.is_for_both(shipped()["feelings_log"])


def test_there_is_always_a_way_to_make_it_smaller():
    for document in shipped().values():
        assert rules.smaller(document, 1)
