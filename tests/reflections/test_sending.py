"""Sending: who reads it, what stays closer, what stops, what can be undone, and what nobody can do."""

import re
import threading
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from clinic import clock, vault
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Assignment, Round, Turn
from clinic.reflections import actions, tasks
from clinic.reflections.models import Draft, Opening, Reflection, Words
from clinic.safety.models import Flag
from tests.cast import PASSPHRASE

SPOKEN = {"topic": "Tuesday", "view": "I lay awake."}
PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)


def fill(client, url, answers, version=0, **more):
    boxes = {f"x_{key}": str(value) for key, value in answers.items()}
    return client.post(url, data={"screen": "all", "version": str(version), **boxes, **more})


def send(client, url, version=1, **more):
    data = {"version": str(version), "safety": "yes", "reads": "partner", "do": "send", **more}
    return client.post(url + "/before", data=data)


@pytest.fixture
def round_(work):
    return work.assign("perspective_round")


@pytest.fixture
def turn(work, round_):
    return work.turn(round_, "speak", "partner_a")


@pytest.fixture
def url(turn):
    return f"/reflections/{turn}"


# Who reads it


def test_the_sentence_about_readers_stands_before_writing_and_before_sending(client_for, url):
    mara = client_for("partner_a")
    said = "When you send it, Jonas can read it, and so can Ruth Okafor and Ingrid Sol (supervision)."
    assert said in mara.get(url).text
    fill(mara, url, SPOKEN)
    assert said in mara.get(url + "/before").text


def test_the_sentence_is_kept_with_what_was_sent(client_for, url, app, cast):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    send(mara, url)
    with app.app_context(), vault.reading(couples_viewer(cast, "partner_a"), "test"):
        assert "When you send it, Jonas can read it" in db.session.scalar(db.select(Reflection)).readers
        db.session.remove()


def couples_viewer(cast, key):
    from tests.cast import viewer_of

    return viewer_of(cast, key)


def test_the_question_of_safety_comes_first(client_for, url):
    page = client_for("partner_a").get(url).text
    assert "Is it all right to talk about this at home?" in page
    assert "How is it for you?" not in page


@pytest.mark.parametrize("path", ["", "/before", "/sent"])
def test_a_client_page_has_a_neutral_title(client_for, url, path):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    if path == "/sent":
        send(mara, url)
    assert "<title>Notes</title>" in mara.get(url + path).text


# Keeping it closer


def test_kept_for_the_counselor_looks_to_the_other_as_if_nothing_was_sent(client_for, url, work, round_):
    mara, jonas = client_for("partner_a"), client_for("partner_b")
    waiting = f"/reflections/{work.turn(round_, 'summarize', 'partner_b')}"
    before = jonas.get(waiting).text
    fill(mara, url, SPOKEN)
    send(mara, url, reads="counselor")
    assert plain(jonas.get(waiting).text) == plain(before)
    assert (
        "I lay awake."
        in client_for("counselor").get(f"/reflections/rounds/{work.round(UUID(url[13:]))}").text
    )
    assert "does not show it to Jonas" in mara.get(url + "/sent").text


@pytest.mark.parametrize("answer", ["no", "unsure"])
def test_not_safe_at_home_stays_with_the_counselor(client_for, url, answer, app, work, round_):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    sent = send(mara, url, safety=answer)
    assert ("Let us stop here" in sent.text) == (answer == "no")
    with app.app_context():
        assert db.session.scalar(db.select(Flag)).is_about("safety")
        assert db.session.scalar(db.select(Opening)) is None
    jonas = client_for("partner_b")
    assert "I lay awake" not in jonas.get(f"/reflections/{work.turn(round_, 'summarize', 'partner_b')}").text


def test_an_answer_that_says_unsafe_stops_in_the_same_response(client_for, url):
    answer = client_for("partner_a").post(
        url, data={"screen": "safety", "version": "0", "safety": "no", "do": "next"}
    )
    assert answer.status_code == 200
    assert "Let us stop here for now" in answer.text
    assert "911" in answer.text
    assert "Ruth" not in answer.text.split("<h1")[0]


def test_the_stop_page_comes_once_and_one_may_go_on(client_for, url):
    mara = client_for("partner_a")
    mara.post(url, data={"screen": "safety", "version": "0", "safety": "no", "do": "next"})
    assert mara.get(url).status_code == 200
    again = mara.post(url, data={"screen": "x_topic", "version": "1", "x_topic": "Tuesday", "do": "next"})
    assert again.status_code == 303


