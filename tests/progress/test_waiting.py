"""What holds a couple back stands on Today, one click from where it is settled, and for its own counselor only."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from clinic import clock, web
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.progress import waiting
from clinic.safety.rules import VALID_FOR
from tests import cast as people

Enter = Callable[[str], FlaskClient]
ENDS = people.BEGAN + VALID_FOR


@pytest.fixture
def partner(app: Flask, cast: people.Cast) -> Iterator[Partner]:
    """Mara, in an open context; what a test changes is committed by it."""
    with app.app_context():
        yield db.session.get_one(Partner, cast.partners["partner_a"])


def needs(cast: people.Cast, now: datetime, key: str = "counselor") -> list[tuple[str, str]]:
    """Who of the couple waits for what."""
    names = {id_: name for name, id_ in cast.partners.items()}
    with clock.moved_to(now):
        found = waiting.waiting_for(people.viewer_of(cast, key), now, 40)
    db.session.rollback()  # a page that is asked for next needs the lock
    return [(names[one.partner_id], one.need) for one in found]


def today(client_for: Enter, now: datetime, key: str = "counselor") -> str:
    with clock.moved_to(now):
        answer = client_for(key).get("/progress/today")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("before", "need"), [(timedelta(days=22), None), (timedelta(days=20), "renew"), (timedelta(), "expired")]
)
def test_clearance_asks_for_renewal_three_weeks_before_its_end(
    partner: Partner, cast: people.Cast, before: timedelta, need: str | None
) -> None:
    expected = [("partner_a", need), ("partner_b", need)] if need else []
    assert needs(cast, ENDS - before) == expected


def test_renewal_leads_to_the_page_on_which_it_is_given(cast: people.Cast, client_for: Enter) -> None:
    text = today(client_for, ENDS - timedelta(days=3))
    assert "to renew" in text
    assert "Mara: clearance ends" in text
    assert f'href="/safety/{cast.couples["couple"]}"' in text
    assert "Jonas: clearance has ended" in today(client_for, ENDS + timedelta(days=3))


def test_a_clearance_is_told_by_the_last_day_that_was_chosen(
    cast: people.Cast, now: datetime, client_for: Enter
) -> None:
    counselor, partner = client_for("counselor"), cast.partners["partner_a"]
    last = now.date() + timedelta(days=10)
    data = {
        f"{partner}-state": "conjoint_ok",
        f"{partner}-reason": "as before",
        f"{partner}-until": str(last),
    }
    with clock.moved_to(now):
        assert counselor.post(f"/safety/partners/{partner}/clearance", data=data).status_code == 303
        page = counselor.get(f"/safety/{cast.couples['couple']}").text
    assert f">{web.day(last)}<" in page
    assert f">{web.short_day(last)}<" in today(client_for, now)


def test_who_joined_and_is_not_confirmed_waits(
    partner: Partner, cast: people.Cast, now: datetime, client_for: Enter
) -> None:
    partner.confirmed_at = None
    db.session.commit()
    assert needs(cast, now) == [("partner_a", "confirm")]
    text = today(client_for, now)
    assert "waiting for you" in text
    assert f'href="/couples/{cast.couples["couple"]}' in text


def test_missing_signatures_wait_and_consent_recorded_as_taken_back_does_not(
    partner: Partner, cast: people.Cast, now: datetime, client_for: Enter
) -> None:
    db.session.execute(delete(ConsentSignature).where(ConsentSignature.partner_id == partner.id))
    other = db.session.get_one(Partner, cast.partners["partner_b"])
    consent.withdraw(people.viewer_of(cast, "counselor"), other, now)
    db.session.commit()
    assert needs(cast, now) == [("partner_a", "consent")]
    assert "Mara: has not signed what is in force" in today(client_for, now)


def test_consent_that_a_partner_took_back_alone_stands_there_for_two_weeks(
    partner: Partner, cast: people.Cast, now: datetime, client_for: Enter
) -> None:
    consent.withdraw(people.viewer_of(cast, "partner_a"), partner, now)
    db.session.commit()
    assert needs(cast, now) == [("partner_a", "withdrawn")]
    assert needs(cast, now + timedelta(days=15)) == []
    people.sign_on_paper(people.viewer_of(cast, "counselor"), partner, now + timedelta(days=1))
    db.session.commit()
    assert needs(cast, now + timedelta(days=1)) == []


def test_nobody_else_is_asked(partner: Partner, cast: people.Cast, client_for: Enter) -> None:
    partner.confirmed_at = None
    db.session.commit()
    for key in ("other_counselor", "supervisor", "elsewhere_counselor"):
        assert "partner_a" not in {who for who, _ in needs(cast, ENDS, key)}


def test_couple_that_is_over_asks_for_nothing(partner: Partner, cast: people.Cast) -> None:
    partner.couple.separated_at = people.BEGAN
    db.session.commit()
    assert needs(cast, ENDS) == []
