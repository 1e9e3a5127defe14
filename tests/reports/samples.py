"""Invented couples for the documents: an ordinary one, a long one, one without a single entry, and hostile text."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from clinic.practice.summary import Letterhead
from clinic.progress.points import Tally, Trend, gap, series
from clinic.progress.summary import (
    Attendance,
    Audience,
    Completeness,
    Excerpt,
    NextStep,
    Partner,
    Period,
    PracticeRow,
    ProgressSummary,
    Win,
    Words,
)
from reports.invitation import InvitationSlip

MADE = datetime(2026, 5, 21, 16, 5, tzinfo=UTC)
HEAD = Letterhead(
    practice="Linden Street Counseling",
    address=("4 Linden Street", "Northfield, MN 55057"),
    phone="555 0142",
    email="office@linden.example",
    web="linden.example",
)
HONEST = (
    "The six questions are a conversation aid made for this work. They have not been tested against other "
    "questionnaires and have no norms and no cutoff; a change of a point or two may be chance."
)
HEBREW = "זה היה שבוע קשה, אבל דיברנו."
ARABIC = "كان أسبوعًا صعبًا، لكننا تحدثنا."


def pulse(rounds: int = 8) -> Trend:
    """Answers of both, of which the fifth round did not open."""
    start = date(2026, 3, 29)
    days = [start + timedelta(weeks=week) for week in range(rounds)]
    first = series((on, None if n == 4 else round(3.2 + 3.1 * n / rounds, 1)) for n, on in enumerate(days))
    second = series((on, None if n == 4 else round(6.5 + 0.5 * n / rounds, 1)) for n, on in enumerate(days))
    return Trend(
        title="How much trust, week by week",
        hint="Each of you answers six questions on Sunday evening. The line is their mean.",
        low_word="none",
        high_word="complete",
        first=first,
        second=second,
        gap=gap(first, second),
        unopened=tuple(days[4:5]),
        note="A distance is not a fault of either. It says how differently the same week was lived.",
    )


def practices(*, is_rated: bool) -> tuple[PracticeRow, ...]:
    """Six rows; ratings for the counselor's copy."""
    rows = (
        ("Open the lines", 8, 7, "Said back right at the first try: 1 of 3, then 3 of 4"),
        ("Acknowledge feelings", 5, 5, "One impact statement read in session"),
        ("Set honest expectations", 4, 3, "Five commitments in your agreement, version 2"),
        ("Be patient", 8, 7, "One setback, recovered within four days"),
        ("Seek guidance", 7, 7, "You both named the same first topic twice"),
        ("Celebrate small wins", 4, 4, "Told early: nine times"),
    )
    rating = 6.5 if is_rated else None
    return tuple(
        PracticeRow(name=n, assigned=a, done=d, headline=h, quality=rating, usefulness=rating)
        for n, a, d, h in rows
    )


def short(audience: Audience = "couple") -> ProgressSummary:
    """Eight weeks of Mara and Jonas."""
    return ProgressSummary(
        audience=audience,
        letterhead=HEAD,
        alias="Linden 12",
        partners=(Partner(position=1, name="Mara"), Partner(position=2, name="Jonas")),
        period=Period(starts_on=date(2026, 3, 26), ends_on=date(2026, 5, 21)),
        made_at=MADE,
        written_by="Ruth Okafor, LMFT",
        zone="America/Chicago",
        setting="Week 8 of 12 of the trust program.",
        attendance=Attendance(held=7, planned=8, canceled=1),
        practices=practices(is_rated=audience == "counselor"),
        trends=(pulse(),),
        wins=(
            Win(
                text="You called from the parking lot instead of explaining at the door.",
                on=date(2026, 4, 20),
                by=1,
            ),
            Win(text="We stopped at the signal and came back after twenty minutes.", on=date(2026, 5, 2)),
            Win(text="Dinner without phones, and we noticed only afterward.", on=date(2026, 5, 9), by=2),
        ),
        wins_written=3,
        excerpts=(
            Excerpt(
                prompt="One thing that would bring back a little of it",
                exercise="What trust means to you",
                opened_on=date(2026, 5, 21),
                words=(
                    Words(
                        by=1,
                        text="A message when the plan changes, before I have to wonder. Two words are enough.",
                    ),
                    Words(by=2, text="To tell you first, even when it is small and I would rather wait."),
                ),
            ),
            Excerpt(
                prompt="Something I noticed about you",
                words=(
                    Words(by=1, text="You called from the parking lot instead of explaining at the door."),
                    Words(by=2, text="You asked me how my day was before you asked me where I had been."),
                ),
            ),
        ),
        narrative=(
            "In March you came in speaking about the same evening as if it had happened to two different couples. "
            "Since then you have found a way to stop a talk and to come back to it, and four times out of seven you "
            "came back at the hour you had agreed.",
            "The doubt has not gone, Mara, and nobody expects it to. What has changed is that you say it while it is "
            "small. Jonas, you have begun to tell things before you are asked.",
        ),
        next_steps=(
            NextStep(
                title="The pause-and-return plan, once more",
                text="Together, Saturday May 23 after breakfast.",
            ),
            NextStep(
                title="A perspective round on the phone at the table",
                text="Jonas begins. By Wednesday, May 27.",
            ),
            NextStep(title="What trust means to you, in week 12 again"),
        ),
        next_appointment="Thursday, May 28, 2026, 5:30 pm, 4 Linden Street",
        completeness=Completeness(answers=84, missing=3, unopened=1),
        honest_notes=(HONEST,),
        crisis=("In danger, call your local emergency number.",),
    )


