"""Drafts: what the page called saved is there, and what could not be saved is there, too, for its author alone."""

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from clinic import clock
from clinic.audit import AuditEvent
from clinic.extensions import db, take_lock
from clinic.reflections import actions, drafts
from clinic.reflections.models import Draft, KeptText
from tests.cast import PASSPHRASE

SCRIPT = {"Accept": "application/json"}


def fields(version=0, **answers):
    more = {name: answers.pop(name) for name in ("do", "screen", "safety", "page") if name in answers}
    boxes = {f"x_{key}": value for key, value in answers.items()}
    return {"screen": "all", "safety": "yes", "version": str(version), **boxes, **more}


@pytest.fixture
def turn(work):
    return work.turn(work.assign("perspective_round"), "speak", "partner_a")


@pytest.fixture
def url(turn):
    return f"/reflections/{turn}"


def writer_on(page):
    """What the form on a page carries to say whose it is."""
    return re.search(r'name="writer" value="([^"]+)"', page.text).group(1)


def test_what_the_page_called_saved_is_there_after_signing_in_again(client_for, url):
    assert (
        client_for("partner_a").post(url, data=fields(topic="Tuesday", view="I lay awake.")).status_code
        == 303
    )
    page = client_for("partner_a").get(url + "?all=1")
    assert "I lay awake." in page.text
    assert "Saved at" in page.text


def test_a_draft_works_without_script_by_a_button(client_for, url):
    page = client_for("partner_a").get(url)
    assert re.search(r'<button[^>]*name="do" value="save"[^>]*>Save draft</button>', page.text)


def test_the_script_hears_when_and_as_which_version_it_was_saved(client_for, url):
    answer = client_for("partner_a").post(url, data=fields(view="I lay"), headers=SCRIPT)
    assert answer.json["version"] == 1
    assert re.fullmatch(r"\d+:\d\d [ap]m", answer.json["saved"])


def test_saving_the_same_twice_is_no_new_version(client_for, url):
    mara = client_for("partner_a")
    mara.post(url, data=fields(view="I lay"), headers=SCRIPT)
    assert mara.post(url, data=fields(view="I lay"), headers=SCRIPT).json["version"] == 1


def test_one_question_a_screen_keeps_what_the_other_screens_said(client_for, url):
    mara = client_for("partner_a")
    mara.post(url, data=fields(topic="Tuesday", view="I lay awake."))
    one = {"screen": "x_topic", "version": "1", "x_topic": "Wednesday", "do": "next"}
    assert mara.post(url, data=one).location.endswith("q=3")
    page = mara.get(url + "?all=1").text
    assert "Wednesday" in page
    assert "I lay awake." in page


def test_who_comes_back_goes_on_where_the_pen_was_put_down(client_for, url):
    mara = client_for("partner_a")
    assert "Question 1 of" in mara.get(url).text
    mara.post(url, data=fields(topic="Tuesday", view="I lay awake and"))
    back = mara.get(url).text
    assert "I lay awake and" in back
    assert "Question 3 of" in back
    assert "Question 1 of" in mara.get(url + "?q=1").text
    before = mara.get(url + "/before").text
    assert f'href="{url}?q=1"' in before  # to change something one begins at its beginning


def test_the_choice_of_one_page_is_kept_for_the_next_time(client_for, url):
    mara = client_for("partner_a")
    assert "What did you feel?" not in mara.get(url).text
    assert "What did you feel?" in mara.get(url + "?all=1").text
    assert "What did you feel?" in mara.get(url).text


# Two windows


def test_the_later_of_two_saves_answers_409_with_both_texts(client_for, url):
    first, second = client_for("partner_a"), client_for("partner_a")
    first.post(url, data=fields(topic="Tuesday", view="From the phone."))
    answer = second.post(url, data=fields(topic="Tuesday", view="From the laptop."))
    assert answer.status_code == 409
    assert "From the phone." in answer.text
    assert "From the laptop." in answer.text
    assert "What is it about?" not in answer.text  # equal on both sides: nothing to choose


