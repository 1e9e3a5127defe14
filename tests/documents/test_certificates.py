"""The certificate of a signature: the whole text that was signed, its hash, the name, and the time twice over."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import page as validator
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, jobs
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.practice import queries as houses
from clinic.practice.models import ConsentDocument
from reports.pdf import Renderer
from tests import cast as people
from tests.reports import reading

Enter = Callable[[str], FlaskClient]
NAME = "Mara Élise Voss"


@pytest.fixture
def signed(app: Flask, cast: people.Cast, now: datetime, fonts: Path) -> Iterator[dict[str, str]]:
    """Both partners have signed both papers anew, and the house has made the certificates; ids by paper, hers."""
    app.extensions["renderer"] = Renderer(fonts, is_strict=True)
    with app.app_context():
        for who, name in (("partner_a", NAME), ("partner_b", "zqjonas")):
            partner = db.session.get_one(Partner, cast.partners[who])
            for document in houses.in_force(cast.practice_id, now).values():
                consent.sign(people.viewer_of(cast, who), partner, document, name, now)
        db.session.commit()
    assert jobs.look(app, jobs.dues_of(app)) == []
    with app.app_context():
        rows = select(ConsentSignature).where(ConsentSignature.paper_on.is_(None))
        hers = rows.where(ConsentSignature.partner_id == cast.partners["partner_a"])
        ids = {row.kind: str(row.id) for row in db.session.scalars(hers)}
        db.session.remove()
    yield ids
    app.extensions.pop("renderer").close()


def flat(text: str) -> str:
    return "".join(text.split()).replace("-", "")


def certificate(client: FlaskClient, id_: str) -> bytes:
    answer = client.get(f"/consent/certificates/{id_}")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"inline; filename=pages-2026-03-03\.pdf", answer.headers["Content-Disposition"])
    return answer.data


@pytest.mark.parametrize("kind", ["consent", "secrets"])
def test_it_shows_the_whole_text_with_its_hash_and_is_pdf_ua(
    app: Flask, cast: people.Cast, client_for: Enter, signed: dict[str, str], now: datetime, kind: str
) -> None:
    pdf = certificate(client_for("partner_a"), signed[kind])
    assert validator.validate_pdf_bytes(pdf, profile="ua1").is_compliant
    with app.app_context():
        document = houses.in_force(cast.practice_id, now)[kind]
        row = db.session.get_one(ConsentSignature, UUID(signed[kind]))
        stored = sha256(document.text.encode()).hexdigest()
        assert document.text_hash == row.text_hash == stored
        words = document.text.replace("## ", "")
    text = flat(reading.text(pdf))
    assert stored in text
    body = text.partition(flat("What was signed"))[2]
    assert all(flat(part) in body for part in words.split("\n\n") if len(flat(part)) < 60), (
        "short ones stand on one page"
    )
    assert sum(flat(part) in text for part in words.split("\n\n")) > len(words.split("\n\n")) - 4


def test_it_says_who_signed_what_and_when(client_for: Enter, signed: dict[str, str]) -> None:
    text = " ".join(reading.text(certificate(client_for("partner_a"), signed["consent"])).split())
    for said in (
        NAME,
        "Version 1",
        "Linden Practice",
        "12 Linden Row",
        "March 3, 2026, 4:00 am (America/New_York)",
        "2026-03-03 09:00:00 UTC",
    ):
        assert said in text, said


def test_nobody_but_the_one_who_signed_and_staff_of_the_couple_get_it(
    client_for: Enter, signed: dict[str, str]
) -> None:
    at = signed["consent"]
    for who in ("partner_b", "other_a", "ex_a"):
        assert client_for(who).get(f"/consent/certificates/{at}").status_code == 404
        assert client_for(who).get(f"/consent/signatures/{at}").status_code == 403
    for who, status in (
        ("counselor", 200),
        ("supervisor", 200),
        ("other_counselor", 404),
        ("elsewhere_counselor", 404),
    ):
        assert client_for(who).get(f"/consent/signatures/{at}").status_code == status
    assert client_for("owner").get(f"/consent/signatures/{at}").status_code == 403


def test_it_says_nothing_of_the_other(client_for: Enter, signed: dict[str, str]) -> None:
    for id_ in signed.values():
        text = reading.text(certificate(client_for("partner_a"), id_))
        assert "zqjonas" not in text
        assert "Jonas" not in text


def test_on_an_unlocked_device_it_opens_after_a_fresh_proof_alone(
    client_for: Enter, signed: dict[str, str], now: datetime
) -> None:
    mara = client_for("partner_a")
    with clock.moved_to(now + timedelta(minutes=6)):
        assert mara.get(f"/consent/certificates/{signed['consent']}").status_code == 302


def test_a_paper_signature_names_the_day_and_who_saw_it(
    app: Flask, cast: people.Cast, client_for: Enter, signed: dict[str, str]
) -> None:
    with app.app_context():
        rows = select(ConsentSignature).where(
            ConsentSignature.paper_on.is_not(None), ConsentSignature.partner_id == cast.partners["partner_a"]
        )
        id_ = db.session.scalars(rows).first().id  # type: ignore[union-attr]
    text = " ".join(reading.text(certificate_of_today(client_for("partner_a"), id_)).split())
    assert "Signed on paper March 2, 2026" in text
    assert "Ruth Okafor" in text


def certificate_of_today(client: FlaskClient, id_: object) -> bytes:
    answer = client.get(f"/consent/certificates/{id_}")
    assert answer.status_code == 200
    return answer.data


def test_one_that_failed_can_be_asked_for_again(
    app: Flask, cast: people.Cast, client_for: Enter, signed: dict[str, str]
) -> None:
    mara, at = client_for("partner_a"), signed["consent"]
    with app.app_context():
        db.session.get_one(ConsentSignature, UUID(at)).state = "failed"
        db.session.commit()
    assert mara.get(f"/consent/certificates/{at}").status_code == 404
    assert "could not be made" in mara.get("/consent/").text
    assert mara.post(f"/consent/certificates/{at}/again").status_code == 303
    assert mara.get("/consent/").headers["Refresh"]
    assert jobs.look(app, jobs.dues_of(app)) == []
    certificate(mara, at)


def test_a_published_text_is_what_was_signed_for_good(
    app: Flask, cast: people.Cast, signed: dict[str, str]
) -> None:
    with app.app_context():
        for row in db.session.scalars(select(ConsentSignature)):
            document = db.session.get_one(ConsentDocument, row.document_id)
            assert row.text_hash == sha256(document.text.encode()).hexdigest()


def test_the_own_copy_holds_ones_signatures_and_texts_and_none_of_the_others(
    app: Flask, client_for: Enter, signed: dict[str, str]
) -> None:
    mara = client_for("partner_a")
    mara.post("/privacy/ask")
    assert jobs.look(app, jobs.dues_of(app)) == []
    place = re.search(r'action="(/privacy/[0-9a-f-]+)/pages"', mara.get("/privacy/").text)
    assert place
    data = mara.post(f"{place[1]}/data")
    papers = data.json["sides"][0]["papers"]  # type: ignore[index]
    assert [(one["title"], one["version"], one["way"], one["name"]) for one in papers[-2:]] == [
        ("Working together as a couple", 1, "account", NAME),
        ("What one of you tells us alone", 1, "account", NAME),
    ]
    assert all(one["hash"] == sha256(one["text"].encode()).hexdigest() for one in papers)
    assert "zqjonas" not in data.text
    pages = mara.post(f"{place[1]}/pages").data
    assert flat("Signed in your own account as " + NAME) in flat(reading.text(pages))
    assert "## " not in reading.text(pages)
    assert "zqjonas" not in reading.text(pages)