def test_the_script_is_led_to_the_stop_page_too(client_for, url):
    data = {"screen": "safety", "version": "0", "safety": "no"}
    answer = client_for("partner_a").post(url, data=data, headers={"Accept": "application/json"})
    assert answer.json["stop"] == url + "/rest"
    assert "911" in client_for("partner_a").get(answer.json["stop"]).text


def test_a_stop_flag_of_a_document_stops_and_is_saved(client_for, work, app):
    turn = work.turn(work.assign("feelings_log"), "entry", "partner_a")
    answers = {"safe": "unsafe", "day": "2026-03-01", "happened": "x", "feelings": "hurt", "intensity": "3"}
    mara, url = client_for("partner_a"), f"/reflections/{turn}"
    assert "Let us stop here for now" in fill(mara, url, answers).text
    sent = send(mara, url, consent="no", reads="counselor")
    assert "Let us stop here for now" in sent.text, sent.text
    with app.app_context():
        assert db.session.scalar(db.select(Flag)).is_about("safe")
    today = mara.get("/progress/now").text
    assert "unsafe" not in today.lower()


def test_a_rise_of_three_stops(client_for, work):
    roles = {"partner_a": "injured", "partner_b": "involved"}
    turn = work.turn(work.assign("impact_statement", roles=roles), "first_sitting", "partner_a")
    answers = {"before": 2, "event": "March", "after": 5}
    assert "Let us stop here for now" in fill(client_for("partner_a"), f"/reflections/{turn}", answers).text


def test_where_all_is_for_the_counselor_no_line_says_it_again(app):
    def line(for_counselor: bool) -> SimpleNamespace:
        kept = {"for_counselor": for_counselor, "is_narrowed": False, "is_declined": False, "is_text": True}
        return SimpleNamespace(prompt="How is it?", lines=["Well."], **kept)

    with app.test_request_context():
        lines = app.jinja_env.get_template("reflections/_words.html").module.lines
        assert "kept-note" not in lines([line(True), line(True)], "Jonas", mixed=True)
        assert lines([line(True), line(False)], "Jonas", mixed=True).count("kept-note") == 1


def test_consent_and_readers_do_not_contradict_each_other(client_for, work):
    roles = {"partner_a": "injured", "partner_b": "involved"}
    turn = work.turn(work.assign("impact_statement", roles=roles), "first_sitting", "partner_a")
    fill(client_for("partner_a"), f"/reflections/{turn}", {"before": 2, "event": "March", "after": 2})
    page = client_for("partner_a").get(f"/reflections/{turn}/before").text
    assert "Only if you said yes above." in page
    assert "As the sentence above says." not in page


def test_what_is_missing_is_named_and_nothing_is_sent(client_for, url, app):
    mara = client_for("partner_a")
    fill(mara, url, {"topic": "Tuesday"})
    assert "Not ready to send yet" in mara.get(url + "/before").text
    assert send(mara, url).status_code == 422
    with app.app_context():
        assert db.session.scalar(db.select(Reflection)) is None


def test_the_question_of_safety_must_be_answered_to_send(client_for, url, app):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    assert send(mara, url, safety="").status_code == 422
    with app.app_context():
        assert db.session.scalar(db.select(Reflection)) is None


def test_what_changed_in_another_window_is_looked_at_again_before_it_goes(client_for, url, app):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    fill(mara, url, {**SPOKEN, "view": "Something I did not read again."}, version=1)
    answer = send(mara, url, version=1)
    assert answer.status_code == 409
    assert "Something I did not read again." in answer.text
    with app.app_context():
        assert db.session.scalar(db.select(Reflection)) is None


def test_keep_as_a_draft_keeps_the_choices_too(client_for, url):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    assert send(mara, url, do="keep", reads="counselor").location == "/progress/now"
    assert 'value="counselor" checked' in mara.get(url + "/before").text


# After sending


def test_a_sealed_answer_opens_when_both_have_answered_and_not_before(client_for, work):
    check_in = work.assign("weekly_checkin")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, "victory": "We laughed."})
    jonas = client_for("partner_b")
    assert "We laughed." not in jonas.get("/progress/ours").text
    assert "once you have both answered" in client_for("partner_a").get(f"/reflections/{a}/sent").text
    work.send("partner_b", b, PULSE)
    assert "It has opened" in client_for("partner_a").get(f"/reflections/{a}/sent").text


