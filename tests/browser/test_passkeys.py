"""Passkeys and code apps in a real browser: the whole ceremony, with an authenticator that Chromium plays."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, Enter
from tests.browser.house import PASSPHRASE, House, new_practice, served, sign_in

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def strict_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A real practice on its first day: who works there needs a second step."""
    folder: Path = tmp_path_factory.mktemp("strict") / "data"
    new_practice(folder)
    with served(folder, demo=False) as house:
        yield house


class Device:
    """The part of a device that keeps passkeys."""

    def __init__(self, page: Page) -> None:
        self.cdp: Any = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        self.id = made["authenticatorId"]

    def is_verified(self, *, by_its_owner: bool) -> None:
        """Whether finger, face or PIN is the right one."""
        told = {"authenticatorId": self.id, "isUserVerified": by_its_owner}
        self.cdp.send("WebAuthn.setUserVerified", told)

    @property
    def keys(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return told


def complaints(page: Page) -> list[str]:
    """What the console says: a rule about scripts that was broken, an error of a script."""
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: said.append(str(one)))
    return said


def add_passkey(page: Page) -> list[str]:
    """From the page on which a second step is set up; the recovery codes."""
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What you call it").fill("My laptop")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return page.locator("code").all_inner_texts()


def use_passkey(page: Page) -> None:
    page.get_by_role("button", name="Use a passkey").click()


def is_in(page: Page) -> None:
    expect(page.get_by_role("link", name="Today")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/accounts/sign-in")


def test_staff_set_a_passkey_up_and_come_in_with_it(strict_house: House, enter: Enter) -> None:
    page = enter(strict_house, None, **DESK)
    said, device = complaints(page), Device(page)
    sign_in(page, strict_house, "ruth")
    expect(page.get_by_role("heading", name="Set up a second step")).to_be_visible()
    page.goto(f"{strict_house.url}/couples/")
    expect(page.get_by_role("heading", name="Set up a second step")).to_be_visible()
    codes = add_passkey(page)
    assert len(set(codes)) == 10
    assert len(device.keys) == 1
    assert device.keys[0]["rpId"] == "localhost"
    page.get_by_role("link", name="I have them on paper").click()
    page.goto(f"{strict_house.url}/couples/")
    expect(page.get_by_role("heading", name="Caseload")).to_be_visible()

    sign_out(page)  # passphrase, then passkey
    sign_in(page, strict_house, "ruth")
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    use_passkey(page)
    is_in(page)

    sign_out(page)  # a passkey alone
    use_passkey(page)
    is_in(page)

    strict_house.later(6)  # a fresh proof by passkey
    page.goto(f"{strict_house.url}/accounts/second-step/keys")
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    use_passkey(page)
    expect(page.get_by_text("My laptop")).to_be_visible()
    assert said == []
    assert_refuses_another_finger(page, device)


def assert_refuses_another_finger(page: Page, device: Device) -> None:
    sign_out(page)
    device.is_verified(by_its_owner=False)
    use_passkey(page)
    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    assert "/accounts/sign-in" in page.url


def test_an_answer_of_a_passkey_is_taken_once(strict_house: House, enter: Enter) -> None:
    page = enter(strict_house, None, **DESK)
    Device(page)
    sign_in(page, strict_house, "ruth")
    add_passkey(page)
    sign_out(page)
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.post_data or "") if "sign-in/passkey" in one.url else None)
    use_passkey(page)
    page.wait_for_url(re.compile(r"/progress/today"))
    sign_out(page)
    token = page.locator("input[name=csrf_token]").first.input_value()
    again = re.sub(r"csrf_token=[^&]+", f"csrf_token={token}", sent[0])
    answer = page.request.post(
        f"{strict_house.url}/accounts/sign-in/passkey",
        data=again,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 422
    page.goto(f"{strict_house.url}/progress/today")
    assert "/accounts/sign-in" in page.url


def test_without_script_codes_and_paper_do(strict_house: House, enter: Enter) -> None:
    page = enter(strict_house, None, **DESK, java_script_enabled=False)
    sign_in(page, strict_house, "ruth")
    page.get_by_role("button", name="Add a code app").click()
    expect(page.locator(".qr svg")).to_be_visible()
    secret = page.locator("dd").first.inner_text().replace(" ", "")
    at = int(time.time())
    page.get_by_label("The six digits that it shows now").fill(pyotp.TOTP(secret).at(at))
    page.get_by_role("button", name="It shows these").click()
    codes = page.locator("code").all_inner_texts()
    page.get_by_role("link", name="I have them on paper").click()
    sign_out(page)
    sign_in(page, strict_house, "ruth", PASSPHRASE)
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    page.get_by_label("Your code").fill(pyotp.TOTP(secret).at(at))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("was used before")).to_be_visible()
    page.get_by_label("Your code").fill(codes[0])
    page.get_by_role("button", name="Go on").click()
    is_in(page)