@pytest.mark.parametrize(
    ("pick", "there", "gone"),
    [("here", ["laptop"], ["phone"]), ("there", ["phone"], ["laptop"]), ("both", ["laptop", "phone"], [])],
)
def test_one_chooses_or_keeps_both(client_for, url, pick, there, gone):
    first, second = client_for("partner_a"), client_for("partner_a")
    first.post(url, data=fields(view="From the phone."))
    answer = second.post(url, data=fields(view="From the laptop."))
    chosen = {**hidden(answer.text), "pick_x_view": pick}
    assert second.post(url + "/choose", data=chosen).status_code == 303
    page = second.get(url + "?all=1").text
    assert all(word in page for word in there)
    assert not any(word in page for word in gone)
    assert "Both texts are safe" not in page


def hidden(text):
    return dict(re.findall(r'<input[^>]*name="(kept|version)"[^>]*value="([^"]*)"', text))


def test_a_choice_waits_also_when_the_window_was_closed(client_for, url):
    client_for("partner_a").post(url, data=fields(view="From the phone."))
    client_for("partner_a").post(url, data=fields(view="From the laptop."))
    page = client_for("partner_a").get(url)
    assert "Both texts are safe" in page.text
    assert "From the laptop." in page.text


def test_three_windows_lose_nothing(client_for, url):
    windows = [client_for("partner_a") for _ in range(3)]
    for number, window in enumerate(windows):
        window.post(url, data=fields(view=f"Window {number}."))
    for _ in range(2):
        page = windows[0].get(url)
        windows[0].post(url + "/choose", data={**hidden(page.text), "pick_x_view": "both"})
    page = windows[0].get(url + "?all=1").text
    assert all(f"Window {number}." in page for number in range(3))


def test_a_choice_on_an_older_draft_is_asked_again(client_for, url):
    mara = client_for("partner_a")
    mara.post(url, data=fields(view="One."))
    answer = mara.post(url, data=fields(view="Two."))
    mara.post(url, data=fields(version=1, view="Three."))
    again = mara.post(url + "/choose", data={**hidden(answer.text), "pick_x_view": "here"})
    assert again.status_code == 409
    assert "Three." in again.text


def test_a_window_that_says_nothing_else_is_no_conflict(client_for, url):
    mara = client_for("partner_a")
    mara.post(url, data=fields(topic="Tuesday", view="I lay awake."))
    answer = mara.post(url, data={"screen": "x_topic", "version": "0", "x_topic": "Tuesday", "do": "next"})
    assert answer.status_code == 303
    assert "I lay awake." in mara.get(url + "?all=1").text


@pytest.mark.parametrize("version", [0, 1])
def test_what_another_window_saves_between_reading_and_writing_is_not_overwritten(
    client_for, url, monkeypatch, version
):
    first, second = client_for("partner_a"), client_for("partner_a")
    if version:
        first.post(url, data=fields(view="Begun."))

    def comes_between() -> None:
        monkeypatch.undo()
        with ThreadPoolExecutor(1) as other:
            saved = other.submit(save, second, url, fields(version, view="From the phone."), clock.now())
            assert saved.result().json["version"] == version + 1
        take_lock()

    monkeypatch.setattr(drafts, "take_lock", comes_between)
    answer = first.post(url, data=fields(version, view="From the laptop."))
    assert answer.status_code == 409
    assert "From the phone." in answer.text
    assert "From the laptop." in answer.text


def save(window, url, data, now):
    """What the script of a page does, in a thread of its own; the clock of a test stands for one thread only."""
    with clock.moved_to(now):
        return window.post(url, data=data, headers=SCRIPT)


def test_of_eight_windows_that_save_at_once_one_is_told_that_it_was_saved(client_for, url, now):
    windows = [client_for("partner_a") for _ in range(8)]
    for version in range(3):
        start = Barrier(len(windows))

        def at_once(number, version=version, start=start):
            start.wait()
            text = f"Round {version}, window {number}."
            return save(windows[number], url, fields(version, view=text), now).status_code

        with ThreadPoolExecutor(len(windows)) as pool:
            answers = list(pool.map(at_once, range(len(windows))))
        assert sorted(answers) == [200] + [409] * 7
        page = client_for("partner_a").get(url + "?all=1").text
        assert f"Round {version}, window {answers.index(200)}." in page


def test_a_save_leaves_one_line_of_what_was_opened_for_it_and_no_more(client_for, url, app):
    mara = client_for("partner_a")
    mara.post(url, data=fields(view="One."), headers=SCRIPT)
    for number in range(3):
        mara.post(url, data=fields(number + 1, view=f"More {number}."), headers=SCRIPT)
    with app.app_context():
        lines = db.session.scalars(db.select(AuditEvent).where(AuditEvent.verb == "read")).all()
        draft = db.session.scalars(db.select(Draft.id)).one()
    assert [line.detail["purpose"] for line in lines] == ["reflections.write"] * 3
    assert all(str(draft) in str(line.detail) for line in lines)


