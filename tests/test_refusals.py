"""What is refused leaves one line of fixed words in the log, and nobody can fill a disk with such lines."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.refusals import LINES, REASONS, Refusals
from tests.cast import Cast

Enter = Callable[[str], FlaskClient]

LINE = re.compile(
    r'refused reason="[a-z -]+" status=4\d\d route=[a-z_.]+( before="\d+ more [a-z ]+")?( after="[a-z, ]+")?'
)
SAID = "zqtyped-words-of-somebody"
DOORS = {
    "accounts.sign_in",
    "accounts.sign_in_with_passkey",
    "accounts.second",
    "accounts.prove",
    "couples.join",
}


@pytest.fixture
def refused(app: Flask, caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The lines since it was last called; each is made of fixed words."""
    app.extensions["refusals"] = Refusals(app.logger)

    def lines() -> list[str]:
        said = [one.getMessage() for one in caplog.records if one.getMessage().startswith("refused")]
        assert all(LINE.fullmatch(one) for one in said), said
        assert SAID not in caplog.text
        caplog.clear()
        return said

    return lines


def test_every_door_is_marked(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if hasattr(view, "is_door")} == DOORS


@pytest.mark.parametrize("name", ["partner_a", SAID])
def test_a_sign_in_that_failed_leaves_a_line_that_does_not_tell_whose(
    nobody: FlaskClient, refused: Callable[[], list[str]], cast: Cast, now: datetime, name: str
) -> None:
    nobody.post("/accounts/sign-in?next=/" + SAID, data={"name": name, "passphrase": SAID})
    nobody.post("/accounts/sign-in/passkey", data={"answer": SAID})
    assert refused() == [
        f'refused reason="proof not taken" status=422 route=accounts.{one}'
        for one in ("sign_in", "sign_in_with_passkey")
    ]


def test_who_has_to_wait_and_who_proves_wrongly_leaves_a_line(
    client_for: Enter, nobody: FlaskClient, refused: Callable[[], list[str]], now: datetime
) -> None:
    for _ in range(6):
        last = nobody.post("/accounts/sign-in", data={"name": SAID, "passphrase": SAID})
    assert last.status_code == 429
    assert refused()[-1] == 'refused reason="proof not taken" status=429 route=accounts.sign_in'
    client_for("partner_a").post("/accounts/prove", data={"passphrase": SAID})
    assert refused() == ['refused reason="proof not taken" status=422 route=accounts.prove']


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda c, _: c.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}), "another site"),
        (lambda c, _: c.post("/accounts/devices/end-others", forged=True), "form of another sign-in"),
        (lambda c, _: c.get("/couples/"), "not admitted"),
        (lambda c, _: c.get(f"/join/{SAID}"), "not there or not theirs"),
        (lambda c, _: c.get(f"/{SAID}?q={SAID}"), "no such page"),
        (lambda c, _: c.delete("/accounts/devices"), "method"),
        (lambda c, _: c.post("/accounts/passphrase", data={"passphrase": "x" * 900_000}), "too long"),
        (lambda c, _: c.get("/accounts/devices", headers={"Host": f"{SAID}.example"}), "another host"),
    ],
)
def test_a_request_that_was_refused_leaves_one_line(
    client_for: Enter,
    refused: Callable[[], list[str]],
    cast: Cast,
    ask: Callable[[FlaskClient, Cast], object],
    reason: str,
) -> None:
    client = client_for("partner_a")
    ask(client, cast)
    (line,) = refused()
    assert f'reason="{reason}"' in line
    assert not [one for one in cast.couples.values() if str(one) in line]


def test_what_is_another_couples_leaves_the_line_of_what_is_not_there(
    client_for: Enter, refused: Callable[[], list[str]], cast: Cast
) -> None:
    client = client_for("counselor")
    for couple_id in (cast.couples["elsewhere"], UUID(int=7)):
        assert client.get(f"/couples/{couple_id}/manage").status_code == 404
    one, other = refused()
    assert one == other


def test_what_is_not_refused_leaves_none(client_for: Enter, refused: Callable[[], list[str]]) -> None:
    client = client_for("partner_a")
    assert client.get("/accounts/devices").status_code == 200
    assert client.post("/accounts/devices/end-others").status_code == 303
    assert client.post("/accounts/passphrase", data={"passphrase": "short"}).status_code == 422
    assert refused() == []


def test_lines_are_bounded_and_what_had_none_is_counted(
    nobody: FlaskClient, refused: Callable[[], list[str]], now: datetime
) -> None:
    for number in range(LINES + 40):
        nobody.get(f"/{SAID}-{number}")
    nobody.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    *lines, other = refused()
    assert len(lines) == LINES
    assert lines[-1].endswith('after="counted only, for an hour"')
    assert "another site" in other, "many of one reason do not hide another"
    with clock.moved_to(clock.now() + timedelta(hours=1)):
        nobody.get(f"/{SAID}")
        nobody.get(f"/{SAID}")
    first, second = refused()
    assert 'before="40 more without a line"' in first
    assert "before" not in second


def test_reasons_are_few_so_that_their_bounds_are() -> None:
    assert len(REASONS) < 10
