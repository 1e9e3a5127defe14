"""Pages of accounts: the way out, proving again, first screens, devices, passphrases, staff."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock, vault
from clinic.accounts import library, queries, rules
from clinic.accounts.models import Person, StaffMember
from clinic.audit import AuditEvent
from clinic.extensions import db
from clinic.practice.models import Practice
from tests.cast import PASSPHRASE, Cast, token_for, viewer_of

Enter = Callable[[str], FlaskClient]

NEW = "a brown kettle hums at dusk"


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as session:
        return session.get("_user_id", "")


# The way out


def test_signing_out_leaves_nothing_in_the_browser_either(client_for: Enter) -> None:
    answer = client_for("counselor").post("/accounts/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Set-Cookie" in answer.headers


@pytest.mark.parametrize("forged", [False, True])
def test_leaving_quickly_ends_the_sign_in_even_on_a_page_that_was_open_too_long(
    app: Flask, client_for: Enter, forged: bool
) -> None:
    client = client_for("partner_a")
    token = token_of(client)
    answer = client.post("/accounts/leave", forged=forged)
    assert answer.status_code == 200
    assert answer.headers["Refresh"].startswith("0; url=https://")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get_cookie("session") is None
    assert token_of(client) == ""
    with app.app_context():
        assert queries.signed_in(token) is None


def test_leaving_quickly_leaves_a_random_id_and_nothing_else(
    app: Flask, nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    """The id is what lets its owner in again, whatever somebody tries at home; see test_tries.py."""
    nobody.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": PASSPHRASE})
    nobody.post("/accounts/leave")
    left = {cookie.key: cookie.value for cookie in nobody._cookies.values()}
    assert set(left) == {"device"}
    assert re.fullmatch(r"[0-9a-f]{32}\.[0-9a-f]{64}", left["device"])


def test_leaving_works_for_nobody_too(nobody: FlaskClient) -> None:
    assert nobody.post("/accounts/leave").status_code == 200


def test_looking_at_the_way_out_does_not_take_it(client_for: Enter) -> None:
    assert client_for("partner_a").get("/accounts/leave").status_code == 405


def test_signing_out_ends_this_sign_in_and_no_other(app: Flask, client_for: Enter) -> None:
    here, there = client_for("partner_a"), client_for("partner_a")
    assert here.post("/accounts/sign-out").status_code == 303
    assert here.get("/accounts/devices").status_code == 303
    assert there.get("/accounts/devices").status_code == 200


# Proving again


def test_proof_is_asked_again_after_five_minutes(client_for: Enter, now: datetime) -> None:
    client = client_for("partner_a")
    assert client.get("/accounts/passphrase").status_code == 200
    with clock.moved_to(now + timedelta(minutes=5)):
        answer = client.get("/accounts/passphrase")
        assert answer.status_code == 302
        assert answer.location == "/accounts/prove?next=/accounts/passphrase"
        assert client.post(answer.location, data={"passphrase": "not it at all, no"}).status_code == 422
        back = client.post(answer.location, data={"passphrase": PASSPHRASE})
        assert back.location == "/accounts/passphrase"
        assert client.get(back.location).status_code == 200


def test_proving_is_throttled_by_sign_in(client_for: Enter, now: datetime) -> None:
    client = client_for("partner_a")
    answers = [
        client.post("/accounts/prove", data={"passphrase": "wrong words again"}).status_code for _ in range(6)
    ]
    assert answers == [422] * 5 + [429]


def test_proving_never_leads_to_another_site(client_for: Enter) -> None:
    answer = client_for("partner_a").post(
        "/accounts/prove?next=//evil.example", data={"passphrase": PASSPHRASE}
    )
    assert answer.location == "/"


# Passphrases


def test_new_passphrase_signs_every_other_device_out(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    here, there = client_for("partner_a"), client_for("partner_a")
    assert here.post("/accounts/passphrase", data={"passphrase": NEW}).status_code == 303
    assert here.get("/accounts/devices").status_code == 200
    assert there.get("/accounts/devices").status_code == 303
    fresh = app.test_client()
    assert (
        fresh.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": PASSPHRASE}).status_code
        == 422
    )
    assert fresh.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": NEW}).status_code == 303


COMMON = (
    "1qaz2wsx3edc4rfv",
    "123456789qwerty",
    "Password Password",
    "P@ssw0rdP@ssw0rd",
    "welcome1welcome1",
    "sunshine-princess 2024",
    "iloveyou12345678",
    "i love you forever",
    "mysecretpassword",
)


@pytest.mark.parametrize("common", COMMON)
def test_a_passphrase_that_many_people_use_is_refused_in_words_that_help(
    client_for: Enter, common: str
) -> None:
    answer = client_for("partner_a").post("/accounts/passphrase", data={"passphrase": common})
    assert answer.status_code == 422
    assert "Many people use this" in answer.text
    assert common not in answer.text


@pytest.mark.parametrize(
    "made_of",
    [
        "goldseam goldseam",
        "{name} {practice}",
        "counselor {name}!",
        "{practice} couples 19",
        "{name}{practice}{name}",
    ],
)
def test_a_passphrase_of_names_and_words_of_the_house_is_refused(
    app: Flask, client_for: Enter, cast: Cast, made_of: str
) -> None:
    with app.app_context(), vault.reading(viewer_of(cast, "partner_a"), "test"):
        person = db.session.get_one(Person, cast.people["partner_a"])
        practice = db.session.get_one(Practice, cast.practice_id)
        weak = made_of.format(name=person.name, practice=practice.name).ljust(rules.SHORTEST_PASSPHRASE, "1")
    answer = client_for("partner_a").post("/accounts/passphrase", data={"passphrase": weak.upper()})
    assert answer.status_code == 422
    assert "Leave out names" in answer.text


def test_names_and_common_words_are_welcome_among_others() -> None:
    told = ("maria.k", "Maria Keller", "The Elm Street Practice")
    for fine in (
        "Maria walks the dog along the river",
        "dragon purple monkey",
        "our counselor's blue umbrella stand",
        "kaffee mit viel milch und zucker",
        "вечером мы пьём чай",
    ):
        assert rules.weakness(fine, told) is None, fine


def test_the_list_of_common_ones_is_long_and_judged_quickly() -> None:
    assert len(library.common()) >= 10_000
    assert max(map(len, library.common())) <= rules.LONGEST_COMMON
    began = perf_counter()
    for hard in ("4@8({[<369|1!7$5+%2z0x" * 9, "a1b2" * 50, "password" * 25):
        rules.weakness(hard[: rules.LONGEST_PASSPHRASE])
    assert perf_counter() - began < 1, "seconds for three of the longest"


@pytest.mark.parametrize("weak", ["fourteen chars", "aaaaaaaaaaaaaaaaaaa", "partner_a12345678", "x" * 201])
def test_weak_passphrase_is_refused(client_for: Enter, weak: str) -> None:
    answer = client_for("partner_a").post("/accounts/passphrase", data={"passphrase": weak})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "chosen",
    [
        "correct horse battery staple",
        "onlysmallletters",
        "8305917264 5283",
        "  spaces at both ends  ",
        "ß" * 9 + "aécđ字🙂",
        "long" + " words of any kind" * 10,
    ],
)
def test_any_characters_make_a_passphrase_and_it_is_taken_as_it_was_typed(
    app: Flask, client_for: Enter, chosen: str
) -> None:
    """No kind of character is asked for; case, spaces and every character count."""
    assert (
        client_for("partner_a").post("/accounts/passphrase", data={"passphrase": chosen}).status_code == 303
    )
    for typed, status in (
        (chosen, 303),
        (chosen.swapcase() + " ", 422),
        (chosen[:-1], 422),
        (f"{chosen} ", 422),
    ):
        said = {"name": "partner_a", "passphrase": typed}
        assert app.test_client().post("/accounts/sign-in", data=said).status_code == status, typed


def test_boxes_for_passphrases_hide_them_and_say_what_they_are(
    client_for: Enter, nobody: FlaskClient
) -> None:
    """So that a password manager finds its way; nothing keeps anybody from pasting."""
    pages = [
        nobody.get("/accounts/sign-in"),
        *(client_for("partner_a").get(f"/accounts/{one}") for one in ("prove", "passphrase")),
    ]
    for page in pages:
        (box,) = re.findall(r'<input[^>]*name="passphrase"[^>]*>', page.text)
        assert 'type="password"' in box
        assert re.search(r'autocomplete="(current|new)-password"', box)
        assert not re.search(r"paste|readonly|disabled", box)


def test_offered_passphrases_are_good_and_not_repeated() -> None:
    offered = {library.new_passphrase() for _ in range(50)}
    assert len(offered) == 50
    assert all(rules.weakness(one, ["partner_a"]) is None for one in offered)
    assert len(set(library.words())) == len(library.words()) >= 512


def test_counselor_makes_a_passphrase_for_once_and_the_client_must_choose_a_new_one(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    counselor, theirs = client_for("counselor"), client_for("partner_a")
    url = f"/couples/partners/{cast.partners['partner_a']}/reset"
    assert "in the room" in counselor.get(url).text
    page = counselor.post(url).text
    once = re.search(r"\b(?:[a-z]+-){5}[a-z]+\b", page.split("<main")[1])
    assert once
    assert theirs.get("/accounts/devices").status_code == 303, "every sign-in of the client ended"
    client = app.test_client()
    answer = client.post("/accounts/sign-in", data={"name": "partner_a", "passphrase": once[0]})
    assert answer.location == "/accounts/passphrase"
    assert client.get("/progress/now").status_code == 303, "nothing else opens before that"
    assert client.post("/accounts/passphrase", data={"passphrase": NEW}).status_code == 303
    assert client.get("/accounts/devices").status_code == 200
    with app.app_context():
        trail = str([(one.verb, one.detail) for one in db.session.scalars(select(AuditEvent))])
        assert once[0] not in trail


@pytest.mark.parametrize(
    "who", ["other_counselor", "supervisor", "elsewhere_counselor", "owner", "partner_b"]
)
def test_nobody_else_resets_a_clients_passphrase(client_for: Enter, cast: Cast, who: str) -> None:
    answer = client_for(who).post(f"/couples/partners/{cast.partners['partner_a']}/reset")
    assert answer.status_code in {403, 404}


# Devices


def test_device_is_told_in_plain_words_and_can_be_ended(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    client = client_for("partner_a")
    with app.app_context():
        token = token_for(cast, "partner_a", now, "Safari on an iPhone")
        session_id = queries.signed_in(token).session_id
    assert "Safari on an iPhone" in client.get("/accounts/devices").text
    client.post(f"/accounts/devices/{session_id}/end")
    with app.app_context():
        assert queries.signed_in(token) is None


def test_nobody_ends_or_sees_the_sign_ins_of_another(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        token = token_for(cast, "partner_a", now, "Safari on an iPhone")
        session_id = queries.signed_in(token).session_id
    for who in ("partner_b", "counselor", "owner"):
        client = client_for(who)
        assert client.post(f"/accounts/devices/{session_id}/end").status_code == 404
        assert "iPhone" not in client.get("/accounts/devices").text


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1",
            "Safari on an iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0",
            "Edge on Windows",
        ),
        ("", "A browser"),
    ],
)
def test_device_words(agent: str, told: str) -> None:
    assert rules.device_words(agent) == told


# First screens


def test_first_screens_are_four_and_say_who_to_call(client_for: Enter) -> None:
    client = client_for("partner_a")
    pages = [client.get(f"/accounts/welcome?step={step}").text for step in (1, 2, 3, 4)]
    assert "Who reads what" in pages[0]
    assert "Leave quickly" in pages[1]
    assert "911" in pages[2]
    assert "Nobody watches in real time" in pages[2]
    assert "always stop" in pages[3]
    assert client.get("/accounts/welcome?step=99").text.count("always stop") == 1
    assert client.post("/accounts/welcome").status_code == 303


def test_titles_of_client_pages_are_neutral(client_for: Enter, nobody: FlaskClient) -> None:
    client = client_for("partner_a")
    pages = [client.get(url) for url in ("/accounts/welcome", "/accounts/devices", "/accounts/prove")]
    titles = {
        re.search(r"<title>(.*?)</title>", page.text)[1] for page in [*pages, nobody.get("/accounts/sign-in")]
    }
    assert titles == {"Notes"}


# Staff


def test_owner_takes_somebody_in(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    owner = client_for("owner")
    data = {
        "name": "Noor Haddad",
        "credential": "LPC",
        "sign_in_name": "noor",
        "is_counselor": "y",
        "supervisor": "",
    }
    page = owner.post("/accounts/staff/new", data=data).text
    once = re.search(r"\b(?:[a-z]+-){5}[a-z]+\b", page.split("<main")[1])[0]
    client = app.test_client()
    answer = client.post("/accounts/sign-in", data={"name": "noor", "passphrase": once})
    assert answer.location == "/accounts/second-step", "a second step is set up before anything else"
    assert "Noor Haddad" in owner.get("/accounts/staff").text
    with app.app_context():
        noor = db.session.scalars(select(StaffMember).where(StaffMember.credential == "LPC")).one()
        assert noor.practice_id == cast.practice_id
        assert not noor.is_owner


def test_taken_sign_in_name_of_staff_is_told(client_for: Enter) -> None:
    data = {"name": "N", "sign_in_name": "Counselor", "is_counselor": "y", "supervisor": ""}
    answer = client_for("owner").post("/accounts/staff/new", data=data)
    assert answer.status_code == 422
    assert "is taken" in answer.text


def test_supervision_ends_and_begins_at_the_next_request(client_for: Enter, cast: Cast) -> None:
    owner, couple = client_for("owner"), f"/progress/couples/{cast.couples['couple']}"
    other = f"/progress/couples/{cast.couples['other']}"
    assert "supervised by <bdi>Ingrid Sol</bdi>" in owner.get("/accounts/staff").text
    for name, supervisor in (("counselor", ""), ("other_counselor", str(cast.staff["supervisor"]))):
        page = f"/accounts/staff/{cast.staff[name]}/supervisor"
        assert owner.post(page, data={"supervisor": supervisor}).status_code == 303
    ingrid = client_for("supervisor")
    assert [ingrid.get(one).status_code for one in (couple, other)] == [404, 200]
    assert owner.post(page, data={"supervisor": str(cast.staff["counselor"])}).status_code == 422


def test_who_left_is_told_by_the_practices_day(app: Flask, client_for: Enter, cast: Cast) -> None:
    with app.app_context():  # in the evening of March 1, in New York
        db.session.get_one(StaffMember, cast.staff["left"]).left_at = datetime(2026, 3, 2, 1, tzinfo=UTC)
        db.session.commit()
    assert "left Sun, Mar 1<" in client_for("owner").get("/accounts/staff").text


def test_nobody_supervises_their_own_work(client_for: Enter, cast: Cast) -> None:
    page, ingrid = f"/accounts/staff/{cast.staff['supervisor']}/supervisor", str(cast.staff["supervisor"])
    assert client_for("owner").post(page, data={"supervisor": ingrid}).status_code == 422


@pytest.mark.parametrize("who", ["counselor", "supervisor", "partner_a"])
def test_staff_pages_are_for_owners(client_for: Enter, cast: Cast, who: str) -> None:
    client = client_for(who)
    for url in (
        "/accounts/staff",
        "/accounts/staff/new",
        "/practice/",
        f"/couples/handover/{cast.staff['left']}",
    ):
        assert client.get(url).status_code == 403


def test_owner_cannot_let_go_somebody_of_another_practice(client_for: Enter, cast: Cast) -> None:
    page = f"/couples/handover/{cast.staff['elsewhere_counselor']}"
    assert client_for("owner").post(page, data={"member": ""}).status_code == 404


def test_every_page_after_signing_in_is_kept_by_no_cache(client_for: Enter) -> None:
    assert client_for("partner_a").get("/accounts/devices").headers["Cache-Control"] == "no-store"


def test_form_that_another_site_sends_is_refused(client_for: Enter) -> None:
    client = client_for("partner_a")
    assert client.post("/accounts/devices/end-others", forged=True).status_code == 400
