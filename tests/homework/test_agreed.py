"""What was agreed reaches the one with whom it was agreed: on every card, where one writes, and nowhere else."""

import re
from html import unescape

import pytest

from clinic.homework.agreed import Agreed
from tests.homework.test_pages import page_of, ruth

__all__ = ["ruth"]

SAID = {
    "rationale": "You both asked what Tuesday left behind.",
    "when_where": "Thursday at nine, in the kitchen.",
    "obstacle": "If the baby wakes, then on Friday.",
}
ALONE = {"note_1": "You need not be fair, Mara.", "note_2": "Leave the work phone in the hall, Jonas."}
PLAN = {
    **SAID,
    **ALONE,
    "recipients": "both",
    "starts_on": "2026-03-03",
    "opening": "both_answered",
    "confidence_1": "9",
    "confidence_2": "8",
    "good_by": "2026-03-09",
    "first": "1",
}


def words_of(html):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def card_of(html, after=""):
    """The words of the first card that stands after a heading."""
    begin = html.index('<section class="sheet now-card"', html.index(after))
    return words_of(html[begin : html.index("</section>", begin)])


def give(ruth, work, slug="weekly-checkin", **more):
    given = ruth.post(page_of(work, slug), data={**PLAN, **more, "give": "1"})
    assert given.status_code == 303, words_of(given.text)
    return given.location


def pages_of(client):
    """Every page of a client's home and everything to write that it leads to."""
    home = client.get("/progress/now").text
    there = re.findall(r'href="(/reflections/[0-9a-f-]{36})"', home)
    views = [f"{one}{view}" for one in there for view in ("", "?all=1")]
    others = ("/progress/ours", "/progress/mine")
    return {"home": home, **{path: client.get(path).text for path in (*views, *others)}}


@pytest.mark.parametrize(("who", "own", "foreign"), [("partner_a", 1, 2), ("partner_b", 2, 1)])
def test_each_reads_the_plan_on_the_card_and_where_it_is_written(work, ruth, client_for, who, own, foreign):
    give(ruth, work)
    pages = pages_of(client_for(who))
    writing = [text for path, text in pages.items() if path.startswith("/reflections/")]
    assert len(writing) == 2
    for text in (card_of(pages["home"]), *writing):
        for said in (*SAID.values(), ALONE[f"note_{own}"]):
            assert said in words_of(text)
    assert all("What you agreed" in text for text in writing)
    for text in pages.values():
        assert ALONE[f"note_{foreign}"] not in words_of(text)
        assert "How sure" not in text
        assert "9 of 10" not in words_of(text)


def test_what_stands_below_the_first_card_has_its_plan_too(work, ruth, client_for):
    give(ruth, work)
    give(
        ruth, work, "feelings-log", rationale="To catch it while it is warm.", when_where="At the tram stop."
    )
    home = words_of(client_for("partner_a").get("/progress/now").text)
    for said in (SAID["rationale"], "To catch it while it is warm.", "At the tram stop."):
        assert said in home
    assert home.count(ALONE["note_1"]) == 2


@pytest.mark.parametrize(
    "slug", ["weekly-checkin", "feelings-log", "trust-definitions", "calm-conversation-plan", "victories-log"]
)
def test_the_preview_is_the_card_that_the_client_gets(work, ruth, client_for, slug):
    shown = ruth.post(page_of(work, slug), data={**PLAN, "preview": "1"}).text
    where = give(ruth, work, slug)
    for who, name in (("partner_a", "Mara"), ("partner_b", "Jonas")):
        home = client_for(who).get("/progress/now").text
        assert card_of(shown, f"As <bdi>{name}</bdi> will see it") == card_of(home)
        later = ruth.get(f"{where}/as/{1 if name == 'Mara' else 2}").text
        assert card_of(later) == card_of(home)


def test_who_comes_second_is_shown_so_and_has_no_card_on_the_first_day(work, ruth, client_for):
    shown = ruth.post(page_of(work, "perspective-round"), data={**PLAN, "preview": "1"}).text
    assert words_of(shown).count("Not on the first day") == 1
    assert "it comes when it is <bdi>Jonas</bdi>" in shown
    give(ruth, work, "perspective-round")
    assert "now-card" not in client_for("partner_b").get("/progress/now").text


def test_the_form_says_who_reads_which_box(work, ruth):
    shown = words_of(ruth.get(page_of(work)).text)
    assert "In your words; they read it first." in shown
    assert shown.count("They read it on their card and where they write.") == 2
    assert shown.count("For you alone: they do not see the number.") == 2
    assert "On Mara’s pages only; Jonas never sees it." in shown


def test_what_was_not_talked_about_is_empty_and_takes_no_room():
    assert Agreed().kept() is None
    assert Agreed(when_where="Sunday", confidence=0).kept() == {"when_where": "Sunday", "confidence": 0}
    assert Agreed.of({"when_where": "Sunday", "confidence": 9, "rationale": None}) == Agreed(
        when_where="Sunday", confidence=9
    )
    assert Agreed.of(None) == Agreed()
