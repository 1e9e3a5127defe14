"""The counselor's side: the queue, side by side, release with its hold, return, reply, and who may do what."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic import clock, web
from clinic.audit import AuditEvent
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import tasks as homework
from clinic.homework.models import Round
from clinic.reflections import actions, tasks
from clinic.reflections.models import Opening, Reflection, Reply, Words

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)
HURT = {
    "before": 2,
    "event": "March",
    "felt_then": ["hurt"],
    "felt_now": ["hurt"],
    "days_words": "I check the phone.",
    "after": 3,
}


SECOND = {
    "before": 2,
    "meaning": "That I did not count.",
    "need_heard": "The nights.",
    "readiness": 7,
    "after": 3,
}


@pytest.fixture
def pair(work):
    check_in = work.assign("weekly_checkin")
    return [work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b")]


@pytest.fixture
def review(work, pair):
    return f"/reflections/rounds/{work.round(pair[0])}"


@pytest.fixture
def statement(work):
    """A text that its author agrees to pass on."""
    roles = {"partner_a": "injured", "partner_b": "involved"}
    turn = work.turn(work.assign("impact_statement", roles=roles), "first_sitting", "partner_a")
    work.send("partner_a", turn, HURT, consent="yes")
    return turn


@pytest.fixture
def round_url(work, statement):
    return f"/reflections/rounds/{work.round(statement)}"


def release_url(work, cast, turn):
    return f"/reflections/rounds/{work.round(turn)}/release/{cast.partners['partner_a']}"


def release(ruth, work, cast, turn, name="Jonas", read=None):
    """Look at what will be seen, and release just that; `read` is what stood on an earlier page."""
    url = release_url(work, cast, turn)
    return ruth.post(url, data={"turns": str(turn), "name": name, "seen": read or read_on(ruth, url)})


def read_on(ruth, url):
    """What the forms of a page carry to say which words stood on it."""
    return re.findall(r'name="seen" value="([^"]*)"', ruth.get(url).text)


def mark_reviewed(ruth, review, read=None, **more):
    """With the button on the page, or on an earlier one."""
    return ruth.post(review + "/review", data={"do": "done", "seen": read or read_on(ruth, review), **more})


# Side by side


def test_both_sides_stand_side_by_side_by_prompt(work, client_for, pair, review):
    work.send("partner_a", pair[0], {**PULSE, "rely": 5, "victory": "We laughed."})
    work.send("partner_b", pair[1], {**PULSE, "rely": 8, "victory": "She laughed."})
    page = client_for("counselor").get(review).text
    row = page[page.index("I could rely on what") :]
    assert row.index("3 apart") < row.index("I felt safe to say")
    assert "the same" in page
    assert page.index("We laughed.") < page.index("She laughed.")


def test_one_side_missing_is_said_and_nothing_else_of_it(work, client_for, pair, review):
    work.send("partner_a", pair[0], PULSE)
    client_for("partner_b").post(
        f"/reflections/{pair[1]}", data={"screen": "all", "x_victory": "canary draft"}
    )
    page = client_for("counselor").get(review).text
    assert "nothing yet" in page
    assert "canary" not in page
    assert "draft" not in page.split("<main")[1].lower()


def test_a_side_that_was_never_sent_is_closed_at_the_end(work, client_for, pair, review, ahead):
    work.send("partner_a", pair[0], PULSE)
    ahead(days=5)
    with work.app.app_context():
        homework.due(clock.now())
    assert "closed without an answer" in client_for("counselor").get(review).text


def test_legs_in_turn_stay_apart_and_tries_are_counted(work, client_for):
    assignment = work.assign("perspective_round")
    speak = work.turn(assignment, "speak", "partner_a")
    work.send("partner_a", speak, {"topic": "Tuesday", "view": "I lay awake."})
    for attempt, accuracy in ((1, "no"), (2, "yes")):
        heard = work.turn(assignment, "summarize", "partner_b", attempt=attempt)
        work.send("partner_b", heard, {"summary": f"Heard at try {attempt}."})
        fits = work.turn(assignment, "confirm", "partner_a", attempt=attempt)
        work.send("partner_a", fits, {"accuracy": accuracy, "correction": "More."})
    page = client_for("counselor").get(f"/reflections/rounds/{work.round(speak)}").text
    titles = re.findall(r'<h2 class="section-title[^>]*>([^<]*)<', page)
    about = "About Mara’s view · "
    assert titles == [
        about + "Say how it is for you",
        about + "Say it back · try 1 of 3",
        about + "Does it fit? · try 1 of 3",
        about + "Say it back · try 2 of 3",
        about + "Does it fit? · try 2 of 3",
    ]
    assert "the same" not in page
    assert "they meet" not in page
    assert "Not yet." not in page


def test_a_narrowed_answer_is_shown_and_marked(work, client_for, pair, review):
    work.send("partner_a", pair[0], {**PULSE, "victory": "only for Ruth"}, narrowed=("victory",))
    page = client_for("counselor").get(review).text
    assert "only for Ruth" in page
    assert "kept for you; looks declined to the other" in page


def aloud_events(work, turn):
    with work.app.app_context():
        row = db.session.get_one(Round, work.round(turn))
        return [event.detail["on"] for event in row.events if event.kind == "read_aloud"]


def test_the_counselor_marks_that_a_statement_was_read_aloud(work, client_for, statement, round_url):
    counselor = client_for("counselor")
    today = clock.local_day(clock.now(), "America/New_York") - timedelta(days=1)
    assert "Read aloud in a session" in counselor.get(round_url).text
    counselor.post(f"{round_url}/read-aloud", data={"aloud_on": today.isoformat()})
    page = counselor.get(round_url).text
    assert f"Read aloud on {today:%A}, {today:%B} {today.day}" in page
    assert f'value="{today.isoformat()}"' in page
    counselor.post(f"{round_url}/read-aloud", data={"aloud_on": ""})
    assert "Read aloud on" not in counselor.get(round_url).text
    assert aloud_events(work, statement) == [today.isoformat(), ""]
    with work.app.app_context():
        assert not db.session.scalars(select(Opening)).all()
        marks = db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "read aloud")).all()
        assert len(marks) == 2


def test_a_day_to_come_or_a_round_without_such_words_is_not_marked(
    work, client_for, statement, round_url, pair, review
):
    counselor = client_for("counselor")
    counselor.post(f"{round_url}/read-aloud", data={"aloud_on": "2199-01-01"})
    assert aloud_events(work, statement) == []
    work.send("partner_a", pair[0], PULSE)
    assert "Read aloud in a session" not in counselor.get(review).text
    counselor.post(f"{review}/read-aloud", data={"aloud_on": "2020-01-01"})
    assert aloud_events(work, pair[0]) == []


def test_both_see_what_they_share_at_the_top_of_the_review(work, client_for):
    given = work.assign("trust_definitions")
    for who, top in (("partner_a", ["money", "fair"]), ("partner_b", ["fair", "present"])):
        work.send(who, work.turn(given, "choose", who), {"top": top})
    page = client_for("counselor").get(
        f"/reflections/rounds/{work.round(first_turn(work, given, 'partner_a'))}"
    )
    at = page.text.index("Chosen by both")
    assert "Sharing the daily work fairly" in page.text[at : at + 300]


def test_what_would_rather_not_be_said_stays_unsaid(work, client_for, pair, review):
    work.send("partner_a", pair[0], {**PULSE, "rely": {"declined": True}})
    work.send("partner_b", pair[1], PULSE)
    assert "Would rather not say" in client_for("counselor").get(review).text


def test_twenty_thousand_characters_stand_beside_twenty(work, client_for):
    definitions = work.assign("trust_definitions")
    turns = [first_turn(work, definitions, who) for who in ("partner_a", "partner_b")]
    field, more = text_field(work, turns[0])
    long = "word " * 4000
    work.send("partner_a", turns[0], {**more, field: long})
    work.send("partner_b", turns[1], {**more, field: "twenty characters ok"})
    page = client_for("counselor").get(f"/reflections/rounds/{work.round(turns[0])}").text
    assert "The whole text, 20,000 characters" in page
    assert long.strip() in page
    assert "twenty characters ok" in page


def first_turn(work, assignment, who):
    from clinic.exercises.queries import document_of

    with work.app.app_context():
        document = document_of(work.assignment(assignment).version)
    return work.turn(assignment, next(iter(document.turns)), who)


def text_field(work, turn):
    """A text field of a turn, and answers to whatever else is required there."""
    from clinic.homework import queries as rounds
    from clinic.homework.models import Turn

    with work.app.app_context():
        row = db.session.get_one(Turn, turn)
        asked = rounds.document_for(row.round).turns[row.key]
    texts = [one.key for one in asked.fields if one.kind == "text" and one.lines > 1]
    needed = {one.key: sample(one) for one in asked.fields if one.required and one.key != texts[0]}
    return texts[0], needed


def sample(one):
    options = list(one.options or {})
    return {
        "text": "x",
        "scale": 5,
        "number": 1,
        "feelings": ["hurt"],
        "choice": options[:1] if one.many else (options or [""])[0],
        "ranked": options[: int(one.most or 1)],
        "rows": [{"row": "1", "label": "", "answers": {}}],
    }[one.kind]


def test_the_counselor_marks_that_two_texts_meet_and_takes_it_back(work, client_for, pair, review):
    for who, turn in zip(("partner_a", "partner_b"), pair, strict=True):
        work.send(who, turn, {**PULSE, "victory": f"by {who}"})
    ruth = client_for("counselor")
    ruth.post(review + "/meets", data={"row": "pulse.victory"})
    assert "you marked: they meet" in ruth.get(review).text
    ruth.post(review + "/meets", data={"row": "pulse.victory"})
    assert "you marked: they meet" not in ruth.get(review).text
    assert ruth.post(review + "/meets", data={"row": "pulse.nothing"}).status_code == 404


def test_an_answer_can_be_brought_up_at_the_appointment(work, client_for, pair, review):
    work.send("partner_a", pair[0], {**PULSE, "victory": "We laughed."})
    ruth = client_for("counselor")
    page = ruth.get(review).text
    action = re.search(r'action="(/appointments/agenda/[^"]*/victory)"', page).group(1)
    assert ruth.post(action, data={"back": review}).location.endswith(review)


# The private side


def test_the_note_and_the_rating_are_the_practices_and_reach_no_partner(work, client_for, pair, review, cast):
    work.send("partner_a", pair[0], PULSE)
    ruth = client_for("counselor")
    rated = f"quality_{cast.partners['partner_a']}"
    mark_reviewed(ruth, review, note="canary note", **{rated: "3"})
    page = ruth.get(review).text
    assert "canary note" in page
    assert re.search(rf'<input[^>]*checked[^>]*name="{rated}"[^>]*value="3"', page)
    assert "canary note" in client_for("supervisor").get(review).text
    for who in ("partner_a", "partner_b"):
        assert not any(
            "canary" in client_for(who).get(f"/progress/{name}").text for name in ("now", "ours", "mine")
        )


def test_something_new_brings_a_reviewed_round_back(work, client_for, pair, review):
    work.send("partner_a", pair[0], PULSE)
    ruth = client_for("counselor")
    mark_reviewed(ruth, review)
    assert "Weekly trust check-in" not in ruth.get("/reflections/queue").text
    work.send("partner_b", pair[1], PULSE)
    assert "Weekly trust check-in" in ruth.get("/reflections/queue").text


def test_a_reply_goes_to_one_or_to_both_each_with_a_copy_of_their_own(
    work, client_for, pair, review, cast, app
):
    work.send("partner_a", pair[0], PULSE)
    ruth, a, b = client_for("counselor"), str(cast.partners["partner_a"]), str(cast.partners["partner_b"])
    ruth.post(review + "/reply", data={"to": [a], "text": "Thank you, Mara."})
    ruth.post(review + "/reply", data={"to": [a, b], "text": "To both of you."})
    with app.app_context():
        assert sorted(str(row.to_id) for row in db.session.scalars(db.select(Reply))) == sorted([a, a, b])
    assert "Thank you, Mara." in ruth.get(review).text
    assert ruth.post(review + "/reply", data={"to": [], "text": "To nobody"}).status_code == 422
    other = str(cast.partners["other_a"])
    assert ruth.post(review + "/reply", data={"to": [other], "text": "canary"}).status_code == 422


def test_a_turn_goes_back_for_another_pass_with_a_word(work, client_for, statement, round_url):
    ruth, mara, url = client_for("counselor"), client_for("partner_a"), f"/reflections/{statement}"
    ruth.post(
        round_url + "/return",
        data={
            "turn": str(statement),
            "word": "Could you say more about the nights?",
            "seen": read_on(ruth, round_url),
        },
    )
    assert mara.get(url).location.endswith("/revise")
    page = mara.get(url + "/revise?all=1").text
    assert "Could you say more about the nights?" in page
    assert "I check the phone." in page


# Release


def test_before_a_release_the_counselor_sees_what_the_other_will_see(work, client_for, statement, cast):
    url = f"/reflections/rounds/{work.round(statement)}/release/{cast.partners['partner_a']}"
    page = client_for("counselor").get(url).text
    assert "What Jonas will see" in page
    assert "I check the phone." in page
    assert "How upset" not in page  # for the counselor alone


@pytest.mark.parametrize("name", ["", "Mara", "Jon"])
def test_a_release_is_confirmed_by_name(work, client_for, statement, cast, name):
    ruth = client_for("counselor")
    assert release(ruth, work, cast, statement, name).status_code == 422
    assert "Call it back" not in ruth.get(f"/reflections/rounds/{work.round(statement)}").text


def test_a_release_is_held_for_ten_minutes_and_then_opens(work, client_for, statement, cast, ahead, app):
    ruth, jonas = client_for("counselor"), client_for("partner_b")
    assert release(ruth, work, cast, statement, "jonas").status_code == 303
    ahead(minutes=9, seconds=59)
    with app.app_context():
        assert tasks.due(clock.now()) == 0
    assert "I check the phone." not in jonas.get("/progress/ours").text
    ahead(seconds=1)
    with app.app_context():
        assert tasks.due(clock.now()) == 1
        assert tasks.due(clock.now()) == 0
        assert len(list(db.session.scalars(db.select(Opening)))) == 1


def test_words_that_were_damaged_keep_their_own_round_closed_and_no_other(
    work, client_for, statement, cast, ahead, app, caplog
):
    ruth, damaged = client_for("counselor"), statement
    roles = {"partner_a": "injured", "partner_b": "involved"}
    whole = work.turn(work.assign("impact_statement", roles=roles), "first_sitting", "partner_a")
    work.send("partner_a", whole, HURT, consent="yes")
    for turn in (damaged, whole):
        assert release(ruth, work, cast, turn).status_code == 303
    with app.app_context():
        sent = db.select(Words).join(Reflection).where(Reflection.turn_id == damaged)
        for row in db.session.scalars(sent):
            row.answers_sealed = row.answers_sealed[:-1] + bytes([row.answers_sealed[-1] ^ 1])
        db.session.commit()
    ahead(minutes=11)
    with app.app_context():
        assert tasks.due(clock.now()) == 1
        assert {one.turn_id for one in db.session.scalars(db.select(Opening))} == {whole}
    assert [one.getMessage() for one in caplog.records if one.name == "goldseam.jobs"] == [
        "A round could not open (VaultError)."
    ]


def test_a_release_can_be_called_back_until_then(work, client_for, statement, cast, ahead, app, round_url):
    ruth = client_for("counselor")
    release(ruth, work, cast, statement)
    assert "Call it back" in ruth.get(round_url).text
    ahead(minutes=5)
    ruth.post(round_url + "/call-back", data={"turn": str(statement)})
    ahead(minutes=30)
    with app.app_context():
        assert tasks.due(clock.now()) == 0
    assert "See what Jonas will see" in client_for("counselor").get(round_url).text


def test_a_couple_elsewhere_has_its_hold_told_by_both_clocks(
    work, client_for, statement, cast, now, app, round_url
):
    with app.app_context():
        round_ = db.session.get_one(Round, work.round(statement))
        round_.assignment.zone = "Pacific/Auckland"
        home = db.session.get_one(Couple, round_.couple_id).practice.zone
        db.session.commit()
    ruth = client_for("counselor")
    answer = ruth.get(release(ruth, work, cast, statement).location).text
    ends = now + timedelta(minutes=10)
    told = f"{web.clock_time(web.in_zone(ends, 'Pacific/Auckland'))}, {web.elsewhere(ends, home, 'Pacific/Auckland')}"
    assert f"It opens at {told}." in answer
    assert f"at {told}.</b>" in ruth.get(round_url).text


def test_without_consent_there_is_nothing_to_release(work, client_for, statement, cast, app):
    work.send("partner_a", statement, HURT, consent="no")
    ruth = client_for("counselor")
    assert release(ruth, work, cast, statement).status_code == 303
    assert "Release to Jonas" not in ruth.get(f"/reflections/rounds/{work.round(statement)}").text


def test_a_reply_stands_beside_what_it_answers(work, client_for, cast, ahead, app):
    roles = {"partner_a": "injured", "partner_b": "involved"}
    given = work.assign("impact_statement", roles=roles)
    work.send("partner_a", work.turn(given, "first_sitting", "partner_a"), HURT, consent="yes")
    second = work.turn(given, "second_sitting", "partner_a")
    work.send("partner_a", second, SECOND, consent="yes")
    ruth = client_for("counselor")
    url = f"/reflections/rounds/{work.round(second)}/release/{cast.partners['partner_a']}"
    turns = re.findall(r'name="turns"[^>]*value="([^"]+)"', ruth.get(url).text)
    data = {"turns": turns, "name": "Jonas", "seen": read_on(ruth, url)}
    assert ruth.post(url, data=data).status_code == 303
    ahead(minutes=11)
    with app.app_context():
        tasks.due(clock.now())
    reply = work.turn(work.assign("validation_reply", roles=roles), "reply", "partner_b")
    answers = {"heard": "You lay awake.", "feelings": ["hurt"], "sense": "It does.", "my_part": "I hid it."}
    work.send(
        "partner_b", reply, {**answers, "will_do": [{"id": "a", "answers": {"what": "Call."}}]}, consent="yes"
    )
    page = client_for("counselor").get(f"/reflections/rounds/{work.round(reply)}").text
    assert "What is answered: Impact statement" in page
    assert "I check the phone." in page
    heard = page[page.index("Which feelings did you hear?") :]
    assert "the same" in heard[:1500]
    assert "not asked" not in heard[:1500]


def test_newer_words_wait_for_a_new_release(work, client_for, statement, cast, ahead, app):
    release(client_for("counselor"), work, cast, statement)
    work.send("partner_a", statement, {**HURT, "days_words": "Something she has not read."}, consent="yes")
    ahead(minutes=30)
    with app.app_context():
        assert tasks.due(clock.now()) == 0


def test_what_was_taken_back_meanwhile_does_not_open(work, client_for, statement, cast, ahead, app):
    release(client_for("counselor"), work, cast, statement)
    work.act("partner_a", statement, actions.take_back)
    ahead(minutes=30)
    with app.app_context():
        assert tasks.due(clock.now()) == 0


# What was read is what the act is about


HARSH = {**HURT, "days_words": "Something she has not read."}


def test_newer_words_are_not_released_by_a_page_that_showed_older_ones(
    work, client_for, statement, cast, ahead, app
):
    ruth = client_for("counselor")
    read = read_on(ruth, release_url(work, cast, statement))
    work.send("partner_a", statement, HARSH, consent="yes")
    answer = release(ruth, work, cast, statement, read=read)
    assert answer.status_code == 409
    assert "Something newer came in since you opened this page." in answer.text
    assert "Something she has not read." in answer.text
    ahead(minutes=30)
    with app.app_context():
        assert tasks.due(clock.now()) == 0
    assert release(client_for("counselor"), work, cast, statement).status_code == 303


@pytest.mark.parametrize("read", [["nothing"], []])
def test_a_release_that_does_not_say_what_was_read_opens_nothing(work, client_for, statement, cast, read):
    url = release_url(work, cast, statement)
    data = {"turns": str(statement), "name": "Jonas", "seen": read}
    assert client_for("counselor").post(url, data=data).status_code == 409


def test_newer_words_without_consent_leave_nothing_to_look_at(work, client_for, statement, cast):
    ruth = client_for("counselor")
    read = read_on(ruth, release_url(work, cast, statement))
    work.send("partner_a", statement, HARSH, consent="no")
    assert release(ruth, work, cast, statement, read=read).status_code == 303
    assert "opens at" not in ruth.get(f"/reflections/rounds/{work.round(statement)}").text


def test_what_is_kept_closer_during_the_hold_asks_for_another_look(
    work, client_for, statement, cast, ahead, app, round_url
):
    release(client_for("counselor"), work, cast, statement)
    work.act("partner_a", statement, lambda author, now: actions.narrow(author, ["days_words"], now))
    ahead(minutes=30)
    with app.app_context():
        assert tasks.due(clock.now()) == 0
    ruth = client_for("counselor")
    assert "See what Jonas will see" in ruth.get(round_url).text
    assert "to release" in ruth.get("/progress/today").text


def test_what_opens_is_what_was_read(work, client_for, statement, cast, ahead, app):
    work.send("partner_a", statement, HARSH, consent="yes")
    read = read_on(client_for("counselor"), release_url(work, cast, statement))
    release(client_for("counselor"), work, cast, statement, read=read)
    ahead(minutes=10)
    with app.app_context():
        assert tasks.due(clock.now()) == 1
        assert [row.revision for row in db.session.scalars(db.select(Opening))] == [2]
    assert read == [f"{statement}:2"]


def test_sealed_words_that_open_together_are_looked_at_together(work, client_for, cast):
    check_in = work.assign("weekly_checkin", opening="counselor")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, "victory": "We laughed."})
    work.send("partner_b", b, {**PULSE, "victory": "She laughed."})
    ruth = client_for("counselor")
    page = ruth.get(release_url(work, cast, a)).text
    assert "What Jonas will see" in page
    assert "What Mara will see at the same time" in page
    assert page.index("We laughed.") < page.index("She laughed.")
    assert ruth.get(f"/reflections/rounds/{work.round(a)}").text.count("Release to Mara and Jonas") == 1
    read = read_on(ruth, release_url(work, cast, a))
    work.send("partner_b", b, {**PULSE, "victory": "Something she has not read."})
    assert release(ruth, work, cast, a, "Mara and Jonas", read).status_code == 409
    assert release(ruth, work, cast, a, "Jonas").status_code == 422
    assert release(ruth, work, cast, a, "Mara and Jonas").status_code == 303


def test_what_came_in_while_she_read_stays_in_the_queue(work, client_for, pair, review):
    work.send("partner_a", pair[0], PULSE)
    ruth = client_for("counselor")
    read = read_on(ruth, review)
    work.send("partner_b", pair[1], {**PULSE, "victory": "Something she has not read."})
    answer = mark_reviewed(ruth, review, read, note="about Mara")
    assert answer.status_code == 409
    assert "Something she has not read." in answer.text
    assert "about Mara" in answer.text
    assert "Weekly trust check-in" in ruth.get("/reflections/queue").text
    assert mark_reviewed(ruth, review).status_code == 303
    assert "Weekly trust check-in" not in ruth.get("/reflections/queue").text


def test_what_was_taken_back_while_she_read_is_nothing_to_read(work, client_for, pair, review):
    work.send("partner_a", pair[0], PULSE)
    ruth = client_for("counselor")
    read = read_on(ruth, review)
    work.act("partner_a", pair[0], actions.take_back)
    assert mark_reviewed(ruth, review, read).status_code == 303


def test_newer_words_do_not_go_back_unread(work, client_for, statement, round_url):
    ruth, mara = client_for("counselor"), client_for("partner_a")
    read = read_on(ruth, round_url)
    work.send("partner_a", statement, HARSH, consent="yes")
    data = {"turn": str(statement), "word": "More, please.", "seen": read}
    answer = ruth.post(round_url + "/return", data=data)
    assert answer.status_code == 409
    assert "Something she has not read." in answer.text
    assert "More, please." in answer.text
    assert mara.get(f"/reflections/{statement}").location.endswith("/sent")


# Who may


def test_a_supervisor_reads_and_changes_nothing(work, client_for, statement, cast, round_url):
    ingrid = client_for("supervisor")
    page = ingrid.get(round_url)
    assert "I check the phone." in page.text
    assert "<form" not in page.text.split("<main")[1]
    assert release(ingrid, work, cast, statement).status_code == 404
    for path in ("/reply", "/review", "/return", "/call-back", "/meets"):
        assert ingrid.post(round_url + path, data={"turn": str(statement)}).status_code == 404


@pytest.mark.parametrize(
    ("key", "status"), [("other_counselor", 404), ("elsewhere_counselor", 404), ("partner_a", 403)]
)
def test_nobody_else_has_a_page_for_this_round(client_for, round_url, key, status, work, statement, cast):
    person = client_for(key)
    assert person.get(round_url).status_code == status
    assert release(person, work, cast, statement).status_code == status
    for path in ("/reply", "/review", "/return", "/call-back", "/meets"):
        assert person.post(round_url + path).status_code == status
    queue = person.get("/reflections/queue")
    assert queue.status_code == (403 if status == 403 else 200)
    assert "Mara" not in queue.text.split("<main")[-1]


def test_the_owner_reads_nothing_clinical(client_for, round_url):
    assert client_for("owner").get(round_url).status_code == 404


def test_who_left_reads_nothing_more(client_for, round_url):
    answer = client_for("left").get(round_url)
    assert answer.status_code in {303, 403, 404}


def test_a_word_beside_the_answers_is_marked_read_by_its_counselor_alone(work, client_for, pair):
    client_for("partner_a").post(f"/reflections/{pair[0]}/say", data={"kind": "not_now", "text": "Later."})
    ruth = client_for("counselor")
    page = ruth.get("/reflections/queue").text
    action = re.search(r'action="(/reflections/notes/[^"]*/read)"', page).group(1)
    assert client_for("supervisor").post(action).status_code == 404
    assert client_for("other_counselor").post(action).status_code == 404
    assert ruth.post(action).status_code == 303
    assert "Later." not in ruth.get("/reflections/queue").text


def test_a_turn_of_another_round_cannot_be_slipped_in(work, client_for, statement, pair, review):
    assert (
        client_for("counselor").post(review + "/call-back", data={"turn": str(statement)}).status_code == 404
    )


def test_a_number_stands_beside_the_one_of_the_round_before(work, client_for, ahead):
    check_in = work.assign("weekly_checkin")
    work.send("partner_a", work.turn(check_in, "pulse", "partner_a"), {**PULSE, "rely": 4})
    ahead(days=7)
    with work.app.app_context():
        homework.due(clock.now())
        second = db.session.scalar(db.select(Round).where(Round.number == 2))
        turn = next(one.id for one in second.turns if one.partner_id == work.cast.partners["partner_a"])
    work.send("partner_a", turn, {**PULSE, "rely": 6})
    assert "of 10, last time 4" in client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}").text