def test_the_other_view_of_sent_words_is_their_own_form_too(client_for, work):
    """Before anything was kept anew, only the address tells that sent words are being changed."""
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    work.send("partner_a", turn, {**PULSE, "victory": "We laughed."})
    mara = client_for("partner_a")
    page = mara.get(f"/reflections/{turn}/revise").text
    assert f'href="/reflections/{turn}/revise?all=1"' in page
    page = mara.get(f"/reflections/{turn}/revise?all=1").text
    assert "We laughed." in page
    assert f'href="/reflections/{turn}/revise?all=0"' in page


def test_my_words_can_be_read_changed_kept_closer_and_taken_back_until_they_open(client_for, work):
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    work.send("partner_a", turn, {**PULSE, "victory": "We laughed."})
    mara, url = client_for("partner_a"), f"/reflections/{turn}"
    page = mara.get(url + "/own").text
    assert "We laughed." in page
    assert "What this page said when you sent it" in page
    assert "We laughed." in mara.get(url + "/revise?all=1").text
    fill(mara, url, {**PULSE, "victory": "We laughed a lot."}, safety="yes")
    send(mara, url)
    assert "We laughed a lot." in mara.get(url + "/own").text
    mara.post(url + "/narrow", data={"keys": "victory"})
    assert "Jonas sees" in mara.get(url + "/own").text
    mara.post(url + "/take-back")
    assert "We laughed a lot." in mara.get(url + "?all=1").text
    assert mara.get(url + "/sent").status_code == 303


def test_every_revision_is_kept(work, app):
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    for word in ("one", "two"):
        work.send("partner_a", turn, {**PULSE, "victory": word})
    with app.app_context():
        assert [
            row.revision for row in db.session.scalars(db.select(Reflection).order_by(Reflection.revision))
        ] == [1, 2]


def test_a_narrowed_answer_reaches_the_other_as_not_said(work, client_for):
    check_in = work.assign("weekly_checkin")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, "victory": "canary"}, narrowed=("victory",))
    work.send("partner_b", b, PULSE)
    jonas = client_for("partner_b")
    assert "canary" not in jonas.get("/progress/ours").text
    assert "canary" in client_for("counselor").get(f"/reflections/rounds/{work.round(a)}").text


def test_what_was_taken_back_is_in_no_page_of_the_counselor(work, client_for):
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    for word in ("canary one", "canary two"):
        work.send("partner_a", turn, {**PULSE, "victory": word})
    work.act("partner_a", turn, actions.take_back)
    assert "canary" not in client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}").text


def test_a_round_of_which_all_was_taken_back_waits_in_no_queue(work, client_for, app, ahead):
    round_ = work.assign("weekly_checkin")
    mara, jonas = (work.turn(round_, "pulse", who) for who in ("partner_a", "partner_b"))
    work.send("partner_a", mara, PULSE, keep=True)
    with app.app_context():
        first = db.session.get_one(Round, work.round(mara)).came_in_at
    ahead(minutes=5)
    work.send("partner_b", jonas, PULSE, keep=True)
    work.act("partner_b", jonas, actions.take_back)
    with app.app_context():
        assert db.session.get_one(Round, work.round(mara)).came_in_at == first
    work.act("partner_a", mara, actions.take_back)
    with app.app_context():
        assert db.session.get_one(Round, work.round(mara)).came_in_at is None
    assert "Weekly trust check-in" not in client_for("counselor").get("/reflections/queue").text


def test_words_that_opened_get_a_dated_addition_and_no_change(work, client_for, turn, url, round_):
    work.send("partner_a", turn, SPOKEN)
    mara = client_for("partner_a")
    assert "Take it back" not in mara.get(url + "/own").text
    assert mara.post(url + "/add", data={"text": "And I am glad you asked."}).status_code == 303
    assert "And I am glad you asked." in mara.get(url + "/own").text
    assert (
        "And I am glad you asked."
        in client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}").text
    )


def test_sent_words_open_only_after_a_fresh_proof(work, client_for, turn, url, ahead):
    work.send("partner_a", turn, SPOKEN)
    mara = client_for("partner_a")
    mara.get("/progress/now")
    ahead(minutes=10)
    for path in ("/own", "/revise", "/take-back"):
        assert "/accounts/prove" in mara.get(url + path).location


