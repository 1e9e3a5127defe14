"""Clearance, consent, the ceiling and flags: only counselors know, and nothing is decided by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from clinic import vault
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.safety import actions, queries
from clinic.safety.models import Clearance
from tests.cast import Cast, sign_on_paper, viewer_of

Enter = Callable[[str], FlaskClient]


def couple_of(cast: Cast, key: str = "couple") -> Couple:
    return db.session.get_one(Couple, cast.couples[key])


def ceiling(cast: Cast, now: datetime, key: str = "couple") -> str | None:
    db.session.flush()
    return queries.ceiling_of(couple_of(cast, key), now)


@pytest.fixture
def ruth(app: Flask, cast: Cast) -> object:
    with app.app_context():
        yield viewer_of(cast, "counselor")
        db.session.rollback()


def test_cleared_couple_with_consent_may_work_jointly(ruth: object, cast: Cast, now: datetime) -> None:
    assert ceiling(cast, now) == "joint"


@pytest.mark.parametrize("state", ["not_assessed", "individual_only", "conjoint_paused"])
def test_one_decision_about_one_partner_lowers_the_ceiling_for_both(
    ruth: object, cast: Cast, now: datetime, state: str
) -> None:
    actions.decide(ruth, couple_of(cast).partners[0], state, "after talking alone", now)
    assert ceiling(cast, now) == "counselor"
    actions.decide(ruth, couple_of(cast).partners[0], "conjoint_ok", "again", now + timedelta(days=1))
    assert ceiling(cast, now + timedelta(days=1)) == "joint"


def test_clearance_expires_after_half_a_year(ruth: object, cast: Cast, now: datetime) -> None:
    assert ceiling(cast, now + timedelta(days=180)) == "joint"
    assert ceiling(cast, now + timedelta(days=182)) == "counselor"


def test_clearance_cannot_be_given_for_longer(ruth: object, cast: Cast, now: datetime) -> None:
    decision = actions.decide(
        ruth, couple_of(cast).partners[0], "conjoint_ok", "x", now, now + timedelta(days=900)
    )
    assert decision.expires_at == now + timedelta(days=182)


def test_withdrawn_consent_lowers_the_ceiling(ruth: object, cast: Cast, now: datetime) -> None:
    consent.withdraw(ruth, couple_of(cast).partners[1], now)
    assert ceiling(cast, now) == "counselor"
    sign_on_paper(ruth, couple_of(cast).partners[1], now + timedelta(hours=1))
    assert ceiling(cast, now + timedelta(hours=1)) == "joint"


def test_pause_holds_everything_and_going_on_restores_it(ruth: object, cast: Cast, now: datetime) -> None:
    couples.pause(ruth, couple_of(cast), now)
    assert ceiling(cast, now) is None
    couples.resume(ruth, couple_of(cast), now)
    assert ceiling(cast, now) == "joint"


def test_separated_couple_never_works_jointly_again(ruth: object, cast: Cast, now: datetime) -> None:
    assert ceiling(cast, now, "ex") == "counselor"
    with pytest.raises(couples.CoupleError):
        couples.separate(ruth, couple_of(cast, "ex"), now)


def test_ceilings_of_many_couples_take_four_statements(
    app: Flask, ruth: object, cast: Cast, now: datetime
) -> None:
    said: list[str] = []
    note = lambda *parts: said.append(parts[2])  # noqa: E731
    db.session.expire_all()
    event.listen(db.engine, "before_cursor_execute", note)
    found = queries.ceilings_of(list(cast.couples.values()), now)
    event.remove(db.engine, "before_cursor_execute", note)
    assert found[cast.couples["couple"]] == "joint"
    assert found[cast.couples["ex"]] == "counselor"
    assert len(said) <= 4


def test_reason_is_sealed_and_opens_for_staff_only(
    app: Flask, ruth: object, cast: Cast, now: datetime
) -> None:
    row = actions.decide(ruth, couple_of(cast).partners[0], "individual_only", "a private reason", now)
    db.session.flush()
    assert b"private reason" not in db.session.scalar(
        select(Clearance.reason_sealed).where(Clearance.id == row.id)
    )
    db.session.expire(row)
    client = viewer_of(cast, "partner_a")
    try:
        with vault.reading(client, "test"), pytest.raises(vault.NotOnRing):
            _ = row.reason
    finally:
        db.session.rollback()


# Flags


def test_flag_is_known_to_the_couples_counselors_alone(ruth: object, cast: Cast, now: datetime) -> None:
    partner = couple_of(cast).partners[0]
    actions.raise_flag(viewer_of(cast, "partner_a"), partner.couple_id, partner.id, None, "safe", now)
    seen = {
        who: len(queries.open_flags(viewer_of(cast, who)))
        for who in ("counselor", "supervisor", "other_counselor", "owner", "partner_a", "partner_b")
    }
    assert seen == {
        "counselor": 1,
        "supervisor": 1,
        "other_counselor": 0,
        "owner": 0,
        "partner_a": 0,
        "partner_b": 0,
    }


def raised(app: Flask, cast: Cast, now: datetime) -> str:
    with app.app_context():
        partner = db.session.get_one(Partner, cast.partners["partner_a"])
        flag = actions.raise_flag(
            viewer_of(cast, "partner_a"), partner.couple_id, partner.id, None, "safe", now
        )
        db.session.commit()
        return str(flag.id)


def test_flag_stays_until_an_action_is_noted(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    flag_id, counselor = raised(app, cast, now), client_for("counselor")
    assert "Mara" in counselor.get("/safety/flags").text
    assert counselor.post(f"/safety/flags/{flag_id}", data={f"{flag_id}-action": ""}).status_code == 422
    noted = counselor.post(f"/safety/flags/{flag_id}", data={f"{flag_id}-action": "called her at work"})
    assert noted.status_code == 303
    assert "Nothing asks for you" in counselor.get("/safety/flags").text
    again = counselor.post(
        f"/safety/flags/{flag_id}", data={f"{flag_id}-action": "something else"}, follow_redirects=True
    )
    assert "already noted" in again.text


def test_flag_shows_first_on_the_caseload(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    raised(app, cast, now)
    assert "Answer a safety flag" in client_for("counselor").get("/couples/").text


@pytest.mark.parametrize("who", ["other_counselor", "supervisor", "elsewhere_counselor"])
def test_others_cannot_act_on_it(app: Flask, client_for: Enter, cast: Cast, now: datetime, who: str) -> None:
    flag_id = raised(app, cast, now)
    assert (
        client_for(who).post(f"/safety/flags/{flag_id}", data={f"{flag_id}-action": "x"}).status_code == 404
    )


# The page


def test_counselor_records_a_decision_and_consent(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    counselor, partner = client_for("counselor"), cast.partners["partner_b"]
    data = {f"{partner}-state": "individual_only", f"{partner}-reason": "wants to talk alone first"}
    assert counselor.post(f"/safety/partners/{partner}/clearance", data=data).status_code == 303
    page = counselor.get(f"/safety/{cast.couples['couple']}").text
    assert "wants to talk alone first" in page
    assert "reaches you and nobody else" in page
    assert counselor.post(f"/consent/partners/{partner}/withdrawn").status_code == 303
    with app.app_context():
        assert not queries.standing_of(db.session.get_one(Partner, partner), now).has_consented


def test_decision_without_a_reason_is_not_recorded(client_for: Enter, cast: Cast) -> None:
    partner = cast.partners["partner_b"]
    data = {f"{partner}-state": "individual_only", f"{partner}-reason": ""}
    answer = client_for("counselor").post(f"/safety/partners/{partner}/clearance", data=data)
    assert answer.status_code == 422
    assert "A few words for the record." in answer.text


@pytest.mark.parametrize("who", ["partner_a", "partner_b", "owner"])
def test_clients_and_owners_never_reach_it(client_for: Enter, cast: Cast, who: str) -> None:
    client = client_for(who)
    assert client.get(f"/safety/{cast.couples['couple']}").status_code == 403
    assert client.get("/safety/flags").status_code == 403
