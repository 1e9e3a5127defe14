"""Who stands in for a counselor, and a record that an owner reads in an emergency: for how long, and who is told."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock, web
from clinic.accounts.rules import PROOF_LASTS
from clinic.couples import queries, staffing
from clinic.couples.models import Couple
from clinic.couples.rules import CoupleError
from clinic.extensions import db
from clinic.reflections import queries as reflections
from tests import cast as people
from tests.cast import viewer_of
from tests.progress import story as stories

Enter = Callable[[str], FlaskClient]
NOW = stories.MONDAY + timedelta(days=20)
WHY = "He called from a hospital, and their counselor is on a plane."


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


def couple_page(cast: people.Cast) -> str:
    return f"/progress/couples/{cast.couples['couple']}"


# Standing in


def days(first: datetime, last: datetime) -> dict[str, str]:
    return {"from_on": first.date().isoformat(), "to_on": last.date().isoformat()}


def test_who_stands_in_works_with_the_couple_for_these_days_and_no_longer(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    begins, ends = NOW + timedelta(days=2), NOW + timedelta(days=5)
    member = str(cast.staff["other_counselor"])
    page = f"/couples/{cast.couples['couple']}/stand-in"
    assert (
        client_for("counselor").post(page, data={"member": member, **days(begins, ends)}).status_code == 303
    )
    seen = {}
    for day in (0, 3, 8):
        with clock.moved_to(NOW + timedelta(days=day)):
            seen[day] = client_for("other_counselor").get(couple_page(cast)).status_code
    assert seen == {0: 404, 3: 200, 8: 404}


def test_the_last_day_on_the_page_is_the_one_that_was_chosen(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    ruth, ends = client_for("counselor"), NOW + timedelta(days=5)
    data = {"member": str(cast.staff["other_counselor"]), **days(NOW, ends)}
    ruth.post(f"/couples/{cast.couples['couple']}/stand-in", data=data)
    page = ruth.get(f"/couples/{cast.couples['couple']}/people").text
    assert page.count(f"stands in until {web.short_day(ends.date())}") == 2  # what was done, and the list


def test_owner_lets_somebody_stand_in_for_all_couples_of_one_who_is_ill(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    page = f"/couples/stand-in-for/{cast.staff['counselor']}"
    data = {"member": str(cast.staff["other_counselor"]), **days(NOW, NOW + timedelta(days=1))}
    assert client_for("owner").post(page, data=data).status_code == 303
    assert client_for("other_counselor").get(couple_page(cast)).status_code == 200


@pytest.mark.usefixtures("now")
def test_the_counselor_is_told_for_as_long_as_somebody_stands_in_whoever_arranged_it(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    """An owner who sees couples, too, could name themselves: that must not stay unseen."""
    member = str(cast.staff["other_counselor"])
    page = f"/couples/stand-in-for/{cast.staff['counselor']}"
    answer = client_for("owner").post(page, data={"member": member, **days(NOW, NOW + timedelta(days=3))})
    assert answer.status_code == 303
    today = re.sub(r"<[^>]+>", "", client_for("counselor").get("/progress/today").text)
    last = web.day(clock.local_day(NOW + timedelta(days=3), "America/Chicago"))
    assert f"stands in with two of your couples until {last}, reads what is sent and may act." in today
    assert "stands in with" not in client_for("other_counselor").get("/progress/today").text
    with clock.moved_to(NOW + timedelta(days=5)):
        assert "stands in with" not in client_for("counselor").get("/progress/today").text


def test_who_only_stands_in_is_not_the_last_one_who_works_with_them(app: Flask, cast: people.Cast) -> None:
    with app.app_context():
        _only_one_is_left(cast)


def _only_one_is_left(cast: people.Cast) -> None:
    couple = db.session.get_one(Couple, cast.couples["couple"])
    ruth, tomas = (
        db.session.get_one(queries.StaffMember, cast.staff[who]) for who in ("counselor", "other_counselor")
    )
    viewer = viewer_of(cast, "counselor")
    for one in queries.assigned_to(couple.id, NOW):
        if one.id != ruth.id:
            staffing.end_assignment(viewer, couple, one, NOW)
    staffing.stand_in(viewer, [couple], tomas, NOW, NOW + timedelta(days=3))
    with pytest.raises(CoupleError, match="Add another counselor first"):
        staffing.end_assignment(viewer, couple, ruth, NOW)


@pytest.mark.parametrize(("first", "last"), [(5, 2), (0, 200)])
def test_days_in_order_and_not_for_ever(
    told: stories.Story, client_for: Enter, cast: people.Cast, first: int, last: int
) -> None:
    page = f"/couples/{cast.couples['couple']}/stand-in"
    span = days(NOW + timedelta(days=first), NOW + timedelta(days=last))
    answer = client_for("counselor").post(page, data={"member": str(cast.staff["other_counselor"]), **span})
    assert answer.status_code == 422
    assert ("comes before" in answer.text) or ("At most 120 days" in answer.text)


def test_the_days_that_were_chosen_are_back_after_the_proof(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    page = f"/couples/{cast.couples['couple']}/stand-in"
    ruth = client_for("counselor")
    data = {"member": str(cast.staff["other_counselor"]), "writer": hidden(ruth.get(page).text, "writer")}
    data |= days(NOW + timedelta(days=40), NOW + timedelta(days=45))
    with clock.moved_to(NOW + PROOF_LASTS):
        assert "/accounts/prove" in ruth.post(page, data=data).location
    again = ruth.get(page).text
    assert "What you wrote is back in this form." in again
    assert all(f'value="{day}"' in again for day in (data["from_on"], data["to_on"]))
    assert f'selected value="{data["member"]}"' in again


def hidden(page: str, name: str) -> str:
    return page.split(f'name="{name}" value="')[1].split('"')[0]


# In an emergency


def open_record(owner: FlaskClient, cast: people.Cast, **said: str) -> int:
    page = f"/couples/emergency/{cast.staff['counselor']}"
    data = {"couple": "mara", "reason": WHY, "hours": "4", **said}
    return owner.post(page, data=data).status_code


def test_owner_reads_a_record_for_hours_and_changes_nothing(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    owner = client_for("owner")
    assert owner.get(couple_page(cast)).status_code == 404
    assert open_record(owner, cast) == 303
    assert owner.get(couple_page(cast)).status_code == 200
    assert owner.get(f"/progress/couples/{cast.couples['other']}").status_code == 404
    assert owner.post(f"/couples/{cast.couples['couple']}/pause").status_code == 404
    assert owner.get(f"/progress/couples/{cast.couples['couple']}/report").status_code == 404
    with clock.moved_to(NOW + timedelta(hours=4, minutes=1)):
        assert client_for("owner").get(couple_page(cast)).status_code == 404


def test_it_ends_at_once_when_it_is_closed(told: stories.Story, client_for: Enter, cast: people.Cast) -> None:
    owner = client_for("owner")
    open_record(owner, cast)
    page = owner.get(f"/couples/emergency/{cast.staff['counselor']}").text
    close = re.search(r'action="(/couples/emergency/[^"]+/close)"', page)
    assert close
    assert owner.post(close[1]).status_code == 303
    assert owner.get(couple_page(cast)).status_code == 404


@pytest.mark.parametrize(
    "said", [{"reason": ""}, {"reason": "because"}, {"hours": "900"}, {"couple": "Nobody"}, {"couple": ""}]
)
def test_without_a_reason_and_an_end_nothing_opens(
    told: stories.Story, client_for: Enter, cast: people.Cast, said: dict[str, str]
) -> None:
    owner = client_for("owner")
    assert open_record(owner, cast, **said) == 422
    assert owner.get(couple_page(cast)).status_code == 404


def test_their_counselor_is_told_until_it_was_read(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    ruth = client_for("counselor")
    open_record(client_for("owner"), cast)
    line = re.search(r'href="(/couples/opened/[^"]+)"', ruth.get("/progress/today").text)
    assert line
    assert WHY in ruth.get(line[1]).text
    assert client_for("other_counselor").get(line[1]).status_code == 404
    assert client_for("other_counselor").post(line[1]).status_code == 404
    assert ruth.post(line[1]).status_code == 303
    assert line[1] not in ruth.get("/progress/today").text


def test_each_partner_sees_that_it_was_read_and_why_it_could_be(
    told: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    owner = client_for("owner")
    open_record(owner, cast)
    for link in set(re.findall(r"/reflections/rounds/[0-9a-f-]+", owner.get(couple_page(cast)).text)):
        assert owner.get(link).status_code == 200
    mine = client_for("partner_a").get("/progress/mine").text
    assert "in an emergency" in mine
    assert WHY not in mine


def test_while_it_is_open_the_sentence_about_readers_names_the_owner(
    told: stories.Story, client_for: Enter, cast: people.Cast, app: Flask
) -> None:
    def named() -> bool:
        with app.app_context():
            couple = db.session.get_one(Couple, cast.couples["couple"])
            readers = reflections.readers_of(couple, cast.partners["partner_a"], clock.now())
            owner = db.session.get_one(queries.StaffMember, cast.staff["owner"]).name
            return owner in readers.counselors

    assert not named()
    open_record(client_for("owner"), cast)
    assert named()
    with clock.moved_to(NOW + timedelta(hours=4, minutes=1)):
        assert not named()
