"""A passphrase made in person: it must not open more than the counselor who made it reads anyhow."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Account, StaffMember
from clinic.couples import actions, staffing
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from tests.cast import Cast, viewer_of

Enter = Callable[[str], FlaskClient]
MORE = "This sign-in opens more than you work with"


def account_of(cast: Cast, who: str) -> Account:
    account = sign_ins.account_of(cast.people[who])
    assert account is not None
    return account


def second_side(cast: Cast, who: str, by: str, now: datetime) -> None:
    """Somebody joins a couple of that counselor with the sign-in that they have."""
    counselor = viewer_of(cast, by)
    couple = actions.create(counselor, actions.NewCouple(("Wren", "Ash"), "Europe/Oslo"), now)
    invitation = actions.invite(counselor, couple.partners[0], now).invitation
    invitation.partner = couple.partners[0]
    actions.join_with(invitation, account_of(cast, who), now)
    db.session.commit()


def must_change(app: Flask, cast: Cast, who: str) -> bool:
    with app.app_context():
        return account_of(cast, who).must_change_password


def test_client_gets_a_new_passphrase_in_person(app: Flask, client_for: Enter, cast: Cast) -> None:
    counselor, path = client_for("counselor"), f"/couples/partners/{cast.partners['partner_a']}/reset"
    assert "A new passphrase for Mara" in counselor.get(path).text
    assert counselor.post(path).status_code == 200
    assert must_change(app, cast, "partner_a")


def test_what_the_counselor_has_seen_cannot_be_kept(app: Flask, client_for: Enter, cast: Cast) -> None:
    page = client_for("counselor").post(f"/couples/partners/{cast.partners['partner_a']}/reset").text
    [made] = set(re.findall(r"\b[a-z]+(?:-[a-z]+){5}\b", page))
    mara = app.test_client()
    for chosen, is_taken in ((made, False), ("ten thousand quiet lakes", True)):
        mara.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": made})
        answer = mara.post("/accounts/passphrase", data={"passphrase": chosen})
        assert (answer.status_code == 303, must_change(app, cast, "partner_a")) == (is_taken, not is_taken)
        assert is_taken or "somebody else has seen it" in answer.text


def test_client_of_two_couples_of_one_counselor_gets_one(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        second_side(cast, "ex_a", "counselor", now)
    path = f"/couples/partners/{cast.partners['ex_a']}/reset"
    assert client_for("counselor").post(path).status_code == 200
    assert must_change(app, cast, "ex_a")


@pytest.mark.parametrize("method", ["get", "post"])
def test_counselor_cannot_take_over_a_client_of_a_second_counselor(
    app: Flask, client_for: Enter, cast: Cast, now: datetime, method: str
) -> None:
    with app.app_context():
        second_side(cast, "ex_a", "other_counselor", now)
    assert_refused(client_for("counselor"), cast, method)
    assert not must_change(app, cast, "ex_a")


@pytest.mark.parametrize("method", ["get", "post"])
def test_counselor_cannot_take_over_a_colleague(
    app: Flask, client_for: Enter, cast: Cast, now: datetime, method: str
) -> None:
    """Nobody can join with a sign-in for work; should a side come to be staff's, it is safe all the same."""
    with app.app_context():
        db.session.add(
            StaffMember(practice_id=cast.practice_id, person_id=cast.people["ex_a"], name="A colleague")
        )
        db.session.commit()
    assert_refused(client_for("counselor"), cast, method)
    assert not must_change(app, cast, "ex_a")


def assert_refused(counselor: FlaskClient, cast: Cast, method: str) -> None:
    answer = getattr(counselor, method)(f"/couples/partners/{cast.partners['ex_a']}/reset")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/couples/{cast.couples['ex']}/people")
    assert MORE in counselor.get(answer.location).text


def test_why_it_is_refused_is_not_told(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    """A second couple, or a place in the practice, is nobody's business: one sentence for both."""
    with app.app_context():
        second_side(cast, "ex_a", "other_counselor", now)
        partner = db.session.get_one(Partner, cast.partners["ex_a"])
        with pytest.raises(actions.CoupleError) as told:
            actions.resettable(viewer_of(cast, "counselor"), partner)
    assert "couple" not in str(told.value)
    assert "staff" not in str(told.value)


def test_counselor_who_joins_the_second_couple_may_make_one(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        second_side(cast, "ex_a", "other_counselor", now)
        side = db.session.scalars(
            db.select(Partner).where(
                Partner.person_id == cast.people["ex_a"], Partner.couple_id != cast.couples["ex"]
            )
        ).one()
        couple = db.session.get_one(Couple, side.couple_id)
        ruth = db.session.get_one(StaffMember, cast.staff["counselor"])
        staffing.add_counselor(viewer_of(cast, "other_counselor"), couple, ruth, now)
        db.session.commit()
    path = f"/couples/partners/{cast.partners['ex_a']}/reset"
    assert client_for("counselor").post(path).status_code == 200
