"""Wrong tries: guessing is bounded, and nobody who guesses, not even at home, shuts the right one out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from clinic import clock
from clinic.accounts import actions, queries, rules, tries
from clinic.accounts.models import Throttle
from clinic.accounts.tries import Door
from clinic.extensions import db
from tests.accounts.test_sign_in import sign_in
from tests.cast import Cast, viewer_of

Enter = Callable[[str], FlaskClient]
GUESS = "guessing and guessing once more"


def test_sixth_wrong_try_must_wait_and_a_right_one_after_it_is_let_in(
    nobody: FlaskClient, cast: Cast, now: datetime
) -> None:
    for _ in range(5):
        assert sign_in(nobody, "partner_a", "wrong words again and again").status_code == 422
    assert sign_in(nobody, "partner_a").status_code == 429
    with clock.moved_to(now + timedelta(seconds=2)):
        assert sign_in(nobody, "partner_a").status_code == 303


def test_wait_grows_and_has_an_end() -> None:
    waits = [rules.wait_after(failures).total_seconds() for failures in (4, 5, 6, 7, 8, 40, 4000)]
    assert waits == [0, 1, 2, 4, 8, 900, 900]


def test_ex_in_the_same_household_cannot_lock_a_known_device_out(
    app: Flask, cast: Cast, now: datetime
) -> None:
    mine, theirs = app.test_client(), app.test_client()
    assert sign_in(mine, "partner_a").status_code == 303
    for _ in range(8):
        sign_in(theirs, "partner_a", "guessing and guessing once more")
    assert sign_in(theirs, "partner_a", "guessing and guessing once more").status_code == 429
    assert sign_in(mine, "partner_a").status_code == 303


def test_new_cookies_do_not_buy_new_tries(app: Flask, cast: Cast, now: datetime) -> None:
    answers = [
        sign_in(app.test_client(), "partner_a", "guessing and guessing once more").status_code
        for _ in range(6)
    ]
    assert answers == [422, 422, 422, 422, 422, 429]


def test_forged_device_cookie_counts_as_unknown(app: Flask, cast: Cast, now: datetime) -> None:
    answers = []
    for n in range(6):
        client = app.test_client()
        client.set_cookie("device", f"{n:032x}.{'0' * 64}")
        answers.append(sign_in(client, "partner_a", "guessing and guessing once more").status_code)
    assert answers[-1] == 429


def test_own_sign_ins_do_not_buy_guesses_at_another_name(app: Flask, cast: Cast, now: datetime) -> None:
    client = app.test_client()
    seen = set()
    for _ in range(8):
        assert sign_in(client, "partner_b").status_code in {303, 429}
        seen.add(sign_in(client, "partner_a", "guessing and guessing once more").status_code)
    assert 429 in seen


def test_parallel_guesses_share_one_count(app: Flask, cast: Cast) -> None:
    """A try is counted before it is judged, so that twelve at once are still only five free ones."""

    def guess(_n: int) -> int:
        return sign_in(app.test_client(), "partner_a", "parallel guess at the words").status_code

    with ThreadPoolExecutor(6) as crowd:
        answers = list(crowd.map(guess, range(12)))
    assert answers.count(422) <= 6, "five free ones, and one more when a second went by"
    assert 429 in answers


def tried(door: Door, now: datetime) -> bool:
    """A wrong try, if it is taken at all."""
    try:
        tries.count_sign_in(door, now)
    except tries.Refused:
        db.session.rollback()
        return False
    db.session.commit()
    return True


def strangers(name: str, number: int) -> Door:
    """Somebody at an address of their own."""
    return Door(queries.sign_in_hash(name), None, f"10.0.{number // 250}.{number % 250}")


def test_after_leaving_quickly_wrong_tries_at_home_make_nobody_wait(
    app: Flask, cast: Cast, now: datetime
) -> None:
    mine, theirs = app.test_client(), app.test_client()
    assert sign_in(mine, "partner_a").status_code == 303
    for minutes in range(0, 12 * 16, 16):
        with clock.moved_to(now + timedelta(minutes=minutes)):
            for name in ("partner_a", "whoever"):
                sign_in(theirs, name, GUESS)
    with clock.moved_to(now + timedelta(minutes=11 * 16, seconds=1)):
        assert sign_in(theirs, "partner_a", GUESS).status_code == 429
        mine.post("/accounts/leave")
        assert sign_in(mine, "partner_a").status_code == 303


def test_wrong_tries_at_other_names_do_not_make_a_new_device_at_home_wait(
    app: Flask, cast: Cast, now: datetime
) -> None:
    for number in range(12):
        assert sign_in(app.test_client(), f"whoever{number}", GUESS).status_code == 422
    assert sign_in(app.test_client(), "partner_a").status_code == 303


def test_a_device_is_at_home_at_the_names_it_signed_in_under_and_at_no_other(
    app: Flask, cast: Cast, now: datetime
) -> None:
    """An ex has a device of their own, too: it is a stranger at the other's name."""
    theirs = app.test_client()
    assert sign_in(theirs, "partner_b").status_code == 303
    answers = [sign_in(theirs, "partner_a", GUESS).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert sign_in(app.test_client(), "partner_a").status_code == 429  # as a stranger in the same household
    assert sign_in(theirs, "partner_b").status_code == 303


def test_a_network_may_try_many_names_and_then_waits_a_minute_at_most(app: Flask, now: datetime) -> None:
    with app.app_context():
        doors = [Door(f"name {number}", None, "10.0.0.1") for number in range(200)]
        taken = [tried(door, now) for door in doors]
        assert taken.index(False) == rules.OF_A_NETWORK.free
        later = now
        for door in doors[60:80]:
            later += rules.OF_A_NETWORK.longest
            assert tried(door, later)
            assert not tried(doors[99], later)


def test_nobody_tries_a_name_more_than_a_hundred_times_in_a_row(
    app: Flask, cast: Cast, now: datetime
) -> None:
    """However many networks and hours it takes; the owner's own device is not shut out."""
    with app.app_context():
        home = Door(queries.sign_in_hash("partner_a"), "a" * 32, "10.9.9.9")
        tries.make_at_home(home.name_hash, "a" * 32, now)
        days = [now + timedelta(days=number) for number in range(300)]
        taken = [tried(strangers("partner_a", number), day) for number, day in enumerate(days)]
        assert taken.count(True) == rules.MOST_IN_A_ROW == 100
        assert tried(strangers("partner_b", 1), days[-1])
        assert tried(home, days[-1])
        tries.make_at_home(home.name_hash, "a" * 32, days[-1])
        db.session.commit()
        assert not tried(strangers("partner_a", 1), days[-1])
        assert tried(strangers("partner_a", 1), days[-1] + timedelta(days=1))


def test_who_shut_a_name_is_not_told_when_its_owner_comes(app: Flask, cast: Cast, now: datetime) -> None:
    """The ex fills the count from many networks, and then asks minute by minute whether the name is still shut."""
    mine, theirs = app.test_client(), app.test_client()
    assert sign_in(mine, "partner_a").status_code == 303
    with app.app_context():
        for number in range(rules.MOST_IN_A_ROW):
            assert tried(strangers("partner_a", number), now)
    said = []
    for minute in range(1, 7):
        with clock.moved_to(now + timedelta(minutes=minute)):
            said.append(sign_in(theirs, "partner_a", GUESS).status_code)
            if minute == 3:
                assert sign_in(mine, "partner_a").status_code == 303
    assert said == [429] * 6
    with clock.moved_to(now + timedelta(days=1)):
        assert sign_in(theirs, "partner_a", GUESS).status_code == 422


def test_a_device_at_home_is_bounded_too_and_then_it_is_a_stranger(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        home = Door(queries.sign_in_hash("partner_a"), "a" * 32, "10.9.9.9")
        tries.make_at_home(home.name_hash, "a" * 32, now)
        days = [now + timedelta(days=number) for number in range(300)]
        assert [tried(home, day) for day in days].count(True) == 2 * rules.MOST_IN_A_ROW
        assert not home.is_home


def test_a_name_that_was_shut_says_so_and_a_passphrase_made_in_person_opens_it(
    app: Flask, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        for number in range(rules.MOST_IN_A_ROW):
            assert tried(strangers("partner_a", number), now)
            assert tried(strangers("nobody-at-all", number), now)
    shut, unknown = (sign_in(app.test_client(), name) for name in ("partner_a", "nobody-at-all"))
    assert (shut.status_code, unknown.status_code) == (429, 429)
    assert "ask your practice, in person" in shut.text
    assert "ask your practice, in person" in unknown.text
    with app.app_context():
        account = queries.account_of(cast.people["partner_a"])
        assert account is not None
        actions.reset_password(viewer_of(cast, "counselor"), account, account.password_hash, now)
        db.session.commit()
    assert sign_in(app.test_client(), "partner_a").status_code == 303


def test_counting_does_the_same_for_names_that_nobody_has(app: Flask, cast: Cast, now: datetime) -> None:
    sign_in(app.test_client(), "the first one of this network", GUESS)
    said: dict[str, list[str]] = {"partner_a": [], "nobody-at-all": []}
    for name, statements in said.items():

        def watch(*parts: object, statements: list[str] = statements) -> None:
            statements.append(str(parts[2]))

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", watch)
            for _ in range(7):
                sign_in(app.test_client(), name, GUESS)
            event.remove(db.engine, "before_cursor_execute", watch)
    counted = [[one for one in statements if "throttle" in one] for statements in said.values()]
    assert counted[0] == counted[1]


def test_tries_are_forgotten_in_the_table_too(app: Flask, cast: Cast, now: datetime) -> None:
    with app.app_context():
        for number in range(30):
            tried(Door(f"name {number}", None, "10.0.0.1"), now)
        tried(Door("another", None, "10.0.0.1"), now + rules.FORGOTTEN_AFTER)
        waits = db.session.scalars(select(Throttle).where(Throttle.purpose == tries.SIGN_IN)).all()
        assert len(waits) == 2  # of this try: the name in its network, and the network