def test_who_reads_what_was_sent_changes_only_after_a_fresh_proof(work, client_for, ahead):
    """At an unlocked device nobody else lets the partner read what was kept for the counselor."""
    letter = work.assign("impact_statement", roles={"partner_a": "injured", "partner_b": "involved"})
    felt = {"felt_then": ["hurt"], "felt_now": ["hurt"]}
    turn = work.turn(letter, "first_sitting", "partner_a")
    work.send("partner_a", turn, {"before": 2, "event": "canary", **felt, "after": 2}, consent="no")
    mara, url = client_for("partner_a"), f"/reflections/{turn}"
    assert mara.get(url + "/revise").status_code == 200
    mara.post(url, data={"screen": "all", "version": "0", "x_event": "canary, again", "do": "save"})
    page = mara.get(url + "/before")
    assert page.status_code == 200
    seen = re.findall(r'name="(version|content)"[^>]*value="([^"]*)"', page.text)
    send = {**dict(seen), "consent": "yes", "do": "send"}
    ahead(minutes=10)
    assert mara.post(url + "/before", data=send).location.startswith("/accounts/prove")
    with work.app.app_context():
        rows = db.session.scalars(db.select(Reflection).where(Reflection.turn_id == turn)).all()
        assert [one.revision for one in rows] == [1]
        db.session.remove()
    proved(mara, mara.post(url + "/before", data=send))
    after = mara.post(url + "/before", data=send)
    assert after.status_code in {200, 303, 422}
    assert "/accounts/prove" not in (after.location or "")


def proved(client, at):
    """Give the passphrase again where the house asks for it, and go on to where it leads."""
    assert "/accounts/prove" in at.location
    return client.get(client.post(at.location, data={"passphrase": PASSPHRASE}).location)


def test_who_changes_sent_words_for_long_loses_nothing_when_the_proof_has_grown_old(work, client_for, ahead):
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    work.send("partner_a", turn, {**PULSE, "victory": "We laughed."})
    mara, url = client_for("partner_a"), f"/reflections/{turn}"
    mara.get(url + "/revise?all=1")
    ahead(minutes=20)
    saved = fill(mara, url, {**PULSE, "victory": "We laughed a lot."}, safety="yes", do="save")
    page = proved(mara, mara.get(saved.location))
    assert "We laughed a lot." in page.text
    ahead(minutes=20)
    too_long = fill(mara, url, {**PULSE, "victory": "ha" * 10_001}, version=1, safety="yes", do="before")
    assert "ha" * 10_001 in proved(mara, too_long).text


def test_a_line_that_cannot_be_added_comes_back_alone(work, client_for, turn, url, ahead):
    work.send("partner_a", turn, SPOKEN)
    mara = client_for("partner_a")
    mara.get("/progress/now")
    ahead(minutes=10)
    empty, long = (mara.post(url + "/add", data={"text": text}) for text in ("", "ha" * 10_001))
    assert (empty.status_code, long.status_code) == (422, 422)
    assert "There is nothing here yet." in empty.text
    assert "ha" * 10_001 in long.text
    assert SPOKEN["view"] not in empty.text + long.text


def test_what_comes_too_late_for_sent_words_is_put_aside_and_changes_nothing(
    work, client_for, turn, url, app, ahead
):
    work.send("partner_a", turn, SPOKEN)
    mara = client_for("partner_a")
    mara.get("/progress/now")
    ahead(minutes=10)
    page = proved(mara, fill(mara, url, {**SPOKEN, "view": "Another thought."}))
    assert "Another thought." in page.text
    with app.app_context():
        assert db.session.scalar(db.select(Draft)) is None
    script = {"Accept": "application/json"}
    said = {"screen": "all", "x_view": "Typed on."}
    assert mara.post(url, data=said, headers=script).status_code == 409


def test_a_dated_addition_never_deletes_a_draft(work, turn, app):
    work.send("partner_a", turn, SPOKEN)
    work.act("partner_a", turn, lambda author, now: actions.settle(author, actions.standing(author), now))
    work.act("partner_a", turn, lambda author, now: actions.add(author, "more", now))
    with app.app_context():
        assert db.session.scalar(db.select(Draft)) is not None


# Held


