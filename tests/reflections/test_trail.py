"""The trail of a couple: its counselor sees who did what, and nobody else sees any of it."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clinic import clock
from clinic.extensions import db
from clinic.privacy import trail

ROOT = Path(__file__).parents[2]
DOMAINS = ("couples", "consent", "safety", "homework", "reflections", "appointments", "documents")
PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)


@pytest.fixture
def given(work):
    return work.assign("weekly_checkin")


def lines(page: str) -> list[str]:
    found = re.findall(
        r'<span class="line__main">(.*?)</span><span class="line__sub tnum">(.*?)</span>', page
    )
    return [re.sub(r"<[^>]+>", "", " | ".join(one)) for one in found]


def test_the_counselor_sees_what_each_did_and_who_read_it(client_for, work, given, cast):
    turn = work.turn(given, "pulse", "partner_a")
    work.send("partner_a", turn, PULSE | {"victory": "We laughed."})
    for who in ("counselor", "supervisor"):
        client_for(who).get(f"/reflections/rounds/{work.round(turn)}")
    page = client_for("counselor").get(f"/privacy/couples/{cast.couples['couple']}/trail").text
    found = lines(page)
    assert any(one.startswith("Ingrid Sol read what was sent of Mara") for one in found), found
    assert any(one.startswith("Mara sent an answer") for one in found), found
    assert f"/reflections/rounds/{work.round(turn)}" in page
    assert any("to review it" in one for one in found)
    assert "We laughed" not in page


def test_what_happened_at_night_stands_under_its_date(client_for, work, given, cast):
    turn = work.turn(given, "pulse", "partner_a")
    night = clock.now().astimezone(ZoneInfo("America/New_York")).replace(hour=2, minute=15) + timedelta(
        days=1
    )
    with clock.moved_to(night):
        work.send("partner_a", turn, PULSE)
        page = client_for("counselor").get(f"/privacy/couples/{cast.couples['couple']}/trail").text
    days = re.split(r'<h2 class="section-title" id="day-\d+">', page)
    assert "Mara" in days[1]
    assert "2:15 am" in days[1]
    assert f"{night:%A, %B} {night.day}" in days[1]


def test_that_somebody_sat_before_something_unsent_is_told_to_nobody(client_for, work, given, cast):
    mara, turn = client_for("partner_a"), work.turn(given, "pulse", "partner_a")
    path = f"/privacy/couples/{cast.couples['couple']}/trail"
    before = lines(client_for("counselor").get(path).text)
    mara.get(f"/reflections/{turn}")
    mara.post(f"/reflections/{turn}", data={"screen": "all", "version": "0", "x_victory": "We laughed."})
    mara.get(f"/reflections/{turn}/before")
    assert lines(client_for("counselor").get(path).text) == before


def test_every_line_says_what_was_read_and_speaks_of_the_two(client_for, work, given, cast):
    turn = work.turn(given, "pulse", "partner_a")
    work.send("partner_a", turn, PULSE)
    ruth = client_for("counselor")
    ruth.get(f"/homework/{given}")
    ruth.get(f"/progress/couples/{cast.couples['couple']}")
    found = lines(ruth.get(f"/privacy/couples/{cast.couples['couple']}/trail").text)
    assert not [one for one in found if " read |" in one], found
    assert not [one for one in found if " you" in one], found


def test_it_goes_back_page_by_page_to_the_beginning(client_for, cast, app):
    path = f"/privacy/couples/{cast.couples['couple']}/trail"
    with app.app_context():
        couple = db.session.get(trail.Couple, cast.couples["couple"])
        total = trail.length(couple)
    page = client_for("counselor").get(path).text
    assert f"of {total}" in page
    assert len(lines(page)) == min(total, trail.PAGE)
    assert "There are no entries this far back" in client_for("counselor").get(f"{path}?start=900000").text


def test_each_act_about_a_couple_has_its_words():
    known = {key.rpartition(" ")[0] for key in trail.DID}
    said = {
        node.args[1].value
        for domain in DOMAINS
        for file in (ROOT / "clinic" / domain).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "record"
        and len(node.args) > 2
        and isinstance(node.args[1], ast.Constant)
    }
    assert len(said) > 40
    assert said <= known, said - known
