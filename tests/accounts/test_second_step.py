"""The second step: a code works once, wrong ones are bounded, nothing opens before it, what is lost is replaced."""

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from clinic import clock
from clinic.accounts import actions, factors, passkeys, queries, tries
from clinic.accounts.models import CodeApp, RecoveryCode
from clinic.accounts.views.proving import ASKED
from clinic.audit import AuditEvent
from clinic.extensions import db
from tests.accounts.test_sign_in import sign_in
from tests.cast import PASSPHRASE, Cast, add_code_app, code_at, viewer_of

Enter = Callable[[str], FlaskClient]
SECOND = "/accounts/second-step"
KEYS = "/accounts/second-step/keys"
PROVE = "/accounts/prove"


def give_app(app: Flask, cast: Cast, who: str, now: datetime) -> None:
    with app.app_context():
        add_code_app(cast.people[who], now)
        db.session.commit()


def half(app: Flask, who: str, target: str = "") -> FlaskClient:
    """Somebody who gave the passphrase and nothing else."""
    client = app.test_client()
    assert sign_in(client, who, target=target).location.startswith(SECOND)
    return client


def give(client: FlaskClient, code: str, target: str = "") -> object:
    return client.post(SECOND + target, data={"code": code})


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as session:
        return str(session.get("_user_id", ""))


def verbs(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEvent.verb).order_by(AuditEvent.at, AuditEvent.seq)))


# Codes


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_code_of_this_step_and_of_the_ones_beside_it_opens(
    app: Flask, cast: Cast, now: datetime, seconds: int
) -> None:
    client = half(app, "counselor")
    assert give(client, code_at(now + timedelta(seconds=seconds))).location == "/"
    assert client.get("/progress/today").status_code == 200


@pytest.mark.parametrize("seconds", [-60, 60, 3600])
def test_code_of_another_time_does_not(app: Flask, cast: Cast, now: datetime, seconds: int) -> None:
    client = half(app, "counselor")
    assert give(client, code_at(now + timedelta(seconds=seconds))).status_code == 422
    assert client.get("/progress/today").location.startswith(SECOND)


def test_code_may_be_typed_with_spaces(app: Flask, cast: Cast, now: datetime) -> None:
    code = code_at(now)
    assert give(half(app, "counselor"), f" {code[:3]} {code[3:]} ").status_code == 303


def test_code_that_was_used_is_refused(app: Flask, cast: Cast, now: datetime) -> None:
    assert give(half(app, "counselor"), code_at(now)).status_code == 303
    assert give(half(app, "counselor"), code_at(now)).status_code == 422


def test_code_of_before_the_one_that_was_used_is_refused(app: Flask, cast: Cast, now: datetime) -> None:
    assert give(half(app, "counselor"), code_at(now)).status_code == 303
    assert give(half(app, "counselor"), code_at(now - timedelta(seconds=30))).status_code == 422
    assert give(half(app, "counselor"), code_at(now + timedelta(seconds=30))).status_code == 303


def test_of_fifty_at_once_with_one_code_one_gets_in(app: Flask, cast: Cast, now: datetime) -> None:
    """Each of them has a sign-in of its own that waits for the second step."""
    clients = [half(app, "counselor") for _ in range(50)]
    start = Barrier(50)

    def go(client: FlaskClient) -> int:
        start.wait()
        with clock.moved_to(now):
            return int(give(client, code_at(now)).status_code)

    with ThreadPoolExecutor(50) as crowd:
        answers = list(crowd.map(go, clients))
    assert answers.count(303) == 1, answers
    with clock.moved_to(now):
        assert sum(client.get("/progress/today").status_code == 200 for client in clients) == 1


RACER = """
import sys
from datetime import datetime
from uuid import UUID
from clinic.accounts import factors
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db
folder, person, code, at, many = sys.argv[1:]
app = create_app(Settings.from_environment(data_dir=folder, testing=True))
won = 0
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(many)):
    with app.app_context():
        won += factors.uses_code(UUID(person), code, datetime.fromisoformat(at))
        db.session.commit()
print(won, flush=True)
"""


