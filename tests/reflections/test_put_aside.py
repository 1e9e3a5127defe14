"""A counselor's words at a bad moment: back in their boxes after signing in, sent once, gone when they have arrived."""

from uuid import uuid4

import pytest

from clinic import clock
from clinic.accounts.models import KeptForm
from clinic.extensions import db
from clinic.reflections import actions
from clinic.reflections.models import Reply
from tests.cast import PASSPHRASE, code_at
from tests.rules.forms_on import forms_on

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)


@pytest.fixture
def review(work):
    turns = [work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")]
    work.send("partner_a", turns[0], PULSE)
    return f"/reflections/rounds/{work.round(turns[0])}"


def reply_on(browser, page):
    return next(one for one in forms_on(page, browser.get(page).text) if one.action == f"{page}/reply")


def test_a_reply_comes_back_after_fifteen_idle_minutes_and_is_sent_once(client_for, review, cast, ahead, app):
    ruth = client_for("counselor")
    to = str(cast.partners["partner_b"])
    form = reply_on(ruth, review).sent(text="I read it twice.\r\nThank you.") | {"to": to}
    ahead(minutes=20)
    away = ruth.post(f"{review}/reply", data=form).location
    assert "What you wrote is put aside for you; sign in to find it." in ruth.get(away).text
    first = ruth.post(away, data={"name": "counselor", "passphrase": PASSPHRASE})
    signed = ruth.post(first.location, data={"code": code_at(clock.now())})
    assert signed.location == review
    page = ruth.get(signed.location).text
    assert "What you wrote is back in this form" in page
    again = reply_on(ruth, review)
    assert again.box("text").value.replace("\r\n", "\n") == "I read it twice.\nThank you."
    assert again.sent()["to"] == [to]
    assert ruth.post(f"{review}/reply", data=again.sent()).status_code == 303
    with app.app_context():
        assert [one.to_id for one in db.session.scalars(db.select(Reply))] == [cast.partners["partner_b"]]
        assert db.session.scalar(db.select(KeptForm)) is None
    assert "is back in this form" not in ruth.get(review).text


def test_an_error_on_our_side_keeps_what_was_typed(client_for, review, cast, app, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("canary in the message")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    ruth = client_for("counselor")
    form = reply_on(ruth, review).sent(text="canary of a reply") | {"to": str(cast.partners["partner_a"])}
    with monkeypatch.context() as house:
        house.setattr(actions, "reply", broken)
        answer = ruth.post(f"{review}/reply", data=form)
    assert answer.status_code == 500
    assert "What you wrote is put aside for you." in answer.text
    assert f'href="{review}"' in answer.text
    assert "canary of a reply" not in caplog.text
    assert reply_on(client_for("counselor"), review).box("text").value == "canary of a reply"


def test_a_word_that_was_not_taken_in_can_be_let_go(client_for, review):
    ruth = client_for("counselor")
    form = reply_on(ruth, review).sent(text="Better not.")
    ruth.post(f"{review}/reply", data=form, forged=True)
    shown = ruth.get("/accounts/put-aside").text
    assert "Better not." in shown
    assert "A text of yours could not be taken in" in ruth.get("/progress/today").text
    go = next(one.action for one in forms_on("/", shown) if one.action.endswith("/let-go"))
    assert client_for("other_counselor").post(go).status_code == 404
    assert ruth.post(go).status_code == 303
    assert "Better not." not in ruth.get(review).text


def test_the_same_words_twice_are_kept_once_and_of_very_many_the_newest(client_for, review, app):
    ruth = client_for("counselor")
    form = reply_on(ruth, review)
    for number in (1, 1, *range(2, 30)):
        ruth.post(f"{review}/reply", data=form.sent(text=f"Try {number}."), forged=True)
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(KeptForm)) == 20


@pytest.mark.parametrize("writer", ["", "x.y", "of another form"])
def test_a_form_that_does_not_truly_say_whose_it_is_keeps_nothing(client_for, review, app, writer):
    ruth = client_for("counselor")
    form = reply_on(ruth, review).sent(text="Lost.")
    if writer == "of another form":
        other = next(one for one in forms_on(review, ruth.get(review).text) if one.action.endswith("/review"))
        writer = other.box("writer").value
    ruth.post(f"{review}/reply", data=form | {"writer": writer}, forged=True)
    with app.app_context():
        assert db.session.scalar(db.select(KeptForm)) is None


def test_a_text_typed_by_one_is_never_taken_as_anothers(client_for, work, app):
    """A joint page is for both: what the first one typed is not saved under the second one's name."""
    plan = work.turn(work.assign("calm_conversation_plan"), "plan", "partner_a")
    url = f"/reflections/{plan}"
    form = next(
        one for one in forms_on(url, client_for("partner_a").get(url + "?all=1").text) if one.action == url
    )
    box = next(one.name for one in form.for_words if one.name.startswith("x_"))
    answer = client_for("partner_b").post(url, data=form.sent(**{box: "canary of Mara"}))
    assert answer.status_code == 400
    assert "canary" not in answer.text
    assert "canary" not in client_for("partner_b").get(url + "?all=1").text
    assert "canary of Mara" in client_for("partner_a").get(url + "?all=1").text


@pytest.mark.parametrize("text", ["x" * 20_001, "a\x00b"])
def test_a_reply_that_cannot_be_taken_in_is_told_and_stays_in_its_box(client_for, review, cast, text):
    to = str(cast.partners["partner_a"])
    answer = client_for("counselor").post(f"{review}/reply", data={"to": to, "text": text})
    assert answer.status_code == 422
    assert "there is room for 20,000" in answer.text or "a character here that cannot be kept" in answer.text
    assert (
        text[:2]
        in next(one for one in forms_on(review, answer.text) if one.action == f"{review}/reply")
        .box("text")
        .value
    )


def test_a_route_takes_in_as_much_as_its_form_has_room_for(client_for, review, cast):
    ruth, to = client_for("counselor"), str(cast.partners["partner_a"])
    full = ruth.post(f"{review}/reply", data={"to": to, "text": "\U0001f33f" * 20_000})
    assert full.status_code == 303
    over = ruth.post(f"{review}/reply", data={"to": to, "text": "\U0001f33f" * 30_000})
    assert over.status_code == 413
    assert "what you typed is still in its boxes" in over.text
    assert ruth.post(f"{review}/call-back", data={"turn": "x" * 70_000}).status_code == 413


def test_a_turn_takes_in_full_answers_of_four_byte_characters(client_for, work):
    turn = work.turn(work.assign("impact_statement"), "first_sitting", "partner_a")
    url, mara = f"/reflections/{turn}", client_for("partner_a")
    form = next(one for one in forms_on(url, mara.get(url + "?all=1").text) if one.action == url)
    full = {box.name: "\U0001f33f" * 20_000 for box in form.for_words}
    assert mara.post(url, data=form.sent(**full)).status_code == 303


def test_how_much_an_address_takes_in_tells_nobody_what_it_belongs_to(client_for, nobody, work):
    """Neither which exercise, nor whether there is a turn at all: a bound of its own would, before anybody is known."""
    given = ("impact_statement", "first_sitting"), ("weekly_checkin", "pulse"), ("victories_log", "entry")
    ids = [work.turn(work.assign(slug), key, "partner_a") for slug, key in given]
    sizes = [1_000 * 2**power for power in range(14)]
    for client in (nobody, client_for("partner_b")):
        told = [_answers(client, f"/reflections/{id_}", sizes) for id_ in (*ids, uuid4())]
        assert {*told[0]} == {400, 413}
        assert told == [told[0]] * len(told)


def _answers(client, url, sizes):
    """By how large a body says it is; none of it is sent."""
    kind = "application/x-www-form-urlencoded"
    return [
        client.open(
            url,
            method="POST",
            content_type=kind,
            data=b"a=1",
            environ_overrides={"CONTENT_LENGTH": str(size)},
        ).status_code
        for size in sizes
    ]