def test_everything_that_is_not_to_be_done_now_is_the_same_page(
    work, client_for, turn, url, cast, app, round_
):
    mara = client_for("partner_a")
    waiting = f"/reflections/{work.turn(round_, 'confirm', 'partner_a')}"
    pages = [plain(mara.get(waiting).text)]
    ruth = work.viewer
    with app.app_context():
        couples.pause(ruth("counselor"), db.session.get_one(Couple, cast.couples["couple"]), clock.now())
        db.session.commit()
    pages.append(plain(mara.get(url).text))
    with app.app_context():
        couples.resume(ruth("counselor"), db.session.get_one(Couple, cast.couples["couple"]), clock.now())
        homework.pause(ruth("counselor"), db.session.get_one(Assignment, round_), clock.now())
        db.session.commit()
    pages.append(plain(mara.get(url).text))
    assert "Your counselor is preparing your next step" in pages[0]
    assert pages[0] == pages[1] == pages[2]


def plain(text):
    return re.sub(r'name="csrf_token"[^>]*', "", text)


def test_what_is_typed_into_a_turn_that_was_paused_meanwhile_is_kept(work, client_for, url, cast, app):
    mara = client_for("partner_a")
    with app.app_context():
        couples.pause(
            work.viewer("counselor"), db.session.get_one(Couple, cast.couples["couple"]), clock.now()
        )
        db.session.commit()
    fill(mara, url, SPOKEN)
    with app.app_context():
        couples.resume(
            work.viewer("counselor"), db.session.get_one(Couple, cast.couples["couple"]), clock.now()
        )
        db.session.commit()
    assert "I lay awake." in mara.get(url + "?all=1").text


def test_after_the_time_is_over_the_draft_is_still_its_authors(client_for, url, ahead):
    fill(client_for("partner_a"), url, SPOKEN)
    ahead(days=8)
    page = client_for("partner_a").get(url).text
    assert "The time for this one is over" in page
    assert "I lay awake." in page


def test_what_a_second_window_sends_after_the_first_is_never_lost(client_for, url, work, turn):
    mara = client_for("partner_a")
    fill(mara, url, SPOKEN)
    send(mara, url)
    answer = fill(mara, url, {**SPOKEN, "view": "Another thought."}, version=1)
    assert answer.status_code == 409
    assert "Another thought." in answer.text
    assert send(mara, url).status_code == 303


# Two at once