@pytest.mark.parametrize("kind", ["app", "paper"])
def test_of_fifty_tries_in_five_processes_one_is_taken(
    app: Flask, cast: Cast, now: datetime, kind: str
) -> None:
    """On one file, with nothing shared but that."""
    person = cast.people["counselor"]
    with app.app_context():
        paper = factors.new_recovery_codes(viewer_of(cast, "counselor"), person)
        db.session.commit()
        db.session.remove()
        folder = Path(app.config["SETTINGS"].data_dir)
    code = code_at(now) if kind == "app" else paper[0]
    words = [sys.executable, "-c", RACER, str(folder), str(person), code, now.isoformat(), "10"]
    racers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = [int(racer.communicate()[0]) for racer in racers]
    assert sum(won) == 1, won


def test_recovery_code_opens_once(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        code, *others = factors.new_recovery_codes(viewer_of(cast, "counselor"), cast.people["counselor"])
        db.session.commit()
    assert len(others) == 9
    assert give(half(app, "counselor"), code.upper()).status_code == 303
    assert give(half(app, "counselor"), code).status_code == 422
    assert give(half(app, "counselor"), others[0].replace("-", " ")).status_code == 303


def test_recovery_code_of_somebody_else_opens_nothing(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        (code, *_) = factors.new_recovery_codes(viewer_of(cast, "owner"), cast.people["owner"])
        db.session.commit()
    assert give(half(app, "counselor"), code).status_code == 422


def test_codes_and_secrets_are_nowhere_in_the_database(app: Flask, client_for: Enter, now: datetime) -> None:
    client = client_for("partner_a")
    secret, codes = set_up(client, now)
    with app.app_context():
        file = app.config["SETTINGS"].database_file
    stored = b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*"))
    for word in (secret, *codes, *(one.replace("-", "") for one in codes)):
        assert word.encode() not in stored


# Wrong tries


def test_ten_thousand_guesses_are_refused_but_a_hundred(app: Flask, cast: Cast, now: datetime) -> None:
    """From ever other addresses, over weeks; another process, or one after a restart, would count the same."""
    taken = 0
    with app.app_context():
        account = queries.account_of(cast.people["counselor"])
        person_id, name = account.person_id, account.sign_in_hash
        for number in range(10_000):
            at = now + timedelta(minutes=3 * number)
            door = tries.second_door(name, None, f"10.{number // 250 % 250}.{number % 250}.7")
            try:
                tries.count_sign_in(door, at)
            except tries.Refused:
                db.session.rollback()
                continue
            taken += not factors.uses_code(person_id, "12345", at)
            db.session.commit()
    assert taken == 100


def test_sixth_wrong_code_in_a_row_must_wait(app: Flask, cast: Cast, now: datetime) -> None:
    client = half(app, "counselor")
    assert [give(client, "000000").status_code for _ in range(6)] == [422] * 5 + [429]


def test_who_knows_the_passphrase_cannot_shut_out_the_device_of_its_owner(
    app: Flask, cast: Cast, now: datetime
) -> None:
    mine = half(app, "counselor")
    assert give(mine, code_at(now)).status_code == 303
    mine.post("/accounts/leave")
    with app.app_context():
        name = queries.account_of(cast.people["counselor"]).sign_in_hash
        for number in range(120):
            try:
                tries.count_sign_in(tries.second_door(name, None, f"10.0.{number}.7"), now)
                db.session.commit()
            except tries.Refused:
                db.session.rollback()
    later = now + timedelta(seconds=30)
    with clock.moved_to(later):
        stranger = half(app, "counselor")
        assert give(stranger, code_at(later)).status_code == 429
        assert sign_in(mine, "counselor").location.startswith(SECOND)
        assert give(mine, code_at(later)).status_code == 303


def test_owner_who_comes_does_not_buy_a_stranger_new_guesses(app: Flask, cast: Cast, now: datetime) -> None:
    """A stranger at this door knows the passphrase: only a new passphrase begins the count anew."""
    mine, theirs = half(app, "counselor"), half(app, "counselor")
    give(theirs, "000000")
    assert give(mine, code_at(now)).status_code == 303
    with app.app_context():
        account = queries.account_of(cast.people["counselor"])
        strangers = tries.second_door(account.sign_in_hash, None, "10.0.0.1").everywhere
        assert tries._row(tries.IN_A_ROW, strangers).failures == 1
        actions.change_password(viewer_of(cast, "counselor"), account, account.password_hash, now)
        assert tries._row(tries.IN_A_ROW, strangers) is None


# What is halfway


def test_sign_in_goes_on_under_a_new_id_and_the_one_of_before_is_dead(
    app: Flask, cast: Cast, now: datetime
) -> None:
    client = half(app, "counselor")
    before = token_of(client)
    assert give(client, code_at(now)).status_code == 303
    assert token_of(client) not in {"", before}
    with app.app_context():
        assert queries.signed_in(before) is None
    planted = app.test_client()
    with planted.session_transaction() as session:
        session["_user_id"] = before
    assert planted.get("/progress/today").location.startswith("/accounts/sign-in")


def test_fresh_proof_gives_a_new_id_too(app: Flask, client_for: Enter, now: datetime) -> None:
    client = client_for("partner_a")
    before = token_of(client)
    assert client.post(PROVE, data={"passphrase": PASSPHRASE}).status_code == 303
    assert token_of(client) not in {"", before}
    with app.app_context():
        assert queries.signed_in(before) is None


def test_client_with_a_code_app_gets_nowhere_with_the_passphrase(
    app: Flask, cast: Cast, now: datetime
) -> None:
    give_app(app, cast, "partner_a", now)
    client = half(app, "partner_a")
    for path in ("/progress/now", "/accounts/devices", "/accounts/passphrase", KEYS, PROVE):
        assert client.get(path).location.startswith(SECOND), path
    assert give(client, code_at(now)).status_code == 303
    assert client.get("/progress/now").status_code == 200


def test_other_devices_are_asked_as_soon_as_there_is_something_to_ask_for(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        account = queries.account_of(cast.people["partner_a"])
        token = actions.begin_session(account, "Firefox on Linux", now)
        db.session.commit()
    there = app.test_client()
    with there.session_transaction() as session:
        session["_user_id"] = token
    assert there.get("/progress/now").status_code == 200
    set_up(client_for("partner_a"), now)
    assert there.get("/progress/now").location.startswith(SECOND)


@pytest.mark.parametrize(
    ("target", "end"),
    [
        ("/accounts/devices", "/accounts/devices"),
        ("/accounts/staff", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_way_back_outlives_the_second_step_as_a_path_of_ones_own(
    app: Flask, cast: Cast, now: datetime, target: str, end: str
) -> None:
    client = half(app, "counselor", f"?next={target}")
    first = client.get("/progress/today").location
    assert first == f"{SECOND}?next=/progress/today"
    assert give(client, code_at(now), f"?next={target}").location == end


def test_way_back_goes_from_the_first_step_to_the_second(app: Flask, cast: Cast, now: datetime) -> None:
    client = app.test_client()
    asked = sign_in(client, "counselor", target="?next=/accounts/devices").location
    assert asked == f"{SECOND}?next=/accounts/devices"
    away = sign_in(app.test_client(), "owner", target="?next=//evil.example").location
    assert away == SECOND


# Setting up


def set_up(client: FlaskClient, now: datetime, name: str = "My phone") -> tuple[str, list[str]]:
    """Add a code app through the pages; its secret, and the recovery codes that came with it."""
    assert client.post("/accounts/second-step/apps").status_code == 303
    page = client.get("/accounts/second-step/app").text
    assert "<svg" in page
    secret = re.search(r"<dd dir=\"auto\">([A-Z2-7 ]{32,})</dd>", page)[1].replace(" ", "")
    code = pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // 30)
    answer = client.post("/accounts/second-step/app", data={"code": code, "name": name})
    assert answer.status_code in {200, 303}
    return secret, re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", answer.text)


def test_app_counts_after_it_showed_a_right_code_and_recovery_codes_come_with_it(
    app: Flask, client_for: Enter, now: datetime
) -> None:
    client = client_for("partner_a")
    client.post("/accounts/second-step/apps")
    wrong = client.post("/accounts/second-step/app", data={"code": "000000", "name": ""})
    assert wrong.status_code == 422
    assert sign_in(app.test_client(), "partner_a").location == "/"
    _, codes = set_up(client, now)
    assert len(set(codes)) == 10
    keys = client.get(KEYS).text
    assert "My phone" in keys
    assert "10 codes are left" in keys
    assert codes[0] not in keys
    other = half(app, "partner_a")
    assert give(other, codes[0]).status_code == 303


def test_code_that_set_an_app_up_does_not_sign_in(app: Flask, client_for: Enter, now: datetime) -> None:
    secret, _ = set_up(client_for("partner_a"), now)
    code = pyotp.TOTP(secret).generate_otp(int(now.timestamp()) // 30)
    assert give(half(app, "partner_a"), code).status_code == 422


def test_secret_is_shown_in_the_sign_in_that_asked_and_for_ten_minutes(
    app: Flask, client_for: Enter, now: datetime
) -> None:
    here, there = client_for("partner_a"), client_for("partner_a")
    here.post("/accounts/second-step/apps")
    assert here.get("/accounts/second-step/app").status_code == 200
    assert there.get("/accounts/second-step/app").location == KEYS
    with clock.moved_to(now + factors.SETTING_UP):
        here.post(PROVE, data={"passphrase": PASSPHRASE})
        assert here.get("/accounts/second-step/app").location == KEYS


def test_secret_is_never_shown_again(app: Flask, client_for: Enter, now: datetime) -> None:
    client = client_for("partner_a")
    secret, _ = set_up(client, now)
    assert client.get("/accounts/second-step/app").location == KEYS
    assert secret not in client.get(KEYS).text.replace(" ", "")


def test_staff_without_one_set_one_up_before_anything_else(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        db.session.execute(db.delete(CodeApp))
        db.session.commit()
    client = half(app, "counselor", "?next=/couples/")
    assert client.get(f"{SECOND}?next=/couples/").location == f"{KEYS}?next=/couples/"
    assert "Set up a second step" in client.get(KEYS).text
    for path in ("/progress/today", "/couples/", "/accounts/devices", "/accounts/passphrase"):
        assert client.get(path).location.startswith(SECOND)
    before = token_of(client)
    _, codes = set_up(client, now)
    assert len(codes) == 10
    assert token_of(client) != before
    assert client.get("/progress/today").status_code == 200


def test_who_has_one_cannot_set_up_another_with_the_passphrase_alone(
    app: Flask, cast: Cast, now: datetime
) -> None:
    client = half(app, "counselor")
    for path in ("apps", "app", "passkey/ask", "passkey", "codes"):
        assert client.post(f"/accounts/second-step/{path}").location.startswith(SECOND), path


def test_of_two_who_set_one_up_with_the_passphrase_the_second_is_asked_for_the_firsts(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        db.session.execute(db.delete(CodeApp))
        db.session.commit()
    mine, theirs = half(app, "counselor"), half(app, "counselor")
    theirs.post("/accounts/second-step/apps")
    set_up(mine, now)
    assert theirs.get("/accounts/second-step/app").location.startswith(SECOND)
    assert theirs.get("/progress/today").location.startswith(SECOND)


def test_in_the_demo_staff_come_in_with_the_passphrase_and_the_page_says_so(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        account = queries.account_of(cast.people["counselor"])
        db.session.execute(db.delete(CodeApp))
        token = actions.begin_session(account, "Firefox on Linux", now)
        db.session.commit()
        assert queries.signed_in(token).viewer.awaits == "new factor"
        assert queries.signed_in(token, staff_need_factor=False).viewer.is_staff


# Taking away


def test_taking_one_away_asks_for_a_fresh_proof_with_a_code(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    client = client_for("partner_a")
    secret, _ = set_up(client, now)
    with app.app_context():
        (one,) = queries.code_apps_of(cast.people["partner_a"])
        path = f"/accounts/second-step/{one.id}/end"
    later = now + timedelta(minutes=6)
    with clock.moved_to(later):
        assert client.post(path).location == f"{PROVE}?next={KEYS}"
        assert client.post(PROVE, data={"passphrase": PASSPHRASE}).status_code == 422
        wrong = client.post(PROVE, data={"passphrase": PASSPHRASE, "code": "000000"})
        assert wrong.status_code == 422
        code = pyotp.TOTP(secret).generate_otp(int(later.timestamp()) // 30)
        assert client.post(PROVE, data={"passphrase": "not the passphrase", "code": code}).status_code == 422
        assert client.post(PROVE, data={"passphrase": PASSPHRASE, "code": code}).status_code == 303
        assert client.post(path).location == KEYS
    with app.app_context():
        assert db.session.scalars(select(RecoveryCode)).all() == []


def test_staff_who_take_the_last_one_away_set_up_another(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    client = client_for("counselor")
    with app.app_context():
        (one,) = queries.code_apps_of(cast.people["counselor"])
    client.post(f"/accounts/second-step/{one.id}/end")
    assert client.get("/progress/today").location.startswith(SECOND)


def test_new_recovery_codes_end_the_ones_of_before(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    client = client_for("partner_a")
    _, old = set_up(client, now)
    new = re.findall(r"<code>([-a-z0-9]+)</code>", client.post("/accounts/second-step/codes").text)
    assert len(new) == 10
    assert give(half(app, "partner_a"), old[0]).status_code == 422
    assert give(half(app, "partner_a"), new[0]).status_code == 303


def test_counselor_takes_away_what_a_client_lost_and_never_sees_what_it_was(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    mara, counselor = client_for("partner_a"), client_for("counselor")
    reset = f"/couples/partners/{cast.partners['partner_a']}"
    before = counselor.get(f"{reset}/reset").text
    secret, codes = set_up(mara, now)
    after = counselor.get(f"{reset}/reset").text
    plain = re.compile(r'name="csrf_token" value="[^"]+"')
    assert plain.sub("", after) == plain.sub("", before), "the page does not know"
    answer = counselor.post(f"{reset}/reset-factors", follow_redirects=True)
    assert "with the passphrase alone" in answer.text
    assert not [word for word in (secret, *codes) if word in answer.text]
    assert mara.get("/progress/now").location.startswith("/accounts/sign-in")
    assert sign_in(app.test_client(), "partner_a").location == "/"
    assert "reset factors" in verbs(app)


def test_counselor_of_somebody_else_cannot(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    give_app(app, cast, "partner_a", now)
    path = f"/couples/partners/{cast.partners['partner_a']}/reset-factors"
    assert client_for("other_counselor").post(path).status_code == 404
    half(app, "partner_a")


def test_reset_needs_a_fresh_proof(client_for: Enter, cast: Cast, now: datetime) -> None:
    counselor = client_for("counselor")
    with clock.moved_to(now + timedelta(minutes=6)):
        path = f"/couples/partners/{cast.partners['partner_a']}/reset-factors"
        assert counselor.post(path).location == f"{PROVE}?next={path}"


# Wrong codes meanwhile


def wrong_codes(app: Flask, who: str, many: int) -> None:
    """Somebody at another device, who knows the passphrase."""
    stranger = half(app, who)
    for _ in range(many):
        assert give(stranger, "000000").status_code == 422


def comes_in(app: Flask, who: str, at: datetime) -> str:
    """What somebody finds who signs in at that time."""
    with clock.moved_to(at):
        client = half(app, who)
        assert give(client, code_at(at)).status_code == 303
        return client.get("/", follow_redirects=True).text


@pytest.mark.parametrize("who", ["counselor", "partner_a"])
def test_wrong_codes_are_told_to_whose_sign_in_it_is_once(
    app: Flask, cast: Cast, now: datetime, who: str
) -> None:
    give_app(app, cast, "partner_a", now)
    comes_in(app, who, now)
    with clock.moved_to(now + timedelta(hours=1)):
        wrong_codes(app, who, tries.TOLD_FROM)
    told = comes_in(app, who, now + timedelta(hours=2))
    assert f"Somebody gave {tries.TOLD_FROM} wrong codes after your passphrase" in told
    assert "wrong codes" not in comes_in(app, who, now + timedelta(hours=3))


def test_wrong_codes_of_staff_are_told_to_an_owner_and_to_nobody_else(
    app: Flask, cast: Cast, now: datetime
) -> None:
    for who in ("owner", "other_counselor"):
        comes_in(app, who, now)
    with clock.moved_to(now + timedelta(hours=1)):
        wrong_codes(app, "counselor", tries.TOLD_FROM)
    later = now + timedelta(hours=2)
    owner, other, elsewhere = (
        comes_in(app, who, later) for who in ("owner", "other_counselor", "elsewhere_counselor")
    )
    assert "wrong codes after the passphrase of" in owner
    assert "wrong codes" not in other + elsewhere
    assert "wrong codes" not in comes_in(app, "owner", now + timedelta(hours=3))


def test_a_mistake_or_two_are_not_told_and_clients_are_no_owners_business(
    app: Flask, cast: Cast, now: datetime
) -> None:
    give_app(app, cast, "partner_a", now)
    wrong_codes(app, "counselor", tries.TOLD_FROM - 1)
    wrong_codes(app, "partner_a", tries.TOLD_FROM)
    assert "wrong codes" not in comes_in(app, "counselor", now + timedelta(hours=1))
    assert "wrong codes" not in comes_in(app, "owner", now + timedelta(hours=1))


# Passkeys, as far as no browser is needed; the ceremony itself is in tests/browser


def test_what_is_asked_of_a_passkey_is_random_and_asked_once(
    app: Flask, client_for: Enter, now: datetime
) -> None:
    client = client_for("partner_a")
    first, second = (client.post("/accounts/passkeys/ask").json["challenge"] for _ in range(2))
    assert first != second
    assert len(first) >= 43  # 32 bytes
    assert client.post(PROVE, data={"answer": "{}", "passphrase": ""}).status_code == 422
    with client.session_transaction() as session:
        assert ASKED not in session


def test_challenge_of_one_sign_in_is_none_of_another(now: datetime) -> None:
    mine, theirs = uuid4(), uuid4()
    asked = factors.Asked.from_cookie(factors.ask(mine, now).carried())
    assert asked.is_for(mine, now)
    assert not asked.is_for(theirs, now)
    assert not asked.is_for(None, now)
    assert not asked.is_for(mine, now + factors.ANSWERED_WITHIN)
    assert factors.Asked.from_cookie(factors.ask(None, now).carried()).is_for(None, now)


@pytest.fixture
def passkey(app: Flask, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passkey of a partner whose every answer but "{}" is right."""
    held = passkeys.Held(b"id of a passkey", b"key of a passkey", 0)

    def named(answer: str) -> bytes:
        if answer == "{}":
            raise passkeys.NoPasskey
        return held.credential_id

    monkeypatch.setattr(passkeys, "added", lambda *_: held)
    monkeypatch.setattr(passkeys, "named", named)
    monkeypatch.setattr(passkeys, "used", lambda *_: 1)
    with app.app_context():
        site = passkeys.Site("localhost", "http://localhost")
        factors.add_passkey(viewer_of(cast, "partner_a"), site, "A key", "right", factors.ask(None, now), now)
        db.session.commit()


@pytest.mark.usefixtures("passkey")
def test_what_was_signed_once_is_taken_once_also_with_the_cookie_of_before(
    app: Flask, nobody: FlaskClient, now: datetime
) -> None:
    nobody.post("/accounts/passkeys/ask")
    with nobody.session_transaction() as session:
        asked = session[ASKED]
    assert nobody.post("/accounts/sign-in/passkey", data={"answer": "right"}).status_code == 303
    other = app.test_client()
    with other.session_transaction() as session:
        session[ASKED] = asked
    assert other.post("/accounts/sign-in/passkey", data={"answer": "right"}).status_code == 422


@pytest.mark.usefixtures("passkey")
def test_however_many_visitors_ask_nothing_grows_and_nobody_is_kept_out(
    app: Flask, nobody: FlaskClient, now: datetime
) -> None:
    """Asking and answering wrongly leave no row behind; who asked before all of them still gets in."""
    nobody.post("/accounts/passkeys/ask")
    before = rows_in(app)
    for _ in range(40):
        visitor = app.test_client()
        visitor.post("/accounts/passkeys/ask")
        assert visitor.post("/accounts/sign-in/passkey", data={"answer": "{}"}).status_code == 422
    assert rows_in(app) == before
    assert nobody.post("/accounts/sign-in/passkey", data={"answer": "right"}).status_code == 303
    with clock.moved_to(now + factors.ANSWERED_WITHIN):
        later = app.test_client()
        later.post("/accounts/passkeys/ask")
        assert later.post("/accounts/sign-in/passkey", data={"answer": "right"}).status_code == 303
    assert rows_in(app)["challenge"] == 1, "those of before went with their time"


def rows_in(app: Flask) -> dict[str, int]:
    with app.app_context():
        tables = db.metadata.sorted_tables
        return {
            one.name: db.session.execute(select(func.count()).select_from(one)).scalar_one() for one in tables
        }


def test_a_visitors_browser_hears_the_same_whoever_has_passkeys(
    app: Flask, nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    asked = nobody.post("/accounts/passkeys/ask").json
    assert asked["allowCredentials"] == []
    assert asked["rpId"] == "localhost"
    assert asked["userVerification"] == "required"
