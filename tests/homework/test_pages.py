"""Giving an exercise from end to end, and who may."""

import re
from datetime import timedelta

import pytest

from clinic import clock
from clinic.exercises import actions as exercises
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework.models import Assignment
from clinic.homework.tasks import due
from tests.homework.test_acts import PULSE

PLAN = {
    "rationale": "On Thursday you both wondered whether anything moves.",
    "recipients": "both",
    "starts_on": "2026-03-03",
    "opening": "both_answered",
    "when_where": "Sunday after supper",
    "obstacle": "late shift; then Monday",
}


@pytest.fixture
def ruth(app, client_for):
    with app.app_context():
        exercises.import_documents(shipped().values(), clock.now())
        db.session.commit()
    return client_for("counselor")


def page_of(work, slug="weekly-checkin", couple="couple"):
    return f"/homework/assign/{work.cast.couples[couple]}/{slug}"


def test_an_exercise_is_given_and_stands_on_its_page(work, ruth):
    assert "Why this, why now" in ruth.get(page_of(work)).text
    given = ruth.post(page_of(work), data={**PLAN, "confidence_1": "8", "give": "1"})
    assert given.status_code == 303
    shown = ruth.get(given.location).text
    assert "Weekly trust check-in is given." in shown
    assert "Sunday after supper" in shown
    assert "8 of 10" in shown
    assert shown.count("not yet") == 2


def test_before_it_is_given_it_is_seen_with_each_ones_eyes(work, ruth):
    seen = ruth.post(page_of(work), data={**PLAN, "preview": "1"}).text
    for name, other in (("Mara", "Jonas"), ("Jonas", "Mara")):
        assert f"As <bdi>{name}</bdi> will see it" in seen
        assert f"{other} reads it once you have both answered" in seen
    assert "I could rely on what my partner told me." in seen
    with work.app.app_context():
        assert db.session.scalar(db.select(Assignment.id)) is None


def test_the_rhythm_is_chosen_and_the_preview_says_it_with_its_first_days(work, ruth):
    page = ruth.get(page_of(work)).text
    assert 'value="week" checked' in page or 'checked id="cadence-' in page
    wanted = {**PLAN, "cadence": "2 weeks", "times": "2", "open_days": "3"}
    seen = ruth.post(page_of(work), data={**wanted, "preview": "1"}).text
    assert "Every two weeks, two rounds." in seen
    assert "Tue, Mar 3 until Thu, Mar 5" in seen
    assert "Tue, Mar 17 until Thu, Mar 19" in seen
    given = ruth.post(page_of(work), data={**wanted, "give": "1"})
    with work.app.app_context():
        assert db.session.scalars(db.select(Assignment)).one().cadence == {"every": "2 weeks", "for": 2}
    assert "every two weeks, two rounds" in ruth.get(given.location).text


def test_a_number_of_times_that_was_emptied_means_until_it_is_ended(work, ruth):
    wanted = {**PLAN, "cadence": "week", "times": "", "give": "1", "small_enough": "y"}
    assert ruth.post(page_of(work, "feelings-log"), data=wanted).status_code == 303
    with work.app.app_context():
        assert db.session.scalars(db.select(Assignment)).one().cadence == {"every": "week"}


def test_an_exercise_before_appointments_asks_for_no_rhythm(work, ruth):
    page = ruth.get(page_of(work, "session-prep")).text
    assert 'name="cadence"' not in page
    assert "before each appointment" in page


def test_when_it_is_needed_a_round_is_started_from_its_page(work, ruth):
    given = ruth.post(page_of(work, "feelings-log"), data={**PLAN, "cadence": "as_needed", "give": "1"})
    assert "A round begins when one is started." in ruth.get(given.location).text
    assert ruth.post(given.location + "/start", data={"starts_on": "2026-03-03"}).status_code == 303
    assert "not yet" in ruth.get(given.location).text


def test_below_seven_it_asks_for_something_smaller_first(work, ruth):
    unsure = {**PLAN, "confidence_2": "4", "give": "1"}
    asked = ruth.post(page_of(work), data=unsure)
    assert asked.status_code == 200
    assert "make it smaller" in asked.text
    assert "Not given yet" in asked.text
    assert ruth.post(page_of(work), data={**unsure, "small_enough": "y"}).status_code == 303


