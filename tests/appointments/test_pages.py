"""The pages of appointments, and who may use them."""

import pytest

from clinic import clock
from clinic.appointments import tasks
from clinic.appointments.models import AgendaItem, Appointment
from clinic.extensions import db
from tests import cast as people

WHEN = {
    "starts_on": "2026-03-12",
    "starts_at": "16:30",
    "zone": "America/New_York",
    "minutes": "50",
    "who": "joint",
}


@pytest.fixture
def ruth(client_for):
    return client_for("counselor")


def at_couple(work):
    return f"/appointments/of/{work.cast.couples['couple']}"


def plan(ruth, work, **more):
    return ruth.post(f"/appointments/new/{work.cast.couples['couple']}", data={**WHEN, **more})


def only(work):
    with work.app.app_context():
        return db.session.scalar(db.select(Appointment.id))


def test_an_appointment_is_planned_moved_and_canceled(work, ruth):
    assert plan(ruth, work).status_code == 303
    assert "Thursday, March 12, 2026, 4:30 pm" in ruth.get(at_couple(work)).text
    moved = {**WHEN, "starts_on": "2026-03-13", "starts_at": "09:00"}
    assert "16:30" in ruth.get(f"/appointments/{only(work)}/move").text
    assert ruth.post(f"/appointments/{only(work)}/move", data=moved).status_code == 303
    assert "Friday, March 13, 2026, 9:00 am" in ruth.get(at_couple(work)).text
    assert "Friday, March 13, 2026" in ruth.get("/appointments/").text
    assert "Canceled." in ruth.get(ruth.post(f"/appointments/{only(work)}/cancel").location).text
    assert "canceled" in ruth.get(at_couple(work)).text


def test_what_is_not_possible_is_told(work, ruth):
    gone = plan(ruth, work, starts_on="2026-03-01")
    assert gone.status_code == 422
    assert "gone by" in gone.text
    skipped = plan(ruth, work, starts_on="2026-03-08", starts_at="02:30")
    assert skipped.status_code == 422
    assert "The clocks skip this hour" in skipped.text


def test_an_appointment_that_took_place_is_noted(work, ruth, ahead, client_for):
    plan(ruth, work, starts_on="2026-03-04")
    early = ruth.get(ruth.post(f"/appointments/{only(work)}/hold").location).text
    assert "It has not begun yet." in early
    ahead(days=2)
    ruth = client_for("counselor")
    assert "It took place" in ruth.get(at_couple(work)).text
    assert "Noted as held." in ruth.get(ruth.post(f"/appointments/{only(work)}/hold").location).text


def test_an_answer_is_marked_to_bring_up_and_done(work, ruth):
    turn = work.turn(work.assign("perspective_round"), "speak", "partner_a")
    work.send("partner_a", turn, {"topic": "Tuesday", "view": "I lay awake and listened."})
    marked = ruth.post(f"/appointments/agenda/{turn}/view", data={"back": "/exercises/"})
    assert marked.location == "/exercises/"
    assert "I lay awake and listened." in ruth.get(at_couple(work)).text
    with work.app.app_context():
        item = db.session.scalar(db.select(AgendaItem.id))
    ruth.post(f"/appointments/agenda/{item}/done")
    assert "I lay awake" not in ruth.get(at_couple(work)).text


def test_topics_of_a_session_prep_are_on_the_agenda_and_the_other_sees_none(work, ruth, client_for):
    plan(ruth, work, starts_on="2026-03-04")
    prep = work.assign("session_prep")
    with work.app.app_context():
        tasks.due(clock.now())
    turn = work.turn(prep, "prep", "partner_a")
    said = ("The Sunday phone call", "Who tells the children")
    topics = [{"id": str(place), "answers": {"topic": one}} for place, one in enumerate(said)]
    work.send("partner_a", turn, {"safe": "yes", "mood": 4, "topics": topics, "apart": "Not the loan."})
    page = ruth.get(at_couple(work)).text
    assert "What they want to talk about" in page
    assert page.index("The Sunday phone call") < page.index("Who tells the children")
    assert "Not the loan." not in page
    for path in ("/progress/now", "/progress/ours", "/progress/mine"):
        assert "Sunday" not in client_for("partner_b").get(path).text
    ruth.post(f"/appointments/agenda/{turn}/topics")
    assert ruth.get(at_couple(work)).text.count("The Sunday phone call") == 1, "marked, it stands there once"
    with work.app.app_context():
        item = db.session.scalar(db.select(AgendaItem.id))
    ruth.post(f"/appointments/agenda/{item}/done")
    ruth.post(f"/appointments/{only(work)}/cancel")
    assert "Sunday" not in ruth.get(at_couple(work)).text


def test_the_way_back_leads_nowhere_else(work, ruth):
    turn = work.turn(work.assign("perspective_round"), "speak", "partner_a")
    work.send("partner_a", turn, {"topic": "Tuesday", "view": "I lay awake."})
    for target in ("//elsewhere.example", "https://elsewhere.example/", "/\\elsewhere.example"):
        assert ruth.post(f"/appointments/agenda/{turn}/view", data={"back": target}).location == at_couple(
            work
        )


def test_what_nobody_sent_cannot_be_brought_up(work, ruth):
    turn = work.turn(work.assign("perspective_round"), "speak", "partner_a")
    assert ruth.post(f"/appointments/agenda/{turn}/view").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("other_counselor", 404), ("owner", 403), ("partner_a", 403)])
def test_only_who_works_with_a_couple_plans_for_it(work, ruth, client_for, who, status):
    plan(ruth, work)
    other = client_for(who)
    assert plan(other, work).status_code == status
    assert other.post(f"/appointments/{only(work)}/cancel").status_code == status
    assert clock.now()


def test_a_couple_of_another_zone_has_both_clocks_wherever_its_counselor_looks(work, ruth):
    plan(ruth, work)
    assert " in Chicago" not in ruth.get(at_couple(work)).text
    with work.app.app_context():
        people.live_in(work.cast, "America/Chicago")
    assert plan(ruth, work, starts_on="2026-03-03", zone="America/Chicago").status_code == 303
    assert "4:30 pm" in (page := ruth.get(at_couple(work)).text)
    assert "America/Chicago, 5:30 pm in New York" in page
    mine = ruth.get("/appointments/").text
    assert mine.index("5:30 pm") < mine.index("4:30 pm in Chicago") < mine.index("Thursday, March 12")
    page = ruth.get(f"/progress/couples/{work.cast.couples['couple']}").text
    assert "5:30 pm in New York" in page
    assert "Times go by their clock, America/Chicago" in page
