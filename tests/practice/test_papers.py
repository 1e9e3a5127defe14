"""The papers of a practice: written as drafts, published as versions that never change, by its owner alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError

from clinic import clock, vault
from clinic.extensions import db
from clinic.practice import actions, library, queries, rules
from clinic.practice.models import ConsentDocument, Practice
from tests.cast import Cast, viewer_of

Enter = Callable[[str], FlaskClient]

TEXT = "We keep what you tell.\r\n\r\n\r\n## Always  \n- one\n- two\n"
PUBLISH = {"from_on": "2026-03-03", "grace": "now", "is_read": "y"}


def written(owner: FlaskClient, text: str = TEXT, **publish: str) -> None:
    """Write a policy and publish it, as an owner does on the pages."""
    kept = owner.post("/practice/papers/secrets/draft", data={"text": text, "form": "own"})
    assert kept.headers["Location"] == "/practice/papers/secrets/preview"
    assert owner.post("/practice/papers/secrets/preview", data={**PUBLISH, **publish}).status_code == 303


def versions(cast: Cast, kind: str = "secrets") -> list[ConsentDocument]:
    return list(queries.versions_of(db.session.get_one(Practice, cast.practice_id), kind))


# The finished texts


@pytest.mark.parametrize("name", ["consent", "no_secrets", "limited", "confidential"])
def test_a_finished_text_can_be_published_as_it_is(name: str) -> None:
    text = library.papers()[name]
    assert text == rules.normalized(text)
    assert not rules.mistakes("consent" if name == "consent" else "secrets", text)
    assert rules.blocks(text)[-2].lines == ("By signing",)


def test_the_finished_texts_read_easily() -> None:
    """Grade 8 of Flesch and Kincaid, worked out as its formula has it, with syllables told by groups of vowels."""
    for name, text in library.papers().items():
        assert grade(text) < 8, name


def grade(text: str) -> float:
    prose = "\n".join(one.text for one in rules.blocks(text) if one.kind != "heading")
    words = "".join(letter if letter.isalpha() or letter in "’-" else " " for letter in prose).split()
    sentences = sum(prose.count(mark) for mark in ".?!")
    return 0.39 * len(words) / sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    vowels, count, before = "aeiouy", 0, False
    for letter in word.lower():
        count += letter in vowels and not before
        before = letter in vowels
    silent = word.lower().endswith("e") and not word.lower().endswith("le")
    return max(1, count - silent)


def test_a_practice_begins_with_finished_texts_in_force_and_says_what_to_do_with_them(
    app: Flask, client_for: Enter, cast: Cast
) -> None:
    page = client_for("owner").get("/practice/").text
    assert "have a lawyer in your place read them" in page
    assert (
        "Have a lawyer in your place read yours"
        in client_for("owner").get("/practice/papers/consent/draft").text
    )
    with app.app_context():
        assert [one.number for one in versions(cast)] == [1]
        assert versions(cast)[0].published_by_id is None


# Writing and publishing


def test_owner_writes_previews_and_publishes(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    owner = client_for("owner")
    owner.post("/practice/papers/secrets/draft", data={"text": TEXT, "form": "own"})
    seen = owner.get("/practice/papers/secrets/preview").text
    assert "<h3>Always</h3>" in seen
    assert "<li>one</li>" in seen
    with app.app_context():
        assert db.session.get_one(Practice, cast.practice_id).policy_version == 1, (
            "a draft is in force nowhere"
        )
    owner.post("/practice/papers/secrets/preview", data=PUBLISH)
    with app.app_context():
        newest = versions(cast)[0]
        assert (newest.number, newest.text) == (2, "We keep what you tell.\n\n## Always\n- one\n- two")
        assert newest.text_hash == sha256(newest.text.encode()).hexdigest()
        assert newest.published_by_id == cast.staff["owner"]
        practice = db.session.get_one(Practice, cast.practice_id)
        assert (practice.policy, practice.policy_version) == ("We keep what you tell.", 2)


def test_old_versions_stay_readable_word_for_word(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    owner = client_for("owner")
    with app.app_context():
        first = versions(cast)[0]
        before, at = first.text, f"/practice/versions/{first.id}"
    written(owner)
    with app.app_context():
        assert versions(cast)[-1].text == before
    for who in ("owner", "counselor", "supervisor"):
        assert "no secrets" not in client_for(who).get(at).text
        assert "stays with your counselor at first" in client_for(who).get(at).text


def test_a_version_comes_into_force_on_its_day(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    written(client_for("owner"), from_on="2026-03-20")
    with app.app_context():
        newest = versions(cast)[0]
        assert newest.effective_at == clock.day_starts(newest.effective_at.date(), "America/New_York")
    for day, version in ((19, 1), (20, 2)):
        with clock.moved_to(datetime.fromisoformat(f"2026-03-{day}T12:00:00+00:00")), app.app_context():
            assert db.session.get_one(Practice, cast.practice_id).policy_version == version


def test_the_past_is_no_choice(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    written(client_for("owner"), from_on="2026-01-01")
    with app.app_context():
        assert versions(cast)[0].effective_at == now


def test_a_version_never_comes_before_one_that_is_still_to_come(
    client_for: Enter, cast: Cast, now: datetime
) -> None:
    owner = client_for("owner")
    written(owner, from_on="2026-03-20")
    owner.post("/practice/papers/secrets/draft", data={"text": "Another one.", "form": "own"})
    answer = owner.post("/practice/papers/secrets/preview", data=PUBLISH)
    assert answer.status_code == 422
    assert "still to come into force" in answer.text


def test_the_same_words_are_no_new_version(client_for: Enter, cast: Cast, now: datetime) -> None:
    owner = client_for("owner")
    written(owner)
    owner.post("/practice/papers/secrets/draft", data={"text": TEXT + "\n\n", "form": "own"})
    answer = owner.post("/practice/papers/secrets/preview", data=PUBLISH)
    assert answer.status_code == 422
    assert "word for word" in answer.text


def test_a_label_that_fits_above_no_page_is_not_published(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    owner = client_for("owner")
    owner.post("/practice/papers/secrets/draft", data={"text": "So long. " * 60, "form": "own"})
    assert "at most 400 characters" in owner.get("/practice/papers/secrets/preview").text
    assert owner.post("/practice/papers/secrets/preview", data=PUBLISH).status_code == 422
    with app.app_context():
        assert len(versions(cast)) == 1


def test_publishing_asks_for_a_fresh_proof(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    owner = client_for("owner")
    owner.post("/practice/papers/secrets/draft", data={"text": TEXT, "form": "own"})
    with clock.moved_to(now + timedelta(minutes=6)):
        answer = owner.post("/practice/papers/secrets/preview", data=PUBLISH)
    assert answer.headers["Location"].startswith("/accounts/prove")
    with app.app_context():
        assert len(versions(cast)) == 1


@pytest.mark.parametrize("who", ["counselor", "supervisor", "other_counselor", "partner_a"])
def test_only_the_owner_writes_and_publishes(
    app: Flask, client_for: Enter, cast: Cast, now: datetime, who: str
) -> None:
    client_for("owner").post("/practice/papers/secrets/draft", data={"text": TEXT, "form": "own"})
    other = client_for(who)
    for path in ("draft", "preview"):
        assert other.get(f"/practice/papers/secrets/{path}").status_code == 403
        assert (
            other.post(f"/practice/papers/secrets/{path}", data={"text": TEXT, **PUBLISH}).status_code == 403
        )
    with app.app_context():
        assert len(versions(cast)) == 1


def test_another_practices_papers_are_never_reached(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        theirs = queries.versions_of(db.session.get_one(Practice, cast.elsewhere_id), "secrets")[0].id
        draft = actions.save_draft(
            viewer_of(cast, "owner"),
            db.session.get_one(Practice, cast.practice_id),
            actions.Written("consent", "Not yet."),
            now,
        ).id
        db.session.commit()
    for who in ("owner", "counselor"):
        assert client_for(who).get(f"/practice/versions/{theirs}").status_code == 404
    for who in ("counselor", "elsewhere_counselor"):
        assert client_for(who).get(f"/practice/versions/{draft}").status_code == 404


# Grace


def test_grace_is_told_in_days_from_the_day_of_force() -> None:
    at = datetime.fromisoformat("2026-03-20T07:00:00+00:00")
    assert rules.earlier_until("now", at) == at
    assert rules.earlier_until("14", at) == at + timedelta(days=14)
    assert rules.earlier_until("none", at) is None


# The database itself

ONTO = "INSERT OR REPLACE INTO consent_document SELECT * FROM consent_document WHERE number IS NOT NULL"
AS_ITS_NUMBER = "UPDATE OR REPLACE consent_document SET number = 1 WHERE number IS NULL AND kind = 'secrets'"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_document SET text = 'another' WHERE number = 1",
        "UPDATE consent_document SET earlier_until = NULL WHERE number = 1",
        "UPDATE consent_document SET number = NULL WHERE number = 1",
        "DELETE FROM consent_document WHERE number = 1",
        ONTO,
        AS_ITS_NUMBER,
    ],
)
def test_the_database_itself_refuses_to_change_what_was_published(
    app: Flask, cast: Cast, now: datetime, statement: str
) -> None:
    with app.app_context():
        save_draft(cast, now)
        before = db.session.execute(db.text("SELECT * FROM consent_document ORDER BY id")).all()
        with pytest.raises(DBAPIError, match="consent_document is append-only"):
            db.session.execute(db.text(statement))
        db.session.rollback()
        assert db.session.execute(db.text("SELECT * FROM consent_document ORDER BY id")).all() == before


def test_a_draft_can_be_changed_let_go_of_and_published(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        owner = viewer_of(cast, "owner")
        first, again = save_draft(cast, now), save_draft(cast, now, "We keep what you say.")
        assert first == again
        practice = db.session.get_one(Practice, cast.practice_id)
        actions.let_go_of_draft(owner, db.session.get_one(ConsentDocument, again))
        db.session.commit()
        actions.publish_text(owner, practice, actions.Written("secrets", TEXT, "own"), "now", now)
        db.session.commit()
        assert [one.number for one in versions(cast)] == [2, 1]


def test_new_keys_leave_papers_as_they_are(app: Flask, cast: Cast, now: datetime) -> None:
    """Their texts are for everybody who signs, and sealed under no key: there is nothing to seal anew."""
    with app.app_context():
        before = [(one.number, one.text, one.text_hash) for one in versions(cast)]
        after = None
        while (after := vault.rewrap(db.session.connection(), after)) is not None:
            db.session.commit()
        db.session.commit()
        assert [(one.number, one.text, one.text_hash) for one in versions(cast)] == before


def save_draft(cast: Cast, now: datetime, text: str = TEXT) -> UUID:
    practice = db.session.get_one(Practice, cast.practice_id)
    draft = actions.save_draft(
        viewer_of(cast, "owner"), practice, actions.Written("secrets", text, "own"), now
    )
    db.session.commit()
    return draft.id
