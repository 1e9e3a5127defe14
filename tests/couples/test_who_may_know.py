"""The row rule: who may know of which couple, and who may act in it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.access import NOBODY, SYSTEM, OwnSide
from clinic.accounts.models import StaffMember
from clinic.couples import actions, queries, staffing
from clinic.couples.models import Couple
from clinic.extensions import db
from tests.cast import Cast, viewer_of

Enter = Callable[[str], FlaskClient]

SEES = {
    "owner": set(),
    "counselor": {"couple", "ex"},
    "other_counselor": {"other"},
    "supervisor": {"couple", "ex"},
    "left": set(),
    "elsewhere_counselor": {"elsewhere"},
    "partner_a": {"couple"},
    "partner_b": {"couple"},
    "other_a": {"other"},
    "ex_a": {"ex"},
    "elsewhere_a": {"elsewhere"},
}
WORKS = {"counselor": {"couple", "ex"}, "other_counselor": {"other"}, "elsewhere_counselor": {"elsewhere"}}


@pytest.mark.parametrize("who", SEES)
def test_everybody_sees_exactly_these_couples(app: Flask, cast: Cast, now: datetime, who: str) -> None:
    with app.app_context():
        viewer = viewer_of(cast, who)
        seen = {key for key, id_ in cast.couples.items() if queries.get_for(viewer, id_)}
        works = {key for key, id_ in cast.couples.items() if queries.work_for(viewer, id_)}
    assert seen == SEES[who]
    assert works == WORKS.get(who, set())


def test_nobody_sees_nothing_and_the_house_everything(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        assert db.session.scalars(queries.visible_to(NOBODY)).all() == []
        assert len(db.session.scalars(queries.visible_to(SYSTEM)).all()) == 4


def test_assignment_that_has_not_begun_or_has_ended_shows_nothing(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        couple = db.session.get_one(Couple, cast.couples["couple"])
        tomas = db.session.get_one(StaffMember, cast.staff["other_counselor"])
        staffing.add_counselor(viewer_of(cast, "counselor"), couple, tomas, now + timedelta(days=1))
        viewer = viewer_of(cast, "other_counselor")
        assert queries.get_for(viewer, couple.id) is None
        with clock.moved_to(now + timedelta(days=1)):
            assert queries.get_for(viewer, couple.id) is couple
            staffing.end_assignment(viewer, couple, tomas, now + timedelta(days=2))
        with clock.moved_to(now + timedelta(days=2)):
            assert queries.get_for(viewer, couple.id) is None


def test_last_counselor_of_a_couple_stays(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        couple = db.session.get_one(Couple, cast.couples["couple"])
        ruth = db.session.get_one(StaffMember, cast.staff["counselor"])
        with pytest.raises(actions.CoupleError):
            staffing.end_assignment(viewer_of(cast, "counselor"), couple, ruth, now)


def test_counselor_of_another_practice_is_never_added(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        couple = db.session.get_one(Couple, cast.couples["couple"])
        hanna = db.session.get_one(StaffMember, cast.staff["elsewhere_counselor"])
        with pytest.raises(actions.CoupleError):
            staffing.add_counselor(viewer_of(cast, "counselor"), couple, hanna, now)


def test_supervision_ends_with_it(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        viewer = viewer_of(cast, "supervisor")
        db.session.get_one(StaffMember, cast.staff["counselor"]).supervisor_id = None
        assert queries.get_for(viewer, cast.couples["couple"]) is None


def test_clients_never_read_concerns(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        couple = db.session.get_one(Couple, cast.couples["couple"])
        roles = {couple.partners[0].id: "injured", couple.partners[1].id: "involved"}
        actions.name_concern(viewer_of(cast, "counselor"), couple, "the spring", roles, now)
        assert queries.concerns_of(viewer_of(cast, "partner_a"), couple.id) == []
        assert len(queries.concerns_of(viewer_of(cast, "counselor"), couple.id)) == 1
        assert queries.concerns_of(viewer_of(cast, "other_counselor"), couple.id) == []


PAGES = ("/couples/{couple}/people", "/couples/{couple}/describe", "/safety/{couple}")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("counselor", 200),
        ("other_counselor", 404),
        ("elsewhere_counselor", 404),
        ("owner", 403),
        ("partner_a", 403),
        ("left", 303),
    ],
)
def test_pages_of_a_couple_answer_as_the_rule_says(
    client_for: Enter, cast: Cast, page: str, who: str, status: int
) -> None:
    answer = client_for(who).get(page.format(couple=cast.couples["couple"]))
    assert answer.status_code == status


def test_supervisor_reads_and_does_not_act(client_for: Enter, cast: Cast) -> None:
    supervisor = client_for("supervisor")
    couple = cast.couples["couple"]
    page = supervisor.get(f"/couples/{couple}/people")
    assert page.status_code == 200
    assert "<form" not in page.text.split("<main")[1], "nothing to press"
    assert "<form" not in supervisor.get(f"/safety/{couple}").text.split("<main")[1]
    assert supervisor.post(f"/couples/{couple}/pause").status_code == 404
    assert supervisor.get(f"/couples/{couple}/describe").status_code == 404


def test_a_couple_that_does_not_exist_answers_like_one_that_may_not_be_seen(
    client_for: Enter, cast: Cast
) -> None:
    counselor = client_for("counselor")
    foreign = counselor.get(f"/couples/{cast.couples['other']}/people")
    missing = counselor.get(f"/couples/{cast.people['owner']}/people")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.data.count(b"csrf_token") == missing.data.count(b"csrf_token")


def test_counselor_who_leaves_hands_over(client_for: Enter, cast: Cast, app: Flask, now: datetime) -> None:
    owner, leaving = client_for("owner"), client_for("counselor")
    page = f"/couples/handover/{cast.staff['counselor']}"
    assert "2 couples need" in owner.get(page).text
    assert owner.post(page, data={"member": ""}).status_code == 422
    assert owner.post(page, data={"member": str(cast.staff["other_counselor"])}).status_code == 303
    assert leaving.get("/couples/").status_code == 303
    with app.app_context():
        heir = viewer_of(cast, "other_counselor")
        assert len(db.session.scalars(queries.workable_by(heir)).all()) == 3


@pytest.mark.parametrize("who", ["counselor", "supervisor"])
@pytest.mark.parametrize("is_confirmed", [True, False])
def test_nobody_is_staff_of_a_couple_in_which_they_have_a_side(
    app: Flask, cast: Cast, now: datetime, who: str, is_confirmed: bool
) -> None:
    """Joining refuses this; if it ever came about, the row rule still keeps the other's words from them."""
    side = OwnSide(cast.partners["partner_a"], cast.couples["couple"], is_confirmed)
    with app.app_context():
        viewer = replace(viewer_of(cast, who), sides=(side,))
        assert queries.get_for(viewer, cast.couples["couple"]) is None
        assert queries.work_for(viewer, cast.couples["couple"]) is None
        assert queries.partner_for(viewer, cast.partners["partner_b"]) is None
        assert queries.get_for(viewer, cast.couples["ex"]) is not None


def test_a_side_gives_no_client_pages_to_staff(app: Flask, cast: Cast, now: datetime) -> None:
    """Every rule above asks whether somebody is staff or a client: nobody is both."""
    side = OwnSide(cast.partners["partner_a"], cast.couples["couple"])
    with app.app_context():
        viewer = replace(viewer_of(cast, "other_counselor"), sides=(side,))
    assert viewer.is_staff
    assert not viewer.is_client
    assert not viewer.admitted("clients")