def year(audience: Audience = "couple") -> ProgressSummary:
    """Fifty-two weeks of Mara and Jonas: four lines, a full page of wins, four excerpts."""
    base, whole = short(audience), pulse(52)
    talks = replace(whole, title="How the talks went", gap=(), note="")
    mood = replace(
        talks, title="How you came in", first=whole.first[::4], second=whole.second[::4], unopened=()
    )
    return replace(
        base,
        period=Period(starts_on=date(2025, 5, 22), ends_on=date(2026, 5, 21)),
        trends=(
            whole,
            talks,
            mood,
            replace(mood, title="How strong the waves are", second=()),
            replace(mood, title="Concerns raised in a week", measure="count", has_direction=False),
            Trend(
                title="Planned talks that took place",
                measure="part",
                first=mood.first,
                tallies=(Tally(times=9, of=12),),
            ),
            Trend(title="How much it matters", first=whole.first[:1], second=whole.second[:2]),
        ),
        wins=(base.wins * 7)[:20],
        wins_written=61,
        excerpts=base.excerpts * 2,
    )


def long(audience: Audience = "couple") -> ProgressSummary:
    """Forty rounds, names of 60 characters, an excerpt of 20 000, writing of every direction and kind."""
    names = ("Maximiliana-Theodora von Hohenstein-Waldburg zu Achberg-Ries", "Ö" * 60)
    tale = ("We sat in the car for a while. " * 50 + "\n\n") * 13
    words = Words(by=1, text=(tale * 2)[:20_000])
    both = (
        Words(by=1, text=HEBREW + "\n" + ARABIC),
        Words(by=2, text="Thank you 🙏🏽 for waiting 👍 ❤️ \x07\u202e 김서연 王芳 さくら 𐀀"),
    )
    base = short(audience)
    return replace(
        base,
        partners=tuple(Partner(position=p, name=n) for p, n in ((1, names[0]), (2, names[1]))),
        trends=(pulse(40), replace(pulse(23), title="Safe enough to speak", gap=())),
        wins=base.wins * 12,
        excerpts=(
            Excerpt(prompt="What happened", words=(words,)),
            Excerpt(prompt="And now", words=both),
            *base.excerpts,
        ),
        narrative=base.narrative * 4,
    )


def empty(audience: Audience = "couple") -> ProgressSummary:
    """A couple of the first day: nothing assigned, nothing written, no answer."""
    return ProgressSummary(
        audience=audience,
        letterhead=Letterhead(practice="Linden Street Counseling"),
        alias="",
        partners=(Partner(position=1, name="Mara"), Partner(position=2, name="Jonas")),
        period=Period(starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 21)),
        made_at=MADE,
        practices=tuple(replace(row, assigned=0, done=0, headline="") for row in practices(is_rated=False)),
        trends=(Trend(title="How much trust, week by week"),),
        honest_notes=(HONEST,),
    )


def slip() -> InvitationSlip:
    """One invitation."""
    return InvitationSlip(
        letterhead=HEAD,
        name="Mara",
        link="https://pages.linden.example/invitation/7RkQ2vXn0pYt5sLd8uWbC4",
        valid_until="May 24, 2026, 5:30 pm",
        made_at=MADE,
    )
