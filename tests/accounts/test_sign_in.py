"""Signing in and out, throttling, and what a stranger can learn."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from clinic import clock
from clinic.accounts import actions, queries
from clinic.accounts.models import Account, StaffMember, UserSession
from clinic.extensions import db
from tests.cast import PASSPHRASE, Cast, token_for, viewer_of

Enter = Callable[[str], FlaskClient]


def sign_in(client: FlaskClient, name: str, passphrase: str = PASSPHRASE, target: str = "") -> object:
    return client.post(f"/accounts/sign-in{target}", data={"name": name, "passphrase": passphrase})


def test_client_signs_in(nobody: FlaskClient, cast: Cast, now: datetime) -> None:
    answer = sign_in(nobody, "partner_a")
    assert answer.status_code == 303
    assert answer.location == "/"
    with nobody.session_transaction() as session:
        assert session["_user_id"]


def test_sign_in_name_is_found_in_any_case_and_with_spaces(
    nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    assert sign_in(nobody, " Partner_A ").status_code == 303


def test_wrong_passphrase_and_unknown_name_look_the_same(
    nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    wrong = sign_in(nobody, "partner_a", "not the passphrase")
    unknown = sign_in(nobody, "nobody_x", "not the passphrase")
    assert wrong.status_code == unknown.status_code == 422
    assert (
        wrong.text.replace("partner_a", "nobody_x").split("<main")[1].split("csrf")[0]
        == unknown.text.split("<main")[1].split("csrf")[0]
    )


def test_unknown_name_costs_a_hash_too(
    nobody: FlaskClient, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = []
    monkeypatch.setattr(
        actions._argon2.__class__, "verify", lambda _self, stored, _given: judged.append(stored) or False
    )
    sign_in(nobody, "nobody_x")
    sign_in(nobody, "partner_a")
    assert len(judged) == 2


def test_hash_is_argon2id_with_19_mib() -> None:
    assert actions.hash_passphrase(PASSPHRASE).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_no_transaction_is_open_while_hashing(
    app: Flask, nobody: FlaskClient, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones = []
    real = actions.fits

    def watched(stored: str | None, passphrase: str) -> bool:
        open_ones.append(db.session().in_transaction())
        return real(stored, passphrase)

    monkeypatch.setattr(actions, "fits", watched)
    sign_in(nobody, "counselor")
    assert open_ones == [False]


def test_sign_in_gets_a_new_id_each_time(nobody: FlaskClient, cast: Cast, now: datetime) -> None:
    """An id planted in the browser before signing in is worthless afterwards."""
    with nobody.session_transaction() as session:
        session["_user_id"] = "planted"
        session["csrf_token"] = "planted"
    sign_in(nobody, "counselor")
    with nobody.session_transaction() as session:
        first = session["_user_id"]
    sign_in(nobody, "counselor")
    with nobody.session_transaction() as session:
        assert session["_user_id"] not in {"planted", first}
        assert session.get("csrf_token") != "planted"


def test_signing_in_again_ends_this_browsers_earlier_sign_in(
    app: Flask, nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    sign_in(nobody, "counselor")
    with nobody.session_transaction() as session:
        first = session["_user_id"]
    sign_in(nobody, "partner_a")
    with app.app_context():
        assert queries.signed_in(first) is None


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
        " /x",
    ],
)
def test_next_never_leads_to_another_site(
    nobody: FlaskClient, cast: Cast, now: datetime, target: str
) -> None:
    answer = nobody.post(
        "/accounts/sign-in",
        query_string={"next": target},
        data={"name": "counselor", "passphrase": PASSPHRASE},
    )
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert not answer.location.startswith("//")
    assert "\\" not in answer.location


def test_next_leads_on_within_the_site(nobody: FlaskClient, cast: Cast, now: datetime) -> None:
    assert sign_in(nobody, "partner_a", target="?next=/accounts/devices").location == "/accounts/devices"


def test_token_in_the_database_is_only_a_hash(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        token = token_for(cast, "counselor", now)
        assert token not in db.session.scalars(select(UserSession.token_hash)).all()


# Time


@pytest.mark.parametrize(("who", "idle"), [("counselor", 15), ("partner_a", 30)])
def test_sign_in_ends_after_quiet_minutes(app: Flask, cast: Cast, now: datetime, who: str, idle: int) -> None:
    with app.app_context():
        token = token_for(cast, who, now)
        with clock.moved_to(now + timedelta(minutes=idle, seconds=-1)):
            assert queries.signed_in(token)
        with clock.moved_to(now + timedelta(minutes=idle)):
            assert queries.signed_in(token) is None


@pytest.mark.parametrize(("who", "hours"), [("counselor", 12), ("partner_a", 24)])
def test_sign_in_ends_for_good_even_when_used(
    app: Flask, cast: Cast, now: datetime, who: str, hours: int
) -> None:
    with app.app_context():
        token = token_for(cast, who, now)
        row = db.session.scalar(select(UserSession).where(UserSession.token_hash == queries.hash_of(token)))
        row.last_seen_at = now + timedelta(hours=hours, minutes=-1)
        db.session.commit()
        with clock.moved_to(now + timedelta(hours=hours, seconds=-1)):
            assert queries.signed_in(token)
        with clock.moved_to(now + timedelta(hours=hours)):
            assert queries.signed_in(token) is None


def test_use_keeps_a_sign_in_alive(client_for: Enter, now: datetime) -> None:
    client = client_for("counselor")
    for minutes in (10, 20, 30):
        with clock.moved_to(now + timedelta(minutes=minutes)):
            assert client.get("/accounts/devices").status_code == 200


def test_use_is_noted_once_a_minute_at_most(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        token = token_for(cast, "counselor", now)
        signed = queries.signed_in(token)
        db.session.rollback()
        actions.note_use(signed, now + timedelta(seconds=59))
        assert db.session.get(UserSession, signed.session_id).last_seen_at == now
        db.session.rollback()
        actions.note_use(signed, now + timedelta(seconds=60))
        assert db.session.get(UserSession, signed.session_id).last_seen_at == now + timedelta(seconds=60)


def test_a_way_back_leads_nobody_where_they_may_not_go(client_for, nobody) -> None:
    for key, target in (
        ("partner_a", "/accounts/staff"),
        ("partner_b", "/nowhere"),
        ("other_a", "//evil.example"),
    ):
        browser = nobody.application.test_client()
        signed = browser.post(
            f"/accounts/sign-in?next={target}", data={"name": key, "passphrase": PASSPHRASE}
        )
        assert signed.location == "/"


# Leaving


def test_one_who_left_is_dead_at_the_next_request(
    app: Flask, cast: Cast, client_for: Enter, now: datetime
) -> None:
    client = client_for("counselor")
    assert client.get("/accounts/devices").status_code == 200
    with app.app_context():
        member = db.session.get_one(StaffMember, cast.staff["counselor"])
        actions.let_go(viewer_of(cast, "owner"), member, now)
        db.session.commit()
    assert (
        client.get("/accounts/devices").status_code == 302
        or client.get("/accounts/devices").status_code == 303
    )


def test_one_who_left_cannot_sign_in(nobody: FlaskClient, cast: Cast, now: datetime) -> None:
    assert sign_in(nobody, "left").status_code == 422


def test_last_owner_stays(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        owner = db.session.get_one(StaffMember, cast.staff["owner"])
        with pytest.raises(actions.AccountError):
            actions.let_go(viewer_of(cast, "owner"), owner, now)


# Costs


def test_sign_in_is_found_in_three_statements(app: Flask, cast: Cast, now: datetime) -> None:
    for who in ("counselor", "partner_a"):
        with app.app_context():
            token = token_for(cast, who, now)
            said: list[str] = []
            event.listen(db.engine, "before_cursor_execute", lambda *parts, said=said: said.append(parts[2]))
            assert queries.signed_in(token)
            assert len([one for one in said if one.startswith("SELECT")]) <= 3


def test_account_has_no_address(app: Flask) -> None:
    assert "email" not in {column.key for column in Account.__table__.columns}


def test_a_copied_cookie_is_dead_after_signing_out(app: Flask, client_for: Enter) -> None:
    """Whoever copied it before has nothing: the sign-in is ended where it is kept."""
    owner, thief = client_for("partner_a"), app.test_client()
    with owner.session_transaction() as session:
        copied = dict(session)
    with thief.session_transaction() as session:
        session.update(copied)
    assert thief.get("/accounts/devices").status_code == 200
    owner.post("/accounts/sign-out")
    assert "/accounts/sign-in" in thief.get("/accounts/devices").location


def test_a_name_that_nobody_has_costs_the_same_statements(app: Flask, cast: Cast, now: datetime) -> None:
    """Nothing that the database is asked for, in which order, tells whether somebody has that name."""
    asked: dict[str, list[str]] = {}
    with app.app_context():
        engines = list(db.engines.values())
    for place, name in enumerate(("partner_a", "nobody_at_all", "left")):
        stranger = app.test_client()
        stranger.environ_base["REMOTE_ADDR"] = (
            f"198.51.{place}.7"  # each at a home of its own: tries there are counted
        )
        heard = asked[name] = list[str]()

        def hear(_c: object, _cursor: object, statement: str, *_: object, heard: list[str] = heard) -> None:
            heard.append(statement)

        for engine in engines:
            event.listen(engine, "before_cursor_execute", hear)
        answer = sign_in(stranger, name, "not the passphrase of anybody")
        for engine in engines:
            event.remove(engine, "before_cursor_execute", hear)
        assert answer.status_code == 422
    assert asked["partner_a"] == asked["nobody_at_all"] == asked["left"]
    assert len(asked["partner_a"]) > 3
