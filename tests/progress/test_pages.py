"""Pages of progress: Today, one couple, a client's home, what both may read; each with nothing in it, too."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from clinic import clock, vault
from clinic.appointments.models import AgendaItem, Appointment
from clinic.audit import WordsRead
from clinic.consent.queries import standing_consents
from clinic.couples import actions as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Assignment, Round, Turn
from clinic.reflections import actions as writing
from clinic.safety import actions as safety
from tests import cast as people
from tests.progress import story as stories

NOW = stories.MONDAY + timedelta(days=7, hours=1)
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def told(app: Flask, cast: people.Cast, now: datetime) -> stories.Story:
    with app.app_context():
        story = stories.told(cast)
        db.session.remove()
    return story


class Counted:
    """How many statements ran, begin, commit and pragma apart."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.statements.append(statement)


@pytest.fixture
def counted(app: Flask) -> Iterator[Counted]:
    counted = Counted()
    event.listen(Engine, "before_cursor_execute", counted.note)
    yield counted
    event.remove(Engine, "before_cursor_execute", counted.note)


def page_of(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.text


def couple_page(cast: people.Cast) -> str:
    return f"/progress/couples/{cast.couples['couple']}"


def test_the_last_day_of_what_is_open_is_the_one_that_they_are_told(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    """A day ends at three in the morning: what closes then was open until the evening before."""
    with app.app_context():
        found = select(Round).where(Round.couple_id == told.cast.couples["couple"], Round.closed_at.is_(None))
        days = {clock.last_day(one.closes_at, one.assignment.zone) for one in db.session.scalars(found)}
    text = page_of(client_for("counselor"), couple_page(told.cast))
    assert days
    assert all(f"{one:%a}, {one:%b} {one.day}" in text for one in days)


# Today


def test_today_with_nothing_says_what_will_come(cast: people.Cast, client_for: Enter) -> None:
    text = page_of(client_for("counselor"), "/progress/today")
    assert "Nothing waits for you" in text
    assert "None today." in text


def test_today_names_what_is_to_read_and_to_release(told: stories.Story, client_for: Enter) -> None:
    text = page_of(client_for("counselor"), "/progress/today")
    assert "Both, Weekly trust check-in" in text
    assert "to release" in text


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("counselor", "/progress/today"),
        ("counselor", "couple"),
        ("partner_a", "/progress/now"),
        ("partner_b", "/progress/ours"),
    ],
)
def test_every_line_is_one_click_from_its_work(
    told: stories.Story, client_for: Enter, key: str, place: str
) -> None:
    client = client_for(key)
    text = page_of(client, couple_page(told.cast) if place == "couple" else place)
    main = text[text.index("<main") :]
    links = {part.split('"')[0].replace("&amp;", "&") for part in main.split('href="')[1:]}
    assert len(links) > 1
    assert {one: client.get(one).status_code for one in links if not one.startswith("tel:")}.items() <= {
        (one, 200) for one in links
    }


def test_today_says_what_still_can_be_called_back(app: Flask, told: stories.Story, client_for: Enter) -> None:
    with app.app_context():
        waiting = db.session.scalars(select(Turn).where(Turn.key == "entry", Turn.awaits_opening)).all()
        writing.release(people.viewer_of(told.cast, "counselor"), waiting[0], NOW)
        db.session.commit()
    text = page_of(client_for("counselor"), "/progress/today")
    assert "opening soon" in text
    assert "to release" not in text


