"""Each partner signs alone what is in force; both signatures open joint work, and neither partner sees the other's."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from clinic import clock
from clinic.consent import actions, queries
from clinic.consent.models import ConsentSignature
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.homework.models import Round
from clinic.practice import actions as practices
from clinic.practice import queries as houses
from clinic.practice.models import ConsentDocument, Practice
from clinic.practice.rules import Grace
from clinic.safety import queries as safety
from tests.cast import Cast, sign_on_paper, viewer_of

Enter = Callable[[str], FlaskClient]
NAME = "Mara Elisabeth Voss zq7"


def document(cast: Cast, kind: str, now: datetime) -> ConsentDocument:
    return houses.in_force(cast.practice_id, now)[kind]


def partner(cast: Cast, who: str) -> Partner:
    return db.session.get_one(Partner, cast.partners[who])


def unsigned(cast: Cast, *who: str) -> None:
    """As if these had never signed."""
    ids = [cast.partners[one] for one in who]
    db.session.execute(delete(ConsentSignature).where(ConsentSignature.partner_id.in_(ids)))
    db.session.commit()


def ceiling(cast: Cast, now: datetime) -> str | None:
    db.session.flush()
    return safety.ceiling_of(db.session.get_one(Couple, cast.couples["couple"]), now)


def signed_on_the_page(
    client: FlaskClient, app: Flask, cast: Cast, kind: str, now: datetime, **data: str
) -> object:
    with app.app_context():
        version = str(document(cast, kind, now).id)
    form = {"document": version, "has_read": "y", "name": NAME, **data}
    return client.post(f"/consent/{cast.couples['couple']}/{kind}/sign", data=form)


def published(
    cast: Cast, grace: Grace, now: datetime, kind: str = "consent", text: str = "A new one."
) -> ConsentDocument:
    practice = db.session.get_one(Practice, cast.practice_id)
    written = practices.Written(kind, text, "own" if kind == "secrets" else "")  # type: ignore[arg-type]
    return practices.publish_text(viewer_of(cast, "owner"), practice, written, grace, now)


# Signing


def test_joint_work_opens_when_both_have_signed_both(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        unsigned(cast, "partner_a", "partner_b")
        for who in ("partner_a", "partner_b"):
            for kind in ("consent", "secrets"):
                assert ceiling(cast, now) == "counselor"
                actions.sign(
                    viewer_of(cast, who), partner(cast, who), document(cast, kind, now), "A name", now
                )
        assert ceiling(cast, now) == "joint"
        db.session.rollback()


def test_a_partner_reads_ticks_and_types_the_own_name(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        unsigned(cast, "partner_a")
    mara = client_for("partner_a")
    assert "not signed yet" in mara.get("/consent/").text
    page = mara.get(f"/consent/{cast.couples['couple']}/consent/sign").text
    assert "Our client is the couple." in page
    assert "By signing" in page
    assert signed_on_the_page(mara, app, cast, "consent", now).status_code == 303
    assert "signed Tuesday, March 3, 2026" in mara.get("/consent/").text
    with app.app_context():
        row = db.session.scalars(
            select(ConsentSignature).where(ConsentSignature.partner_id == cast.partners["partner_a"])
        ).first()
        assert row is not None
        assert row.text_hash == document(cast, "consent", now).text_hash
        assert (row.recorded_by_id, row.paper_on) == (None, None)


@pytest.mark.parametrize("missing", ["has_read", "name"])
def test_nothing_is_signed_without_the_tick_and_the_name(
    app: Flask, client_for: Enter, cast: Cast, now: datetime, missing: str
) -> None:
    with app.app_context():
        unsigned(cast, "partner_a")
        form = {"document": str(document(cast, "consent", now).id), "has_read": "y", "name": NAME}
    del form[missing]
    at = f"/consent/{cast.couples['couple']}/consent/sign"
    assert client_for("partner_a").post(at, data=form).status_code == 422
    with app.app_context():
        signed = queries.signed_by(viewer_of(cast, "partner_a"), [cast.partners["partner_a"]])
        assert signed == {cast.partners["partner_a"]: []}


def test_signing_asks_for_a_fresh_proof(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    mara = client_for("partner_a")
    with clock.moved_to(now + timedelta(minutes=6)):
        answer = signed_on_the_page(mara, app, cast, "consent", now)
        assert answer.headers["Location"].startswith("/accounts/prove")


def test_a_version_that_was_not_read_is_not_signed(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    """The page shows one version, and a newer one comes into force before the button is pressed."""
    mara = client_for("partner_a")
    with app.app_context():
        read = str(document(cast, "consent", now).id)
        published(cast, "now", now)
        db.session.commit()
    answer = signed_on_the_page(mara, app, cast, "consent", now, document=read)
    assert answer.status_code == 422
    assert "A newer version came into force while you read" in answer.text
    assert "A new one." in answer.text


def test_nobody_signs_for_the_other(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        for who in ("partner_b", "counselor", "owner", "other_a"):
            with pytest.raises(actions.ConsentError):
                actions.sign(
                    viewer_of(cast, who), partner(cast, "partner_a"), document(cast, "consent", now), "x", now
                )
        with pytest.raises(actions.ConsentError):
            actions.withdraw(viewer_of(cast, "partner_b"), partner(cast, "partner_a"), now)


def test_a_paper_of_another_practice_cannot_be_signed(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        theirs = houses.in_force(cast.elsewhere_id, now)["consent"]
        with pytest.raises(actions.ConsentError):
            actions.sign(viewer_of(cast, "partner_a"), partner(cast, "partner_a"), theirs, "x", now)


def test_counselor_records_a_paper_that_counts_like_a_signature(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        unsigned(cast, "partner_b")
    ruth, at = client_for("counselor"), f"/consent/partners/{cast.partners['partner_b']}/paper"
    for kind in ("consent", "secrets"):
        data = {"kind": kind, "name": "J. Voss", "paper_on": "2026-03-02"}
        assert ruth.post(at, data=data).status_code == 303
    page = ruth.get(f"/safety/{cast.couples['couple']}").text
    assert page.count("version 1, on paper, Monday, March 2, 2026") == 4
    with app.app_context():
        assert ceiling(cast, now) == "joint"


@pytest.mark.parametrize("day", ["2026-03-04", "2026-03-01"])
def test_a_paper_was_signed_between_its_version_and_today(
    client_for: Enter, cast: Cast, now: datetime, day: str
) -> None:
    at = f"/consent/partners/{cast.partners['partner_b']}/paper"
    answer = client_for("counselor").post(at, data={"kind": "consent", "name": "J", "paper_on": day})
    assert answer.status_code == 422
    assert "Choose the day that stands on the paper" in answer.text


def test_counselor_sees_who_signed_which_version_and_when(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        published(cast, "now", now)
        db.session.commit()
    assert signed_on_the_page(client_for("partner_a"), app, cast, "consent", now).status_code == 303
    page = client_for("counselor").get(f"/safety/{cast.couples['couple']}").text
    assert "version 2, in their own account, Tue, Mar 3, 4:00 am" in page
    assert "version 2 is in force and asks for a new signature" in page, "his is on version 1"
    assert "What they write reaches you and nobody else" in page


# A new version


@pytest.mark.parametrize(("grace", "days"), [("now", 0), ("14", 14), ("30", 30)])
def test_a_signature_on_an_earlier_version_counts_as_long_as_the_practice_published(
    app: Flask, cast: Cast, now: datetime, grace: Grace, days: int
) -> None:
    with app.app_context():
        published(cast, grace, now)
        ends = now + timedelta(days=days)
        assert ceiling(cast, ends - timedelta(seconds=1)) == "joint"
        assert ceiling(cast, ends) == "counselor"
        db.session.rollback()


def test_a_small_correction_asks_nobody_and_undoes_no_earlier_asking(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        published(cast, "none", now)
        assert ceiling(cast, now + timedelta(days=150)) == "joint"
        published(cast, "now", now, text="It asks anew.")
        published(cast, "none", now + timedelta(hours=1), text="It asks anew, without a typo.")
        assert ceiling(cast, now + timedelta(hours=2)) == "counselor", "what was asked in between stays asked"
        for who in ("partner_a", "partner_b"):
            sign_on_paper(viewer_of(cast, "counselor"), partner(cast, who), now + timedelta(hours=3))
        assert ceiling(cast, now + timedelta(hours=3)) == "joint"
        db.session.rollback()


def test_a_new_policy_asks_like_a_new_consent(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        published(cast, "now", now, "secrets")
        assert ceiling(cast, now) == "counselor"
        db.session.rollback()


# Taking it back


def test_a_partner_takes_the_consent_back_alone(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    mara, at = client_for("partner_a"), f"/consent/{cast.couples['couple']}/withdraw"
    assert mara.post(at, data={}).status_code == 422
    assert mara.post(at, data={"is_sure": "y"}).status_code == 303
    page = mara.get("/consent/").text
    assert "you took it back on Tuesday, March 3, 2026; you can sign it again" in page
    assert "not signed yet" not in page
    assert "in their own account" in client_for("counselor").get(f"/safety/{cast.couples['couple']}").text
    with app.app_context():
        assert ceiling(cast, now) == "counselor"
        rows = db.session.scalars(
            select(ConsentSignature).where(ConsentSignature.partner_id == cast.partners["partner_a"])
        )
        assert {row.kind: row.withdrawn_at for row in rows} == {"consent": now, "secrets": None}
        assert not db.session.scalars(select(Round).where(Round.closed_at.is_(None))).all()
    assert (
        mara.post(at, data={"is_sure": "y"}, follow_redirects=True).text.count("no consent to take back") == 1
    )


def test_who_took_it_back_can_sign_again(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    mara = client_for("partner_a")
    mara.post(f"/consent/{cast.couples['couple']}/withdraw", data={"is_sure": "y"})
    with clock.moved_to(now + timedelta(minutes=2)):
        signed_on_the_page(mara, app, cast, "consent", now)
    with app.app_context():
        assert ceiling(cast, now + timedelta(minutes=3)) == "joint"


# Neither sees the other's


def test_a_partner_sees_nothing_of_the_others_signature(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        unsigned(cast, "partner_a")
    jonas = client_for("partner_b")
    paths = (
        "/consent/",
        "/consent/consent",
        "/consent/secrets",
        f"/consent/{cast.couples['couple']}/consent/sign",
    )
    strip = lambda text: [line for line in text.splitlines() if "csrf_token" not in line]  # noqa: E731
    before = [strip(jonas.get(path).text) for path in paths]
    for kind in ("consent", "secrets"):
        signed_on_the_page(client_for("partner_a"), app, cast, kind, now)
    assert [strip(jonas.get(path).text) for path in paths] == before


def test_rows_of_the_other_are_not_even_fetched(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        row = actions.sign(
            viewer_of(cast, "partner_a"),
            partner(cast, "partner_a"),
            document(cast, "consent", now),
            NAME,
            now,
        )
        db.session.flush()
        seen = {
            who: queries.get_for(viewer_of(cast, who), row.id) is not None
            for who in (
                "partner_a",
                "partner_b",
                "counselor",
                "supervisor",
                "other_counselor",
                "owner",
                "elsewhere_counselor",
            )
        }
        db.session.rollback()
    assert {who for who, is_seen in seen.items() if is_seen} == {"partner_a", "counselor", "supervisor"}


def test_the_typed_name_lies_sealed(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        row = actions.sign(
            viewer_of(cast, "partner_a"),
            partner(cast, "partner_a"),
            document(cast, "consent", now),
            NAME,
            now,
        )
        db.session.flush()
        stored = db.session.scalar(select(ConsentSignature.name_sealed).where(ConsentSignature.id == row.id))
        assert stored is not None
        assert NAME.encode() not in stored
        db.session.rollback()


def test_who_is_not_confirmed_reads_and_does_not_sign(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        partner(cast, "partner_a").confirmed_at = None
        db.session.commit()
    mara = client_for("partner_a")
    assert "confirmed that it was you" in mara.get("/consent/").text
    assert "Our client is the couple" in mara.get("/consent/consent").text
    assert signed_on_the_page(mara, app, cast, "consent", now).status_code == 404