def test_the_script_hears_409_and_the_text_stays_on_its_page(client_for, url, app):
    client_for("partner_a").post(url, data=fields(view="From the phone."))
    answer = client_for("partner_a").post(url, data=fields(view="From the laptop."), headers=SCRIPT)
    assert answer.status_code == 409
    with app.app_context():
        assert db.session.scalar(db.select(KeptText)) is None


@pytest.mark.parametrize("version", ["999", "-1", "x", "", "1" * 40, "１"])
def test_a_version_that_was_made_up_never_overwrites(client_for, url, version):
    mara = client_for("partner_a")
    mara.post(url, data=fields(view="Mine."))
    assert mara.post(url, data=fields(view="Another.") | {"version": version}).status_code == 409
    assert "Mine." in mara.get(url).text


# The sign-in ended


def test_a_text_that_came_with_an_expired_sign_in_is_there_after_signing_in_again(client_for, url, ahead):
    mara = client_for("partner_a")
    writer = {"writer": writer_on(mara.get(url))}
    ahead(minutes=45)
    away = mara.post(url, data=fields(view="It was late when I wrote this.") | writer).location
    told = mara.get(away).text
    assert "What you wrote is put aside for you; sign in to find it." in told
    assert "Mara" not in told
    signed = mara.post(away, data={"name": "partner_a", "passphrase": PASSPHRASE})
    assert signed.location == url
    page = mara.get(signed.location)
    assert "It was late when I wrote this." in page.text
    mara.post(url + "/choose", data=hidden(page.text))
    assert "It was late when I wrote this." in mara.get(url + "?all=1").text


def test_if_the_other_partner_signs_in_at_that_screen_none_of_it_is_in_any_response(
    client_for, url, ahead, work, turn
):
    mara = client_for("partner_a")
    writer = {"writer": writer_on(mara.get(url))}
    ahead(minutes=45)
    away = mara.post(url, data=fields(view="canary of Mara") | writer).location
    assert "canary" not in mara.get(away).text
    signed = mara.post(away, data={"name": "partner_b", "passphrase": PASSPHRASE})
    assert signed.location == "/"
    signed = mara.get("/", follow_redirects=True)
    assert "put aside" not in signed.text
    pages = [signed] + [
        mara.get(path) for path in ("/", "/progress/now", "/progress/ours", "/progress/mine", url)
    ]
    pages.append(mara.post(url + "/choose", data={"version": "0", "pick_x_view": "here"}))
    assert not any("canary" in page.text for page in pages)
    assert pages[-2].status_code == 404
    assert "canary of Mara" in client_for("partner_a").get(url).text


@pytest.mark.parametrize("writer", [None, "", "x.y", "of another turn"])
def test_without_a_true_word_of_whose_it_is_nothing_is_kept(client_for, url, ahead, app, writer, work):
    mara = client_for("partner_a")
    if writer == "of another turn":
        other = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
        writer = writer_on(mara.get(f"/reflections/{other}"))
    ahead(minutes=45)
    data = fields(view="lost") | ({} if writer is None else {"writer": writer})
    away = mara.post(url, data=data).location
    assert "put aside" not in mara.get(away).text
    assert mara.post(url, data=data, headers=SCRIPT).json == {"kept": False}
    with app.app_context():
        assert db.session.scalar(db.select(KeptText)) is None


def signs_in_anew(browser):
    browser.post("/accounts/sign-out")
    browser.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": PASSPHRASE})


def signs_out(browser):
    browser.post("/accounts/sign-out")


def leaves_it_to_the_other(browser):
    browser.post("/accounts/sign-out")
    browser.post("/accounts/sign-in", data={"name": "partner_b", "passphrase": PASSPHRASE})