def test_flags_and_notes_stand_on_today_until_somebody_acts(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        system = people.viewer_of(told.cast, "counselor")
        safety.raise_flag(system, told.couple.id, told.cast.partners["partner_b"], None, "safe", NOW)
        author = told.author("partner_a", "feelings_log", "entry", NOW)
        with stories.reading_as(author.viewer):
            writing.say(author, "too_much", "privatenote", NOW)
            db.session.commit()
    text = page_of(client_for("counselor"), "/progress/today")
    assert "Jonas: an answer asks you to act" in text
    assert "Mara: too much for the moment" in text
    assert "privatenote" not in text
    assert "Nothing waits" in page_of(client_for("other_counselor"), "/progress/today")


def test_couple_is_quiet_after_seven_days(
    app: Flask, cast: people.Cast, now: datetime, client_for: Enter
) -> None:
    with app.app_context():
        stories.Story(cast).assign("feelings_log", NOW - timedelta(days=7, hours=1))
    text = page_of(client_for("counselor"), "/progress/today")
    assert "quiet for 7 days" in text
    assert "Both, Feelings and triggers log" in text
    with clock.moved_to(NOW - timedelta(days=2)):
        assert "quiet for 7 days" not in page_of(client_for("counselor"), "/progress/today")


def test_appointments_of_the_day_say_what_is_marked(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        plan(told.cast, NOW + timedelta(hours=2))
        plan(told.cast, NOW + timedelta(hours=3), partner="partner_b")
        plan(told.cast, NOW + timedelta(days=1))
        turn = db.session.scalars(select(Turn).limit(1)).one()
        db.session.add(
            AgendaItem(
                couple_id=told.couple.id,
                turn_id=turn.id,
                field="x",
                marked_by_id=told.cast.staff["counselor"],
                marked_at=NOW,
            )
        )
        db.session.commit()
    text = page_of(client_for("counselor"), "/progress/today")
    assert text.count('class="appt') - text.count('class="appts') - text.count('class="appt__') == 2
    assert "both, 50 min, 1 to bring up" in text
    assert "alone, 50 min" in text


def test_appointments_of_the_day_are_those_of_the_date_above_them_also_at_night(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    night = NOW.astimezone(ZoneInfo("America/New_York")).replace(hour=2, minute=15)
    with app.app_context():
        plan(told.cast, night.replace(hour=9))
    with clock.moved_to(night):
        text = page_of(client_for("counselor"), "/progress/today")
    assert night.strftime("%A, %B ") in text
    assert "9:15 am" in text


def plan(cast: people.Cast, at: datetime, partner: str | None = None) -> None:
    kind, partner_id = ("individual", cast.partners[partner]) if partner else ("joint", None)
    db.session.add(
        Appointment(
            practice_id=cast.practice_id,
            couple_id=cast.couples["couple"],
            staff_id=cast.staff["counselor"],
            kind=kind,
            partner_id=partner_id,
            starts_at=at,
            zone="America/New_York",
        )
    )
    db.session.commit()


# One couple


def test_couple_page_shows_both_lines_and_what_came_in(told: stories.Story, client_for: Enter) -> None:
    text = page_of(client_for("counselor"), couple_page(told.cast))
    assert "Trust pulse" in text
    assert "to read" in text
    assert "not yet" in text


def test_couple_page_of_a_new_couple_says_what_comes(cast: people.Cast, client_for: Enter) -> None:
    text = page_of(client_for("counselor"), couple_page(cast))
    for sentence in (
        "Nothing is open.",
        "Nothing was sent yet.",
        "A line begins",
        "None are planned.",
        "None were made yet.",
    ):
        assert sentence in text


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("supervisor", 200),
        ("other_counselor", 404),
        ("elsewhere_counselor", 404),
        ("owner", 404),
        ("partner_a", 403),
    ],
)
def test_only_staff_of_the_couple_see_its_page(
    cast: people.Cast, client_for: Enter, key: str, status: int
) -> None:
    assert client_for(key).get(couple_page(cast)).status_code == status


@pytest.mark.parametrize("place", ["/progress/today", "couple", "/documents/"])
def test_pages_of_the_desk_need_a_dozen_statements(
    told: stories.Story, client_for: Enter, counted: Counted, place: str
) -> None:
    client, address = client_for("counselor"), couple_page(told.cast) if place == "couple" else place
    page_of(client, address)
    counted.statements.clear()
    page_of(client, address)
    reads = [
        one
        for one in counted.statements
        if one.lstrip().upper().startswith("SELECT")
        and "audit_event" not in one
        and "user_session" not in one
    ]
    assert len(reads) <= 12 + 1, "\n\n".join(
        reads
    )  # one more is the sign-in's own: which couples a person has


# A client's home


def test_home_names_one_thing_and_three_ways_to_decline(told: stories.Story, client_for: Enter) -> None:
    text = page_of(client_for("partner_b"), "/progress/now")
    assert text.count('class="sheet now-card"') == 1
    assert "Ruth Okafor" in text
    assert "about 6 minutes" in text
    assert text.count("/say?kind=") == 3


def test_home_says_of_the_own_part_when_it_opens_and_nothing_of_the_other(
    told: stories.Story, client_for: Enter
) -> None:
    text = page_of(client_for("partner_a"), "/progress/now")
    assert "Your part is done" in text
    assert "It opens once both of you have answered." in text
    assert "Jonas has" not in text


def test_home_of_one_is_the_same_whatever_the_other_does_in_private(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    jonas = client_for("partner_b")
    before = [plain(page_of(jonas, f"/progress/{name}")) for name in ("now", "ours", "mine")]
    with app.app_context():
        told.send("partner_a", "feelings_log", "entry", NOW, {"happened": "private"}, consent="no")
        plan(told.cast, NOW + timedelta(days=1), partner="partner_a")
        turn = db.session.scalars(
            select(Turn).where(Turn.key == "pulse", Turn.sent_at > NOW - timedelta(hours=2))
        ).one()
        mara = people.viewer_of(told.cast, "partner_a")
        with vault.reading(mara, "test"):
            writing.take_back(writing.Author(mara, told.cast.partners["partner_a"], turn), NOW)
            db.session.commit()
    assert [plain(page_of(jonas, f"/progress/{name}")) for name in ("now", "ours", "mine")] == before


def plain(text: str) -> str:
    """A page without the protection of its forms."""
    return "\n".join(line for line in text.splitlines() if "csrf_token" not in line)


def hold_pause(cast: people.Cast, couple: Couple) -> None:
    couples.pause(people.viewer_of(cast, "counselor"), couple, NOW)


def hold_assignment(cast: people.Cast, couple: Couple) -> None:
    made = db.session.scalars(select(Assignment).where(Assignment.couple_id == couple.id)).one()
    homework.pause(people.viewer_of(cast, "counselor"), made, NOW)


def hold_consent(cast: people.Cast, couple: Couple) -> None:
    for row in standing_consents(cast.partners["partner_b"]):
        row.withdrawn_at = NOW


def hold_clearance(cast: people.Cast, couple: Couple) -> None:
    partner = db.session.get_one(Partner, cast.partners["partner_b"])
    safety.decide(people.viewer_of(cast, "counselor"), partner, "conjoint_paused", "reason", NOW)


def hold_nothing_given(cast: people.Cast, couple: Couple) -> None:
    made = db.session.scalars(select(Assignment).where(Assignment.couple_id == couple.id)).one()
    homework.recall(people.viewer_of(cast, "counselor"), made, NOW)


HOLDS = (hold_nothing_given, hold_pause, hold_assignment, hold_consent, hold_clearance)


@pytest.mark.parametrize("hold", HOLDS)
def test_every_reason_to_hold_looks_the_same(
    app: Flask,
    cast: people.Cast,
    now: datetime,
    client_for: Enter,
    hold: Callable[[people.Cast, Couple], None],
) -> None:
    nothing = plain(page_of(client_for("partner_a"), "/progress/now"))
    with app.app_context():
        story = stories.Story(cast)
        story.assign("weekly_checkin", NOW)
    assert plain(page_of(client_for("partner_a"), "/progress/now")) != nothing
    with app.app_context():
        hold(cast, story.couple)
        db.session.commit()
    assert plain(page_of(client_for("partner_a"), "/progress/now")) == nothing
    assert "Your counselor is preparing your next step." in nothing


def test_home_of_somebody_not_confirmed_yet_is_held(app: Flask, cast: people.Cast, client_for: Enter) -> None:
    with app.app_context():
        db.session.get_one(Partner, cast.partners["partner_a"]).confirmed_at = None
        db.session.commit()
    assert "Your counselor is preparing your next step." in page_of(client_for("partner_a"), "/progress/now")


# Ours and mine


def test_ours_shows_the_newest_side_by_side_and_lists_the_others(
    told: stories.Story, client_for: Enter
) -> None:
    text = page_of(client_for("partner_b"), "/progress/ours")
    assert "What you agreed on" in text
    assert "Small wins" in text
    assert "Opened before" in text
    check_in = next(
        page
        for page in (page_of(client_for("partner_b"), one) for one in exchanges(text))
        if "Weekly" in page
    )
    assert 'class="exchange' in check_in
    assert check_in.index(stories.CANARIES["opened"]) < check_in.index(stories.CANARIES["answered"])


@pytest.mark.parametrize("key", ["partner_a", "partner_b"])
def test_ours_holds_what_opened_and_nothing_else(told: stories.Story, client_for: Enter, key: str) -> None:
    client = client_for(key)
    text = page_of(client, "/progress/ours")
    text += "".join(page_of(client, address) for address in exchanges(text))
    found = {name for name, canary in stories.CANARIES.items() if canary in text}
    assert found == {name for name, seen in stories.SEES.items() if "couple" in seen}


def test_who_is_shown_opened_words_for_a_report_is_told_to_their_author(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    address = f"{couple_page(told.cast)}/report?audience=couple"
    assert stories.CANARIES["opened"] in page_of(client_for("counselor"), address)
    with app.app_context():
        readings = select(WordsRead.owner_id, WordsRead.kind).distinct()
        rows = db.session.execute(readings.where(WordsRead.kind == "opening"))
        read = {(row.owner_id, row.kind) for row in rows}
        db.session.remove()
    partners = told.cast.partners
    assert read == {(partners[one], "opening") for one in ("partner_a", "partner_b")}
    for key in ("partner_a", "partner_b"):
        assert "Ruth Okafor" in page_of(client_for(key), "/progress/mine")


def test_seam_is_drawn_on_the_day_of_the_opening(told: stories.Story, client_for: Enter) -> None:
    address = exchanges(page_of(client_for("partner_a"), "/progress/ours"))[0]
    drawn = []
    for day in range(-10, 3):
        with clock.moved_to(NOW + timedelta(days=day)):
            drawn.append("is-drawing" in client_for("partner_a").get(address).text)
    assert drawn.count(True) == 1
    assert not drawn[-1]


def exchanges(text: str) -> list[str]:
    return [part.split('"')[0] for part in text.split('href="') if part.startswith("/progress/ours/")]


def test_exchange_of_another_couple_does_not_exist(told: stories.Story, client_for: Enter) -> None:
    address = exchanges(page_of(client_for("partner_a"), "/progress/ours"))[0]
    assert client_for("other_a").get(address).status_code == 404
    assert client_for("counselor").get(address).status_code == 403


def test_mine_has_neutral_lines_and_no_words(told: stories.Story, client_for: Enter) -> None:
    text = page_of(client_for("partner_a"), "/progress/mine")
    assert "Sent on" in text
    assert not [name for name, canary in stories.CANARIES.items() if canary in text]
    assert "check-in" not in text


def test_empty_ours_and_mine_say_what_will_be_here(cast: people.Cast, client_for: Enter) -> None:
    client = client_for("partner_a")
    assert "What you share will be here" in page_of(client, "/progress/ours")
    assert "Nothing sent yet" in page_of(client, "/progress/mine")


def test_who_has_two_couples_chooses_first(app: Flask, told: stories.Story, client_for: Enter) -> None:
    with app.app_context():
        second = db.session.get_one(Partner, told.cast.partners["other_a"])
        second.person_id = told.cast.people["partner_b"]
        db.session.commit()
    client = client_for("partner_b")
    assert "There is only one." in page_of(client_for("partner_a"), "/progress/choose")
    assert client.get("/progress/now").headers["Location"].endswith("/progress/choose")
    assert "Each keeps what is its own." in page_of(client, "/progress/choose")
    assert "With Mara" in page_of(client, "/progress/choose")
    assert client.post("/progress/choose", data={"couple": str(told.cast.couples["ex"])}).status_code == 404
    assert (
        client.post("/progress/choose", data={"couple": str(told.cast.couples["other"])}).status_code == 303
    )
    assert "Your counselor is preparing your next step." in page_of(client, "/progress/now")
    client.post("/progress/choose", data={"couple": str(told.cast.couples["couple"])})
    assert "Your week" in page_of(client, "/progress/now")
