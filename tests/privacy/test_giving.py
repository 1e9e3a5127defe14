"""Records that somebody asks for: who may, what for, what is left out, what was given; and what a law demanded."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, jobs
from clinic.documents.models import Document
from clinic.exercises import own_questions
from clinic.exercises.document import label_for
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.privacy.models import Disclosure, RecordsRequest
from reports.pdf import Renderer
from tests import cast as people
from tests.privacy.unsealing import canaries_in
from tests.progress import story as stories
from tests.reports import reading

NOW = stories.MONDAY + timedelta(days=7, hours=1)
Enter = Callable[[str], FlaskClient]
ASKED = {"asker": "Dr. Quill", "purpose": "To go on with another counselor.", "asked_on": "2026-03-05"}
JOINT = {"opened", "answered", "partner", "released", "joint"}
MARAS = {"opened", "partner", "released", "kept", "narrowed", "tail", "unreleased", "sealed"}
DEMANDED = {
    "whom": "1",
    "basis": "Order 12 of the district court",
    "recipient": "The district court",
    "given": "The dates of her appointments.",
    "given_on": "2026-03-04",
    "reason": "It had to be.",
    "is_told": "yes",
}


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def told(app: Flask, cast: people.Cast, now: datetime, fonts: Path) -> Iterator[stories.Story]:
    app.extensions["renderer"] = Renderer(fonts, is_strict=True)
    with app.app_context():
        story = stories.told(cast)
        db.session.remove()
    yield story
    app.extensions.pop("renderer").close()


def asked(client: FlaskClient, cast: people.Cast, scope: str) -> str:
    """Put a request down; the address of its page."""
    answer = client.post(
        f"/privacy/couples/{cast.couples['couple']}/requests/new", data={"scope": scope, **ASKED}
    )
    assert answer.status_code == 303
    return str(answer.location)


def signs(client: FlaskClient, at: str, position: int) -> None:
    data = {"whom": str(position), "on": "2026-03-06"}
    assert client.post(f"{at}/authorizations", data=data).status_code == 303


def decide(client: FlaskClient, at: str, decision: str = "given") -> str:
    answer = client.post(f"{at}/decision", data={"decision": decision, "because": "They both signed."})
    return client.get(answer.location).text


def pages_given(client: FlaskClient) -> tuple[str, str]:
    """The words of the document that was made, and whom it is for."""
    assert jobs.look(client.application, jobs.dues_of(client.application)) == []
    with client.application.app_context():
        row = db.session.scalars(select(Document)).one()
        found = row.id, row.audience, row.state
        db.session.remove()
    assert found[2] == "ready"
    return reading.text(client.get(f"/documents/{found[0]}/pages").data), found[1]


def test_the_joint_record_takes_the_authorization_of_both_and_holds_what_both_read(
    told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "couple")
    assert "authorization of Mara and Jonas is missing" in decide(ruth, at)
    signs(ruth, at, 1)
    assert "authorization of Jonas is missing" in decide(ruth, at)
    signs(ruth, at, 2)
    assert "Decided." in decide(ruth, at)
    text, audience = pages_given(ruth)
    assert (canaries_in(text), audience) == (JOINT, "couple")
    for said in ("Dr. Quill", "To go on with another", "Mara on March 6, 2026", "Jonas on March 6, 2026"):
        assert said in text.replace("\n", " ")


def test_what_came_in_after_the_page_was_opened_is_not_given_unseen(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "partner_1")
    signs(ruth, at, 1)
    there = re.findall(r'name="parts"[^>]*value="([0-9a-f]{64})"', ruth.get(at).text)
    with app.app_context():
        told.send("partner_a", "feelings_log", "entry", NOW, {"happened": "Written since."}, consent="no")
        db.session.remove()
    data = {"decision": "given", "because": "She signed.", "parts": there}
    answer = ruth.post(f"{at}/decision", data=data)
    assert answer.status_code == 422
    assert "holds something else than when you opened this page" in answer.text
    now_there = re.findall(r'name="parts"[^>]*value="([0-9a-f]{64})"', answer.text)
    assert now_there != there
    assert ruth.post(f"{at}/decision", data={**data, "parts": now_there}).status_code == 303


def test_ones_own_part_takes_one_authorization_and_holds_nothing_of_the_other(
    told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "partner_1")
    assert ruth.post(f"{at}/authorizations", data={"whom": "2", "on": "2026-03-06"}).status_code == 422
    signs(ruth, at, 1)
    decide(ruth, at)
    text, audience = pages_given(ruth)
    assert (canaries_in(text), audience) == (MARAS, "partner_1")
    for label in safety_labels():
        assert label not in text


def safety_labels() -> set[str]:
    fields = [field for exercise in shipped().values() for _, field in exercise.each_field() if field.flags]
    return {label_for(field.label, "injured") for field in fields} | {own_questions.SAFETY.label}


def test_a_part_that_is_left_out_is_named_with_its_reason_and_its_words_are_not_there(
    told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "couple")
    signs(ruth, at, 1)
    signs(ruth, at, 2)
    parts = re.findall(r'<option value="(2026-[^"]+)"', ruth.get(at).text)
    log = next(one for one in parts if "Feelings" in one)
    other = next(one for one in parts if one != log)
    for part in (log, other):
        assert (
            ruth.post(f"{at}/left-out", data={"part": part, "why": "Names a third person."}).status_code
            == 303
        )
    assert ruth.post(f"{at}/taken-in", data={"part": other}).status_code == 303
    assert ruth.post(f"{at}/left-out", data={"part": "2026-01-01 Nothing", "why": "Why."}).status_code == 422
    decide(ruth, at)
    text, _ = pages_given(ruth)
    assert canaries_in(text) == JOINT - {"released"}
    assert "Names a third person." in text
    assert text.count("Names a third person.") == 1


def test_a_refusal_has_its_reason_gives_nothing_and_stands(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "couple")
    assert ruth.post(f"{at}/decision", data={"decision": "refused", "because": ""}).status_code == 422
    assert "Refused on" in decide(ruth, at, "refused")
    assert "was decided" in decide(ruth, at, "given")
    with app.app_context():
        row = db.session.scalars(select(RecordsRequest)).one()
        assert (row.decision, row.document_id, row.decided_at) == ("refused", None, NOW)
        assert db.session.scalars(select(Document)).all() == []


def test_what_was_given_is_known_by_its_hash_and_dated(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "partner_2")
    signs(ruth, at, 2)
    page = decide(ruth, at)
    assert "What was given" in page
    listed = ruth.get("/documents/").text
    assert "For whoever asked for it" in listed
    assert "For Jonas alone" not in listed
    with app.app_context():
        row, document = (
            db.session.scalars(select(RecordsRequest)).one(),
            db.session.scalars(select(Document)).one(),
        )
        assert (row.document_id, row.given_hash) == (document.id, document.content_hash)
        assert (row.authorized_1_on, str(row.authorized_2_on)) == (None, "2026-03-06")


def test_what_is_given_is_dated_by_the_clock_of_the_couple(
    app: Flask, told: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        people.live_in(told.cast, "Pacific/Auckland")
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "partner_2")
    signs(ruth, at, 2)
    decide(ruth, at)
    assert "Made on March 10, 2026" in pages_given(ruth)[0].replace("\n", " ")


@pytest.mark.parametrize(
    "who", ["partner_a", "other_counselor", "supervisor", "owner", "elsewhere_counselor"]
)
def test_only_who_works_with_the_couple_handles_a_request(
    told: stories.Story, client_for: Enter, who: str
) -> None:
    at = asked(client_for("counselor"), told.cast, "couple")
    other = client_for(who)
    assert other.get(at).status_code in {403, 404}
    assert other.post(f"{at}/decision", data={"decision": "refused", "because": "No."}).status_code in {
        403,
        404,
    }


def test_a_decision_needs_a_fresh_proof(told: stories.Story, client_for: Enter) -> None:
    ruth = client_for("counselor")
    at = asked(ruth, told.cast, "couple")
    with clock.moved_to(NOW + timedelta(minutes=6)):
        data = {"decision": "refused", "because": "Because."}
        assert ruth.post(f"{at}/decision", data=data).location.startswith("/accounts/prove")
        disclosed = ruth.post(f"/privacy/couples/{told.cast.couples['couple']}/disclose", data=DEMANDED)
        assert disclosed.location.startswith("/accounts/prove")


# What a law demanded


def disclose(client: FlaskClient, cast: people.Cast, **other: str) -> int:
    path = f"/privacy/couples/{cast.couples['couple']}/disclose"
    return int(client.post(path, data={**DEMANDED, **other}).status_code)


def test_a_disclosure_stands_in_the_trail_of_whose_words_it_was_and_of_nobody_else(
    cast: people.Cast, client_for: Enter
) -> None:
    assert disclose(client_for("counselor"), cast) == 303
    mine = client_for("partner_a").get("/progress/mine").text
    assert "The district court: Order 12" in mine
    assert "on Wednesday, March 4, 2026" in mine or "March" in mine
    assert "It had to be." not in mine
    for who in ("partner_b", "other_a", "ex_a"):
        assert "district court" not in client_for(who).get("/progress/mine").text


def test_a_disclosure_of_both_stands_in_both_trails(cast: people.Cast, client_for: Enter) -> None:
    disclose(client_for("counselor"), cast, whom="both")
    for who in ("partner_a", "partner_b"):
        assert "Of the record of you both" in client_for(who).get("/progress/mine").text


def test_silence_where_a_law_forbids_to_tell_needs_its_reason_and_shows_nothing(
    app: Flask, cast: people.Cast, client_for: Enter
) -> None:
    before = client_for("partner_a").get("/progress/mine").text
    ruth = client_for("counselor")
    assert disclose(ruth, cast, is_told="no") == 422
    assert disclose(ruth, cast, is_told="no", untold_because="Section 9 forbids it until the trial.") == 303
    after = client_for("partner_a").get("/progress/mine").text
    strip = re.compile(r'(name="csrf_token"[^>]*value=|content=)"[^"]+"')
    assert strip.sub("", after) == strip.sub("", before)
    page = ruth.get(f"/privacy/couples/{cast.couples['couple']}").text
    assert "Section 9 forbids it" in page
    with app.app_context():
        assert db.session.scalars(select(Disclosure.told_sealed)).all() == [None]


def test_a_day_that_is_still_to_come_is_refused(cast: people.Cast, client_for: Enter) -> None:
    assert disclose(client_for("counselor"), cast, given_on="2026-12-24") == 422
