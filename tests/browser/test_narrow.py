"""A phone of 320 px: what belongs together stands together, and nothing lies on something else."""

from typing import Any

from playwright.sync_api import Locator

from tests.browser.conftest import Enter
from tests.browser.house import DEMO_PASSPHRASE, House

NARROW = {"viewport": {"width": 320, "height": 640}}


def box(one: Locator) -> dict[str, Any]:
    """Where it stands on the page."""
    found = one.bounding_box()
    assert found is not None
    return dict(found)


def test_the_three_ways_to_decline_stand_on_one_line(demo_house: House, enter: Enter) -> None:
    page = enter(demo_house, "mara", DEMO_PASSPHRASE, **NARROW)
    assert len({box(one)["y"] for one in page.locator(".now-card .declines a").all()}) == 1


def test_a_supervisor_reads_question_and_verdict_apart(
    demo_house: House, enter: Enter, made: tuple[Any, dict[str, Any]]
) -> None:
    page = enter(demo_house, "lin", DEMO_PASSPHRASE, **NARROW)
    couple = next(one for one in made[1]["couples"] if one["key"] == "mara-jonas")
    page.goto(f"{demo_house.url}/homework/{couple['assignments']['session_prep']}")
    page.locator("main a[href*='/reflections/rounds/']").nth(1).click()
    rows = [one for one in page.locator(".compare__q").all() if one.locator(".meets").count()]
    assert rows
    for row in rows:
        asked, told = box(row.locator("h2")), box(row.locator(".meets"))
        assert told["x"] >= asked["x"] + asked["width"] or told["y"] >= asked["y"] + asked["height"]
    said = page.locator(".compare__head").inner_text()
    assert said.count("for you") == 2  # once for each, and by no line again
    assert page.locator(".kept-note").count() == 0


def test_each_past_appointment_is_told_in_the_same_shape(
    demo_house: House, enter: Enter, made: tuple[Any, dict[str, Any]]
) -> None:
    page = enter(demo_house, "ruth", DEMO_PASSPHRASE, **NARROW)
    couple = next(one for one in made[1]["couples"] if one["key"] == "mara-jonas")
    page.goto(f"{demo_house.url}/appointments/of/{couple['id']}")
    told = page.locator(".lines > .row.between > .quiet").all()
    assert len(told) > 5
    assert len({box(one)["x"] for one in told}) == 1


def test_a_name_in_arabic_begins_where_the_line_below_it_begins(demo_house: House, enter: Enter) -> None:
    page = enter(demo_house, "sefa", DEMO_PASSPHRASE, **NARROW)
    name = page.locator(".worklist__who bdi", has_text="ليلى").first
    assert name.evaluate("(one) => getComputedStyle(one).textAlign") == "left"


def test_what_went_wrong_stands_apart_from_the_paper_that_is_signed(
    demo_house: House, enter: Enter, made: tuple[Any, dict[str, Any]]
) -> None:
    page = enter(demo_house, "noel", DEMO_PASSPHRASE, **NARROW)
    page.goto(f"{demo_house.url}/consent/consent")
    page.get_by_role("link", name="Go on to sign it").click()
    page.get_by_role("button", name="Sign it").click()
    said, paper = box(page.locator(".summary")), box(page.locator(".prose--paper"))
    assert paper["y"] - said["y"] - said["height"] >= 16