def test_two_parallel_sends_send_once(client_for, url, app):
    first, second = client_for("partner_a"), client_for("partner_a")
    fill(first, url, SPOKEN)
    results = []
    at = clock.now()
    content = re.search(r'name="content"[^>]*value="([0-9a-f]+)"', first.get(url + "/before").text).group(1)

    def go(client):
        with clock.moved_to(at):
            results.append(send(client, url, content=content).status_code)

    threads = [threading.Thread(target=go, args=(client,)) for client in (first, second)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert results == [303, 303]
    with app.app_context():
        assert len(list(db.session.scalars(db.select(Reflection)))) == 1
        assert len(list(db.session.scalars(db.select(Opening)))) == 1


def test_two_parallel_first_saves_never_overwrite_each_other(client_for, url, app):
    clients, results, at = [client_for("partner_a") for _ in range(4)], [], clock.now()

    def go(number):
        with clock.moved_to(at):
            results.append(fill(clients[number], url, {"view": f"Text {number}."}).status_code)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(results) == [303, 409, 409, 409]


# Words that both agree to

PLAN = {
    "topic": "The evenings",
    "hope": "plan",
    "when": "2026-03-05T19:00",
    "place": "At the kitchen table",
    "length": "twenty",
    "fact": "On Friday you came at ten.",
    "feeling": "I felt alone.",
    "request": "A message.",
    "pause_word": "Harbor",
}


@pytest.fixture
def plan(work):
    return work.turn(work.assign("calm_conversation_plan"), "plan", "partner_a")


def bound_in(page):
    return re.search(r'name="bound" value="([0-9a-f]+)"', page).group(1)


def test_a_proposal_is_read_and_confirmed_by_the_other(work, client_for, plan):
    mara, jonas, url = client_for("partner_a"), client_for("partner_b"), f"/reflections/{plan}"
    fill(mara, url, PLAN)
    assert "The evenings" not in jonas.get(url).text
    send(mara, url)
    page = jonas.get(url).text
    assert "The evenings" in page
    assert "Mara proposes this" in page
    jonas.post(url + "/confirm", data={"bound": bound_in(page)})
    assert "You both said yes" in jonas.get(url + "/sent").text
    assert "You both said yes" in mara.get(url, follow_redirects=True).text


def test_who_proposed_cannot_say_yes_for_the_other(work, client_for, plan):
    mara, url = client_for("partner_a"), f"/reflections/{plan}"
    work.send("partner_a", plan, PLAN)
    bound = bound_in(client_for("partner_b").get(url).text)
    mara.post(url + "/confirm", data={"bound": bound})
    assert "Your proposal" in mara.get(url).text or "This is your proposal" in mara.get(url).text


def test_a_yes_counts_for_exactly_the_words_that_were_read(work, client_for, plan):
    jonas, url = client_for("partner_b"), f"/reflections/{plan}"
    work.send("partner_a", plan, PLAN)
    bound = bound_in(jonas.get(url).text)
    work.send("partner_a", plan, {**PLAN, "place": "In the car"})
    answer = jonas.post(url + "/confirm", data={"bound": bound}, follow_redirects=True)
    assert "There is a newer proposal" in answer.text
    assert "In the car" in answer.text


def test_one_can_suggest_another_version_or_say_no_without_a_reason(work, client_for, plan):
    jonas, url = client_for("partner_b"), f"/reflections/{plan}"
    work.send("partner_a", plan, PLAN)
    assert "At the kitchen table" in jonas.get(url + "?change=1&all=1").text
    fill(jonas, url, {**PLAN, "place": "On a walk"})
    send(jonas, url)
    assert "Jonas proposes this" in client_for("partner_a").get(url).text
    assert client_for("partner_a").post(url + "/decline").status_code == 303
    assert "proposes this" not in jonas.get(url).text


def test_a_joint_text_that_is_kept_for_the_counselor_is_no_proposal(work, client_for, plan, app):
    jonas, url = client_for("partner_b"), f"/reflections/{plan}"
    before = jonas.get(url).text
    work.send("partner_a", plan, {**PLAN, "topic": "canary"}, safe="no")
    assert plain(jonas.get(url).text) == plain(before)
    assert "canary" in client_for("counselor").get(f"/reflections/rounds/{work.round(plan)}").text
    with app.app_context():
        assert {words.visibility for words in db.session.scalars(db.select(Words))} == {"counselor"}


# Logs, shown words, the tail


def test_a_log_goes_on_with_the_next_entry_and_shows_the_own_ones(work, client_for):
    log = work.assign("feelings_log")
    turn = work.turn(log, "entry", "partner_a")
    work.send(
        "partner_a",
        turn,
        {
            "safe": "steady",
            "day": "2026-03-02",
            "happened": "The door.",
            "feelings": ["hurt"],
            "intensity": 4,
        },
    )
    following = work.turn(log, "entry", "partner_a", entry=2)
    page = client_for("partner_a").get(f"/reflections/{following}").text
    assert "Your entries so far" in page
    assert "The door." in page
    assert client_for("partner_b").get(f"/reflections/{following}").status_code == 404


def test_entries_of_a_log_are_read_with_a_fresh_proof(work, client_for, ahead):
    log = work.assign("feelings_log")
    entry = {"safe": "steady", "day": "2026-03-02", "happened": "The door.", "feelings": ["hurt"]}
    work.send("partner_a", work.turn(log, "entry", "partner_a"), {**entry, "intensity": 4})
    mara, url = client_for("partner_a"), f"/reflections/{work.turn(log, 'entry', 'partner_a', entry=2)}"
    mara.get("/progress/now")
    ahead(minutes=10)
    page = mara.get(url).text
    assert "Tue, Mar 3" in page
    assert "The door." not in page
    link = re.search(r'href="(/accounts/prove[^"]+)"', page).group(1)
    assert "The door." in mara.get(mara.post(link, data={"passphrase": PASSPHRASE}).location).text


def test_own_words_of_before_stay_closed_until_the_other_has_them_or_the_proof_is_fresh(
    work, client_for, ahead
):
    letter = work.assign("impact_statement", roles={"partner_a": "injured", "partner_b": "involved"})
    felt = {"felt_then": ["hurt"], "felt_now": ["hurt"]}
    first = {"before": 2, "event": "canary", **felt, "after": 2}
    work.send("partner_a", work.turn(letter, "first_sitting", "partner_a"), first, consent="no")
    ahead(days=1)
    mara, url = client_for("partner_a"), f"/reflections/{work.turn(letter, 'second_sitting', 'partner_a')}"
    assert "canary" in mara.get(url).text
    ahead(days=1, minutes=10)
    mara = client_for("partner_a")
    mara.get("/progress/now")
    ahead(minutes=10)
    page = mara.get(url).text
    assert "canary" not in page
    assert page.count("Read what you wrote, with your passphrase") == 1


def test_words_of_before_are_shown_as_far_as_the_writer_may_read_them(work, client_for, turn, round_):
    work.send("partner_a", turn, {**SPOKEN, "feelings": ["hurt"]})
    summarize = work.turn(round_, "summarize", "partner_b")
    page = client_for("partner_b").get(f"/reflections/{summarize}").text
    assert "I lay awake." in page
    work.send("partner_b", summarize, {"summary": "You waited."})
    confirm = work.turn(round_, "confirm", "partner_a")
    page = client_for("partner_a").get(f"/reflections/{confirm}").text
    assert "You waited." in page
    assert "I lay awake." in page


def test_the_tail_is_asked_once_a_round_and_goes_to_the_counselor(work, client_for):
    check_in = work.assign("weekly_checkin")
    turn = work.turn(check_in, "pulse", "partner_a")
    mara, url = client_for("partner_a"), f"/reflections/{turn}"
    assert "A last word about how it went" in mara.get(url + "?all=1").text
    fill(mara, url, PULSE, tail_how_far="partly", tail_note="canary for Ruth", safety="yes")
    send(mara, url)
    work.send("partner_b", work.turn(check_in, "pulse", "partner_b"), PULSE)
    assert "canary for Ruth" in client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}").text
    assert "canary" not in client_for("partner_b").get("/progress/ours").text