def test_a_third_main_exercise_for_one_partner_brings_a_warning(work, ruth):
    for _ in range(2):
        work.assign("perspective_round")
    data = {**PLAN, "first": "1", "times": "4", "give": "1"}
    warned = ruth.post(page_of(work, "perspective-round"), data=data)
    assert "main exercises open" in warned.text
    assert "Not given yet" in warned.text
    assert (
        ruth.post(page_of(work, "perspective-round"), data={**data, "not_too_many": "y"}).status_code == 303
    )


def test_nothing_is_given_for_a_day_that_has_gone_by(work, ruth):
    told = ruth.post(page_of(work), data={**PLAN, "starts_on": "2026-02-01", "give": "1"})
    assert told.status_code == 422
    assert "That day has gone by" in told.text


def test_what_has_no_open_round_is_found_from_the_couples_page(work, ruth, client_for):
    """What begins later, is paused or waits for an appointment can be looked at, recalled and ended."""
    page = f"/homework/of/{work.cast.couples['couple']}"
    assert page in ruth.get(f"/progress/couples/{work.cast.couples['couple']}").text
    assert "Nothing yet" in ruth.get(page).text
    later = ruth.post(page_of(work), data={**PLAN, "starts_on": "2026-03-20", "give": "1"}).location
    alone = work.assign("session_prep", to=("partner_b",))
    shown = ruth.get(page).text
    assert later in shown
    assert "begins on Fri, Mar 20" in shown
    assert f"/homework/{alone}" in shown
    assert "Jonas alone" in shown
    for verb, told in (("pause", "paused, given"), ("resume", "begins on Fri, Mar 20"), ("end", "ended ")):
        ruth.post(f"{later}/{verb}")
        assert told in ruth.get(page).text
    ruth.post(f"/homework/{alone}/recall")
    assert f"/homework/{alone}" not in ruth.get(page).text
    assert client_for("other_counselor").get(page).status_code == 404
    assert client_for("partner_a").get(page).status_code == 403


def test_what_is_done_does_not_count_and_is_not_said_to_go_on(work, ruth, ahead, client_for):
    """A number of rounds that have all closed, and what was done once; their pages offer nothing to hold or to end."""
    given = [work.assign("perspective_round", times=2), work.assign("trust_definitions")]
    data = {**PLAN, "first": "1", "times": "4", "give": "1"}
    for days, told in ((0, "Goes on"), (8, "Goes on"), (22, "Done, closed on Mon, Mar 16")):
        at = ahead(days=days)
        with work.app.app_context():
            due(at)
        assert told in client_for("counselor").get(f"/homework/{given[0]}").text
    ruth = client_for("counselor")
    for id_ in given:
        shown = ruth.get(f"/homework/{id_}").text
        assert "Done, closed on" in shown
        for offered in ("Pause it", "End it", "Recall it", "Goes on"):
            assert offered not in shown
        for act in ("pause", "end"):
            assert "It is done" in ruth.get(ruth.post(f"/homework/{id_}/{act}").location).text
    assert "main exercises open" not in ruth.post(page_of(work, "perspective-round"), data=data).text


def test_light_exercises_do_not_count(work, ruth):
    for _ in range(2):
        work.assign("perspective_round")
    assert ruth.post(page_of(work), data={**PLAN, "give": "1"}).status_code == 303


def test_a_mistake_is_told_and_nothing_that_was_typed_is_lost(work, ruth):
    told = ruth.post(page_of(work), data={**PLAN, "rationale": "", "starts_on": "soon", "give": "1"})
    assert told.status_code == 422
    assert "One sentence in your words is enough." in told.text
    assert "Sunday after supper" in told.text


def test_good_by_is_the_last_day_and_both_pages_follow_it(work, ruth, client_for):
    shown = ruth.get(page_of(work, "trust-definitions")).text
    assert "Good by" in shown
    assert "Open for how many days" not in shown
    starts = clock.local_day(clock.now(), "America/New_York")
    last = starts + timedelta(days=2)
    data = {**PLAN, "starts_on": str(starts), "opening": "appointment", "give": "1"}
    refused = ruth.post(
        page_of(work, "trust-definitions"), data={**data, "good_by": str(starts - timedelta(1))}
    )
    assert "It ends before it begins" in refused.text
    given = ruth.post(page_of(work, "trust-definitions"), data={**data, "good_by": str(last)})
    assert "three days" in ruth.get(given.location).text
    assert f"good by {last:%A}" in client_for("partner_a").get("/", follow_redirects=True).text


def test_each_round_of_a_rhythm_is_open_for_so_many_days(work, ruth):
    assert "Open for how many days" in ruth.get(page_of(work)).text
    assert "Between 1 and 28." in ruth.post(page_of(work), data={**PLAN, "open_days": "40", "give": "1"}).text
    given = ruth.post(page_of(work), data={**PLAN, "open_days": "5", "give": "1"})
    assert "five days" in ruth.get(given.location).text