@pytest.mark.parametrize("forged", [True, False])
@pytest.mark.parametrize("meanwhile", [signs_in_anew, signs_out, leaves_it_to_the_other])
@pytest.mark.parametrize("headers", [{}, SCRIPT])
def test_an_old_tab_loses_nothing_whoever_is_signed_in_by_now(client_for, url, meanwhile, forged, headers):
    browser = client_for("partner_a")
    writer = {"writer": writer_on(browser.get(url))}
    meanwhile(browser)
    answer = browser.post(
        url, data=fields(view="canary of an old tab") | writer, forged=forged, headers=headers
    )
    is_admitted = meanwhile is signs_in_anew and not forged
    assert is_admitted or "canary" not in answer.text
    if headers and forged:
        assert answer.json == {"kept": True}
    if meanwhile is leaves_it_to_the_other:
        assert "canary" not in browser.get("/progress/now").text
        assert browser.get(f"/accounts/sign-in?next={url}").location == "/"
    assert "canary of an old tab" in client_for("partner_a").get(url + "?all=1").text


def test_a_sign_in_that_was_ended_elsewhere_loses_nothing(client_for, url):
    here, there = client_for("partner_a"), client_for("partner_a")
    writer = {"writer": writer_on(here.get(url))}
    there.post("/accounts/devices/end-others")
    answer = here.post(url, data=fields(view="Typed on the train.") | writer, headers=SCRIPT)
    assert (answer.status_code, answer.json) == (401, {"kept": True})
    assert "Typed on the train." in there.get(url).text


def test_what_comes_without_a_sign_in_never_overwrites_and_is_bounded(client_for, url, app):
    mara = client_for("partner_a")
    writer = {"writer": writer_on(mara.get(url))}
    mara.post(url, data=fields(view="My draft."))
    signs_out(mara)
    for number in range(drafts.KEPT_AT_MOST):
        assert mara.post(url, data=fields(view=f"Old tab {number}.") | writer, headers=SCRIPT).json["kept"]
    one_more = mara.post(url, data=fields(view="One too many.") | writer, headers=SCRIPT)
    assert one_more.json == {"kept": False}, (
        "what is called kept is never dropped, so this one is not called so"
    )
    with app.app_context():
        assert len(list(db.session.scalars(db.select(KeptText)))) == drafts.KEPT_AT_MOST
    page = client_for("partner_a").get(url).text
    assert "My draft." in page
    assert "Old tab 0." in page


def test_an_open_page_that_tries_again_and_again_is_kept_once(client_for, url, ahead, app):
    mara = client_for("partner_a")
    writer = {"writer": writer_on(mara.get(url))}
    ahead(minutes=45)
    for text in ("One", "One two"):
        assert mara.post(url, data=fields(view=text, page="a-page") | writer, headers=SCRIPT).json["kept"]
    with app.app_context():
        assert len(list(db.session.scalars(db.select(KeptText)))) == 1
    assert "One two" in client_for("partner_a").get(url).text


def test_an_addition_and_a_word_to_the_counselor_are_kept_too(client_for, url, ahead):
    mara = client_for("partner_a")
    writer = {"writer": writer_on(mara.get(url + "/say"))}
    ahead(minutes=45)
    mara.post(url + "/say", data={"kind": "too_much", "text": "It is a lot tonight.", **writer})
    assert "It is a lot tonight." in client_for("partner_a").get(url + "/say").text


# An error on our side