def test_a_round_of_many_turns_asks_the_tail_at_the_last_one_only(work, client_for, url):
    assert "A last word about how it went" not in client_for("partner_a").get(url + "?all=1").text


def test_declining_goes_to_the_counselor_only(work, client_for, url, turn):
    mara = client_for("partner_a")
    assert mara.get(url + "/say?kind=too_much").status_code == 200
    mara.post(url + "/say", data={"kind": "too_much", "text": "canary word"})
    assert "canary word" in client_for("counselor").get("/reflections/queue").text
    jonas = client_for("partner_b")
    assert not any(
        "canary" in jonas.get(path).text for path in ("/progress/now", "/progress/ours", "/progress/mine")
    )


ODD = ["a\x00b canary", "a\x85b canary", "a\x1b[31mb canary", "\ud800 canary", "canary " + "ha" * 10_001]


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("place", ["say", "add", "reply"])
def test_words_that_cannot_be_kept_come_back_in_their_box_with_one_clear_error(
    client_for, work, turn, url, text, place
):
    work.send("partner_a", turn, SPOKEN)
    path, who = {
        "say": (f"{url}/say", "partner_a"),
        "add": (f"{url}/add", "partner_a"),
        "reply": (f"/reflections/rounds/{work.round(turn)}/reply", "counselor"),
    }[place]
    data = {"kind": "too_much", "text": text.encode("utf-8", "surrogatepass"), "to": "x"}
    answer = client_for(who).post(path, data=data)
    is_odd_sign = any(sign in text for sign in "\x00\x85\x1b")
    if is_odd_sign or len(text) > 20_000 or place == "reply":
        assert answer.status_code == 422
        said = "cannot be kept" if is_odd_sign else "there is room for 20,000"
        assert (said in answer.text) == (is_odd_sign or len(text) > 20_000)
        assert "canary" in answer.text
    else:
        assert answer.status_code == 303


def test_a_turn_that_nobody_knows_is_404(client_for):
    for path in ("", "/before", "/sent", "/own", "/say", "/rest"):
        assert client_for("partner_a").get(f"/reflections/{uuid4()}{path}").status_code == 404


def test_posting_to_a_turn_that_was_sent_changes_nothing_of_it(client_for, work, turn, url, app):
    work.send("partner_a", turn, SPOKEN)
    mara = client_for("partner_a")
    for path, data in (
        ("/narrow", {"whole": "1"}),
        ("/take-back", {}),
        ("/confirm", {"bound": "x"}),
        ("/decline", {}),
    ):
        assert mara.post(url + path, data=data).status_code == 303
    with app.app_context():
        row = db.session.get_one(Turn, turn)
        assert (row.state, row.is_kept) == ("sent", False)
        assert tasks.due(clock.now()) == 0
