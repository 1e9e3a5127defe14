"""Mine: what was begun stays its author's whatever became of it, and who of the practice read what was sent."""

from uuid import UUID

import pytest

from clinic.audit import WordsRead
from clinic.extensions import db
from tests.rules.forms_on import forms_on

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)
TURN_PAGES = ("", "/draft", "/before", "/say", "/sent", "/own")


@pytest.fixture
def given(work):
    return work.assign("weekly_checkin")


@pytest.fixture
def begun(work, given, client_for):
    """Mara has a draft; the address of her turn."""
    url = f"/reflections/{work.turn(given, 'pulse', 'partner_a')}"
    client_for("partner_a").post(
        url, data={"screen": "all", "version": "0", "x_victory": "We laughed on Sunday."}
    )
    return url


def recalled(ruth, given, **_):
    ruth.post(f"/homework/{given}/recall")


def ended(ruth, given, **_):
    ruth.post(f"/homework/{given}/end")


def excused(ruth, given, **_):
    ruth.post(f"/homework/{given}/excuse/2")


def paused(ruth, given, **_):
    ruth.post(f"/homework/{given}/pause")


def separated(ruth, cast, **_):
    ruth.post(f"/couples/{cast.couples['couple']}/separate", data={"is_sure": "y"})


@pytest.mark.parametrize("act", [recalled, ended, excused, paused, separated])
def test_a_draft_is_found_by_its_author_whatever_became_of_it(client_for, given, begun, cast, act):
    act(client_for("counselor"), given=given, cast=cast)
    mara, jonas = client_for("partner_a"), client_for("partner_b")
    mine = mara.get("/progress/mine").text
    assert f'href="{begun}/draft"' in mine
    assert "Begun, not sent" in mine
    assert "Weekly" not in mine.partition("<main")[2]
    assert "We laughed" not in mine
    page = mara.get(f"{begun}/draft")
    assert (page.status_code, "We laughed on Sunday." in page.text) == (200, True)
    assert begun not in jonas.get("/progress/mine").text
    assert "not sent" not in jonas.get("/progress/mine").text
    assert [jonas.get(begun + end).status_code for end in TURN_PAGES] == [404] * len(TURN_PAGES)
    assert client_for("counselor").get(f"{begun}/draft").status_code == 403


def test_the_words_of_a_draft_open_after_a_fresh_proof(client_for, begun, ahead):
    mara = client_for("partner_a")
    ahead(minutes=6)
    assert "/accounts/prove" in mara.get(f"{begun}/draft").location


def test_a_draft_of_an_open_turn_leads_on_and_is_gone_when_it_was_sent(client_for, work, begun):
    mara = client_for("partner_a")
    assert "Go on writing" in mara.get(f"{begun}/draft").text
    work.send("partner_a", UUID(begun.rpartition("/")[2]), PULSE)
    assert "Begun, not sent" not in mara.get("/progress/mine").text


def test_what_is_typed_while_the_counselor_recalls_it_is_kept_for_its_author(client_for, given, begun):
    mara = client_for("partner_a")
    form = next(one for one in forms_on(begun, mara.get(begun + "?all=1").text) if one.action == begun)
    client_for("counselor").post(f"/homework/{given}/recall")
    assert mara.post(begun, data=form.sent(x_victory="We laughed again on Monday.")).status_code == 404
    assert "We laughed again on Monday." in mara.get(f"{begun}/draft").text


# Who read it


def test_it_says_which_staff_read_what_was_sent_why_and_on_which_day(client_for, work, given, cast):
    turn = work.turn(given, "pulse", "partner_a")
    work.send("partner_a", turn, PULSE | {"victory": "We laughed."})
    mara, jonas = client_for("partner_a"), client_for("partner_b")
    assert "Who of the practice read it" not in mara.get("/progress/mine").text
    for who in ("counselor", "supervisor"):
        client_for(who).get(f"/reflections/rounds/{work.round(turn)}")
    mine = mara.get("/progress/mine").text
    assert "<bdi>Ruth Okafor</bdi>, your counselor" in mine
    assert "<bdi>Ingrid Sol</bdi>, supervisor" in mine
    assert mine.count("what you sent, to review it, on Tuesday, March 3, 2026") == 2
    client_for("counselor").post(f"/appointments/agenda/{turn}/victory")
    client_for("counselor").get(f"/appointments/of/{cast.couples['couple']}")
    again = mara.get("/progress/mine").text
    assert "what you sent, to review it and to prepare an appointment, on Tuesday, March 3, 2026" in again
    client_for("counselor").get(f"/progress/couples/{cast.couples['couple']}")
    third = mara.get("/progress/mine").text
    assert "to review it, to prepare an appointment and to see how you both go on, on Tuesday" in third
    assert "Who of the practice read it" not in jonas.get("/progress/mine").text


def test_neither_the_partners_reading_nor_ones_own_nor_the_houses_is_told(client_for, work, given, app):
    turns = [work.turn(given, "pulse", who) for who in ("partner_a", "partner_b")]
    for who, turn in zip(("partner_a", "partner_b"), turns, strict=True):
        work.send(who, turn, PULSE)
    for who in ("partner_a", "partner_b"):
        client_for(who).get("/progress/ours")
        client_for(who).get(f"/reflections/{turns[0]}/own")
    with app.app_context():
        assert db.session.scalar(db.select(WordsRead)) is None


def test_drafts_plans_and_safety_are_no_words_that_were_read(client_for, begun, given, cast, app):
    ruth = client_for("counselor")
    for page in (
        f"/homework/{given}",
        "/safety/flags",
        f"/safety/{cast.couples['couple']}",
        "/progress/today",
    ):
        ruth.get(page)
    with app.app_context():
        assert db.session.scalar(db.select(WordsRead)) is None


def test_mine_needs_a_dozen_statements_however_much_was_read(client_for, work, given, app):
    from sqlalchemy import Engine, event

    turn = work.turn(given, "pulse", "partner_a")
    work.send("partner_a", turn, PULSE)
    for _ in range(5):
        client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}")
    mara, found = client_for("partner_a"), []
    mara.get("/progress/mine")
    watch = lambda _c, _k, statement, *_: found.append(statement)  # noqa: E731
    event.listen(Engine, "before_cursor_execute", watch)
    mara.get("/progress/mine")
    event.remove(Engine, "before_cursor_execute", watch)
    reads = [one for one in found if one.lstrip().upper().startswith("SELECT")]
    assert len(reads) <= 12, "\n\n".join(reads)