def test_an_error_while_saving_keeps_the_text_and_says_so(client_for, url, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("canary in the message")

    mara = client_for("partner_a")
    with monkeypatch.context() as broken_house:
        broken_house.setattr(actions, "save_page", broken)
        answer = mara.post(url, data=fields(view="canary in the text"))
    assert answer.status_code == 500
    assert "Your text is safe" in answer.text
    assert "canary" not in caplog.text
    assert "canary in the text" in client_for("partner_a").get(url).text
    assert "canary" not in client_for("partner_b").get("/progress/now").text


def test_an_error_while_sending_loses_nothing(client_for, url, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError

    mara = client_for("partner_a")
    mara.post(url, data=fields(topic="Tuesday", view="I lay awake."))
    with monkeypatch.context() as broken_house:
        broken_house.setattr(actions, "send", broken)
        sent = mara.post(
            url + "/before", data={"version": "1", "safety": "yes", "reads": "partner", "do": "send"}
        )
    assert sent.status_code == 500
    assert "Your text is safe" in sent.text
    assert "I lay awake." in client_for("partner_a").get(url + "?all=1").text


def test_when_nothing_can_be_kept_the_page_says_so_and_shows_the_words(client_for, url, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    mara = client_for("partner_a")
    monkeypatch.setattr(actions, "save_page", broken)
    monkeypatch.setattr(actions, "keep_text", broken)
    answer = mara.post(url, data=fields(view="Please copy me."))
    assert "Please copy your text" in answer.text
    assert "Please copy me." in answer.text


# What people type


def test_twenty_thousand_characters_fit(client_for, url):
    mara = client_for("partner_a")
    full = "é🙂" * 10_000
    assert mara.post(url, data=fields(topic="Tuesday", view=full, do="before")).location.endswith("/before")
    assert full in mara.get(url + "/before").text


def test_more_gets_a_clear_error_with_the_text_kept(client_for, url):
    mara = client_for("partner_a")
    long = "a" * 20_001
    answer = mara.post(url, data=fields(topic="Tuesday", view=long, do="before"))
    assert answer.status_code == 422
    assert "20,001 characters long; there is room for 20,000" in answer.text
    assert long in answer.text
    assert long in client_for("partner_a").get(url + "?all=1").text
    assert "How is it for you?" in mara.get(url + "/before").text  # named among what needs another look
    assert 'value="send"' not in mara.get(url + "/before").text


FROM_EVERYWHERE = [
    "שלום עולם",
    "مرحبا",
    "👩‍👩‍👧‍👦 family",
    "e\u0301",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "a\r\nb",
    "\u202eabc",
]


@pytest.mark.parametrize("text", FROM_EVERYWHERE)
def test_whatever_language_or_sign_comes_back_as_it_was(client_for, url, text, turn, work):
    mara = client_for("partner_a")
    assert mara.post(url, data=fields(topic="x", view=text)).status_code == 303
    assert "<script>alert" not in mara.get(url + "?all=1").text
    as_kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    assert (
        work.act("partner_a", turn, lambda author, _now: actions.standing(author).answers["view"]) == as_kept
    )


@pytest.mark.parametrize("text", ["a\x00b", "\x07", "%ED%A0%80"])
def test_a_sign_that_cannot_be_kept_is_named_and_the_rest_is_there(client_for, url, text):
    mara = client_for("partner_a")
    answer = mara.post(url, data=fields(topic="x", view=f"before {text} after"))
    assert answer.status_code in {303, 422}
    assert "after" in mara.get(url + "?all=1").text


def test_a_body_beyond_every_form_gets_its_own_page(client_for, url):
    answer = client_for("partner_a").post(url, data=fields(view="a" * 11_000_000))
    assert answer.status_code == 413
    assert "That is more than fits into one page" in answer.text


def test_boxes_that_the_document_does_not_know_change_nothing(client_for, url, app, turn):
    tricks = {
        "x_unknown": "x",
        "keep": "1",
        "partner_id": "1",
        "state": "sent",
        "narrow_topic": "y",
        "tail_note": "a",
        "decline_nobody": "y",
        "screen": "x_nothing",
    }
    mara = client_for("partner_a")
    mara.post(url, data=fields(topic="Tuesday", view="I") | tricks)
    with app.app_context():
        version = db.session.scalar(db.select(Draft.version).where(Draft.turn_id == turn))
    assert version == 1
    page = mara.get(url + "/before").text
    assert "unknown" not in page


def test_nobody_else_has_a_page_for_my_turn(client_for, url, nobody):
    for key in ("partner_b", "other_a", "ex_a", "elsewhere_a"):
        for path in ("", "/before", "/sent", "/say"):
            assert client_for(key).get(url + path).status_code == 404
            assert client_for(key).post(url, data=fields(view="x")).status_code == 404
    for key in ("counselor", "supervisor", "owner"):
        assert client_for(key).get(url).status_code == 403
    assert nobody.get(url).status_code == 303


def test_a_forged_form_is_refused(client_for, url):
    assert client_for("partner_a").post(url, data=fields(view="x"), forged=True).status_code == 400


def test_a_draft_is_never_the_counselors(client_for, url, work, turn):
    client_for("partner_a").post(url, data=fields(view="canary draft"))
    ruth = client_for("counselor")
    for path in ("/", "/reflections/queue", f"/reflections/rounds/{work.round(turn)}", "/progress/today"):
        assert "canary" not in ruth.get(path, follow_redirects=True).text


def test_the_clock_on_the_page_is_the_couples(client_for, url):
    client_for("partner_a").post(url, data=fields(view="x"))
    assert "Saved at 4:00 am" in client_for("partner_a").get(url).text  # 9:00 in UTC, New York in winter
    assert clock.now().hour == 9
