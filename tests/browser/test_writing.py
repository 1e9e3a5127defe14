"""Writing on a phone: what is called saved is there, what is not saved is called that, and nothing gets lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Enter
from tests.browser.house import DEMO_PASSPHRASE, House

GOOD = "One thing that went well"
AWAY = "https://www.wikipedia.org/"


def at_the_checkin(page: Page, house: House) -> None:
    """The page of this week's check-in, all questions at once."""
    page.goto(f"{house.url}/progress/now")
    page.locator("a.button", has_text=re.compile("Begin|Go on where you stopped")).first.click()
    show_all = page.get_by_role("link", name="Show all questions on one page")
    if show_all.count():
        show_all.click()
    expect(good(page)).to_be_visible()


def good(page: Page) -> object:
    """The box for one thing that went well."""
    return page.get_by_role("textbox", name=GOOD)


def test_what_was_called_saved_is_there_at_another_device(demo_house: House, enter: Enter) -> None:
    first = enter(demo_house, "ayodele", DEMO_PASSPHRASE)
    at_the_checkin(first, demo_house)
    good(first).fill("We laughed in the car.")
    expect(first.locator("#saved[data-state=saved]")).to_contain_text("Saved at")
    first.context.close()
    second = enter(demo_house, "ayodele", DEMO_PASSPHRASE)
    at_the_checkin(second, demo_house)
    expect(good(second)).to_have_value("We laughed in the car.")


def test_without_a_connection_it_says_not_saved_yet_and_tries_again(demo_house: House, enter: Enter) -> None:
    page = enter(demo_house, "declan", DEMO_PASSPHRASE)
    at_the_checkin(page, demo_house)
    page.context.set_offline(True)
    good(page).fill("She asked, and I told her.")
    expect(page.locator("#saved")).to_contain_text("Not saved yet")
    page.context.set_offline(False)
    expect(page.locator("#saved[data-state=saved]")).to_contain_text("Saved at")
    page.reload()
    expect(good(page)).to_have_value("She asked, and I told her.")


def test_nothing_of_it_stays_in_the_browser(demo_house: House, enter: Enter) -> None:
    page = enter(demo_house, "yusuf", DEMO_PASSPHRASE)
    at_the_checkin(page, demo_house)
    good(page).fill("We were on time.")
    expect(page.locator("#saved[data-state=saved]")).to_be_visible()
    kept = page.evaluate(
        "[localStorage.length, sessionStorage.length, navigator.serviceWorker?.controller ?? null]"
    )
    assert kept == [0, 0, None]


def test_two_windows_lose_nothing(demo_house: House, enter: Enter) -> None:
    one = enter(demo_house, "idris", DEMO_PASSPHRASE)
    at_the_checkin(one, demo_house)
    other = one.context.new_page()
    at_the_checkin(other, demo_house)
    good(one).fill("From the first window.")
    expect(one.locator("#saved[data-state=saved]")).to_be_visible()
    good(other).fill("From the second window.")
    expect(other.locator("#saved")).to_contain_text("you also wrote in another window")
    other.get_by_role("button", name="Save draft").click()
    expect(other.get_by_role("heading", name="Both texts are safe")).to_be_visible()
    for words in ("From the first window.", "From the second window."):
        expect(other.get_by_text(words).first).to_be_visible()
    other.get_by_role("button", name="Go on with these").click()
    expect(other.get_by_role("textbox", name=GOOD)).not_to_have_value("")


def test_everything_works_without_scripts(demo_house: House, enter: Enter) -> None:
    page = enter(demo_house, "bartholomew", DEMO_PASSPHRASE, java_script_enabled=False)
    at_the_checkin(page, demo_house)
    good(page).fill("Written without a script.")
    page.get_by_role("button", name="Save draft").click()
    at_the_checkin(page, demo_house)
    expect(good(page)).to_have_value("Written without a script.")
    page.get_by_role("button", name="Look it over before sending").click()
    expect(page.get_by_role("heading", name="Before you send it")).to_be_visible()
    expect(page.get_by_text("Not ready to send yet.")).to_be_visible()


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_the_way_out_leaves_nothing_behind(
    demo_house: House, enter: Enter, java_script_enabled: bool
) -> None:
    page = enter(demo_house, "bronwen", DEMO_PASSPHRASE, java_script_enabled=java_script_enabled)
    page.context.route(
        f"{AWAY}**", lambda route: route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")
    )
    at_the_checkin(page, demo_house)
    page.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url(AWAY)
    page.goto(f"{demo_house.url}/progress/now")
    expect(page).to_have_url(re.compile("/accounts/sign-in"))
    page.go_back()
    expect(page.get_by_role("textbox", name=GOOD)).to_have_count(0)