def test_roles_come_from_the_concern_and_can_be_changed(work, ruth):
    shown = ruth.get(page_of(work, "feelings-log")).text
    assert "Mara’s part in it" in shown
    ruth.post(
        page_of(work, "feelings-log"), data={**PLAN, "role_1": "injured", "role_2": "involved", "give": "1"}
    )
    with work.app.app_context():
        roles = {one.partner_id: one.role for one in db.session.scalar(db.select(Assignment)).recipients}
    assert roles == {work.cast.partners["partner_a"]: "injured", work.cast.partners["partner_b"]: "involved"}


def test_an_exercise_for_one_is_given_to_one(work, ruth):
    ruth.post(
        page_of(work, "feelings-log"), data={**PLAN, "recipients": "2", "role_2": "mutual", "give": "1"}
    )
    with work.app.app_context():
        assignment = db.session.scalar(db.select(Assignment))
        assert [one.partner_id for one in assignment.recipients] == [work.cast.partners["partner_b"]]


def test_the_buttons_of_the_page_do_what_they_say(work, ruth):
    id_ = work.assign("weekly_checkin")
    at = f"/homework/{id_}"
    for verb, said in (
        ("pause", "Paused"),
        ("resume", "It goes on"),
        ("excuse/2", "Excused"),
        ("recall", "Recalled"),
    ):
        done = ruth.post(f"{at}/{verb}")
        assert done.status_code == 303
        assert said in ruth.get(done.location).text
    assert "Nothing here can be pressed" in ruth.get(f"{at}/as/1").text


def test_what_was_answered_can_only_be_ended_and_only_open_later(work, ruth):
    id_ = work.assign("weekly_checkin")
    work.send("partner_a", work.turn(id_, "pulse", "partner_a"), PULSE)
    assert "already sent" in ruth.get(ruth.post(f"/homework/{id_}/recall").location).text
    assert (
        "open later"
        in ruth.get(ruth.post(f"/homework/{id_}/delay", data={"opening": "counselor"}).location).text
    )
    assert (
        "can only become later"
        in ruth.get(ruth.post(f"/homework/{id_}/delay", data={"opening": "appointment"}).location).text
    )
    assert "Ended" in ruth.get(ruth.post(f"/homework/{id_}/end").location).text


@pytest.mark.parametrize("who", ["other_counselor", "elsewhere_counselor", "owner", "supervisor"])
def test_only_who_works_with_a_couple_gives_or_changes_anything(work, ruth, client_for, who):
    id_ = work.assign("weekly_checkin")
    other = client_for(who)
    hidden = {403} if who == "owner" else {404}
    assert {other.get(page_of(work)).status_code, other.post(f"/homework/{id_}/end").status_code} == hidden
    assert other.get(f"/homework/{id_}").status_code == (200 if who == "supervisor" else 404)


def test_clients_have_no_way_to_these_pages(work, ruth, client_for):
    id_ = work.assign("weekly_checkin")
    mara = client_for("partner_a")
    assert [
        mara.get(at).status_code for at in (page_of(work), f"/homework/{id_}", f"/homework/{id_}/as/2")
    ] == [403] * 3


def test_the_preview_offers_the_ways_to_say_less_that_the_page_offers(work, ruth, client_for):
    seen = ruth.post(page_of(work), data={**PLAN, "preview": "1"}).text
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    own = client_for("partner_a").get(f"/reflections/{turn}?all=1").text
    for said in ("I’d rather not say", "Keep it for my counselor", ">times<"):
        assert own.count(said) > 0
        assert seen.count(said) == 2 * own.count(said)  # for both


def test_two_who_separated_are_offered_one_at_a_time(work, ruth):
    page = ruth.get(f"/homework/assign/{work.cast.couples['ex']}/weekly-checkin").text
    assert re.findall(r'name="recipients"[^>]*value="(\w+)"', page) == ["1", "2"]
    assert 'value="both"' in ruth.get(page_of(work)).text


def test_what_nobody_answered_can_be_ended_too_so_that_an_end_tells_nothing(work, client_for):
    """If it could only be recalled, an end would tell each of the two that the other had sent something."""
    page = client_for("counselor").get(f"/homework/{work.assign('weekly_checkin')}").text
    assert re.findall(r'action="/homework/[^"]+/(recall|end)"', page) == ["recall", "end"]
