"""Inviting and joining: two things to get in, each works once, and nothing opens before the counselor confirms."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from clinic import clock
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Account, Person, UserSession
from clinic.audit import AuditEvent
from clinic.couples import actions, queries
from clinic.couples.models import Couple, Invitation, Partner
from clinic.extensions import db
from clinic.safety import queries as safety
from tests.cast import PASSPHRASE, Cast, add_code_app, viewer_of

Enter = Callable[[str], FlaskClient]

OWN_WORDS = "nine brown kettles sing"


@pytest.fixture
def fresh(app: Flask, cast: Cast, now: datetime) -> Couple:
    """A couple that nobody has joined yet; only its ids may be used outside of an app context."""
    with app.app_context():
        couple = actions.create(
            viewer_of(cast, "counselor"), actions.NewCouple(("Tove", "Sam"), "Europe/Oslo"), now
        )
        ids = [one.id for one in couple.partners]
        db.session.commit()
        cast.partners.update(tove=ids[0], sam=ids[1])
        cast.couples["fresh"] = couple.id
        return couple


def invite(client: FlaskClient, cast: Cast, who: str = "tove") -> tuple[str, str]:
    """The path and the six digits, as the counselor's page shows them."""
    page = client.post(f"/couples/partners/{cast.partners[who]}/invite").text
    path = re.search(r"/join/[\w-]+", page)
    digits = re.search(r'class="tnum">(\d{3} \d{3})<', page)
    assert path
    assert digits
    return path[0], digits[1]


def join(client: FlaskClient, path: str, digits: str, name: str = "tove.k", **more: str) -> object:
    return client.post(
        path, data={"secret": digits, "name": "Tove", "sign_in_name": name, "passphrase": OWN_WORDS, **more}
    )


def test_partner_joins_with_link_and_digits(
    client_for: Enter, nobody: FlaskClient, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    assert nobody.get(path).status_code == 200
    answer = join(nobody, path, digits)
    assert answer.status_code == 303
    assert answer.location == "/accounts/welcome"
    assert nobody.get(answer.location).status_code == 200


def test_looking_at_the_link_consumes_nothing_and_tells_nothing(
    client_for: Enter, nobody: FlaskClient, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    for _ in range(3):
        page = nobody.get(path)
        assert "Tove" not in page.text
        assert "Ruth" not in page.text
        assert "Linden" not in page.text
    assert join(nobody, path, digits).status_code == 303


def test_code_for_the_camera_is_drawn_whole(client_for: Enter, cast: Cast, fresh: Couple) -> None:
    page = client_for("counselor").post(f"/couples/partners/{cast.partners['tove']}/invite").text
    code = re.search(r'role="img"[^>]*><svg[^>]*>', page)[0]
    assert "viewBox" in code, "without it the style sheet's size would cut the code off"


def test_link_works_once(app: Flask, client_for: Enter, cast: Cast, fresh: Couple) -> None:
    path, digits = invite(client_for("counselor"), cast)
    assert join(app.test_client(), path, digits).status_code == 303
    assert app.test_client().get(path).status_code == 404
    assert join(app.test_client(), path, digits, "second").status_code == 404


def test_link_ends_after_three_days(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple, now: datetime
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    with clock.moved_to(now + timedelta(hours=72)):
        assert join(app.test_client(), path, digits).status_code == 404


def test_fifth_wrong_secret_ends_the_invitation(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    wrong = "000 000" if digits != "000 000" else "111 111"
    for _ in range(5):
        assert join(app.test_client(), path, wrong).status_code == 422
    assert join(app.test_client(), path, digits).status_code == 404


def test_parallel_guesses_at_the_secret_are_all_counted(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    with clock.moved_to(datetime.now(clock.UTC)):
        path, digits = invite(client_for("counselor"), cast)
    wrong = "000 000" if digits != "000 000" else "111 111"
    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _n: join(app.test_client(), path, wrong).status_code, range(12)))
    assert answers.count(404) >= 3
    with app.app_context():
        failures = db.session.scalar(select(func.max(Invitation.failures)))
        assert failures == 5


def test_of_two_who_join_at_once_one_gets_in(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    with clock.moved_to(datetime.now(clock.UTC)):
        path, digits = invite(client_for("counselor"), cast)
    with ThreadPoolExecutor(2) as both:
        answers = list(
            both.map(lambda n: join(app.test_client(), path, digits, f"twin{n}").status_code, range(2))
        )
    assert answers.count(303) == 1
    assert set(answers) & {404, 409, 422}
    with app.app_context():
        joined = db.session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.sign_in_hash.in_([sign_ins.sign_in_hash("twin0"), sign_ins.sign_in_hash("twin1")]))
        )
        assert joined == 1


def test_new_link_ends_the_old_one(app: Flask, client_for: Enter, cast: Cast, fresh: Couple) -> None:
    counselor = client_for("counselor")
    old, digits = invite(counselor, cast)
    invite(counselor, cast)
    assert join(app.test_client(), old, digits).status_code == 404


def test_digits_of_one_link_do_not_open_another(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    counselor = client_for("counselor")
    path, digits = invite(counselor, cast, "tove")
    _, others = invite(counselor, cast, "sam")
    if digits != others:
        assert join(app.test_client(), path, others).status_code == 422


def test_neither_link_nor_digits_lie_in_the_database(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    with app.app_context():
        row = db.session.scalars(select(Invitation).order_by(Invitation.created_at.desc())).first()
        kept = f"{row.token_hash}{row.secret_hash}"
    assert path.rsplit("/", 1)[1] not in kept
    assert digits.replace(" ", "") not in kept


def test_taken_sign_in_name_can_be_chosen_anew_without_losing_the_link(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    client = app.test_client()
    taken = join(client, path, digits, "partner_a")
    assert taken.status_code == 422
    assert "is taken" in taken.text
    assert join(client, path, digits, "free.name").status_code == 303


def test_who_holds_the_digits_cannot_find_out_who_has_a_sign_in(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    wrong = "000 000" if digits != "000 000" else "111 111"
    assert join(app.test_client(), path, wrong).status_code == 422
    for name in ("partner_a", "owner", "partner_b", "left"):
        assert "is taken" in join(app.test_client(), path, digits, name).text
    assert join(app.test_client(), path, digits, "free.name").status_code == 404
    page = client_for("counselor").get(f"/couples/{cast.couples['fresh']}/people").text
    assert "The last invitation ended by itself." in page
    invite(client_for("counselor"), cast)
    page = client_for("counselor").get(f"/couples/{cast.couples['fresh']}/people").text
    assert "The last invitation ended by itself." not in page
    with app.app_context():
        told = db.session.scalars(select(AuditEvent.verb).where(AuditEvent.subject == "invitation")).all()
    assert told.count("taken name") == 4


def test_short_passphrase_is_refused_in_words(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    answer = join(app.test_client(), path, digits, passphrase="fourteen chars")
    assert answer.status_code == 422
    assert "at least 15" in answer.text


# Before the counselor confirms


def test_nothing_opens_before_the_counselor_confirms(
    app: Flask, client_for: Enter, nobody: FlaskClient, cast: Cast, fresh: Couple, now: datetime
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    join(nobody, path, digits)
    with app.app_context():
        person = db.session.get_one(Partner, cast.partners["tove"]).person_id
        cast.people["tove"] = person
        viewer = viewer_of(cast, "tove")
        assert viewer.is_client
        assert viewer.partner_ids == frozenset()
        assert not viewer.holds("partner", cast.partners["tove"])
        assert not viewer.holds("couple", cast.couples["fresh"])
        assert queries.get_for(viewer, cast.couples["fresh"]) is None
        assert safety.ceiling_of(db.session.get_one(Couple, cast.couples["fresh"]), now) == "counselor"


def test_counselor_confirms_who_joined(
    app: Flask, client_for: Enter, nobody: FlaskClient, cast: Cast, fresh: Couple
) -> None:
    counselor = client_for("counselor")
    path, digits = invite(counselor, cast)
    join(nobody, path, digits)
    assert "Ask <bdi>Tove</bdi> in person" in counselor.get(f"/couples/{cast.couples['fresh']}/people").text
    counselor.post(f"/couples/partners/{cast.partners['tove']}/confirm")
    with app.app_context():
        cast.people["tove"] = db.session.get_one(Partner, cast.partners["tove"]).person_id
        assert viewer_of(cast, "tove").partner_ids == {cast.partners["tove"]}


def test_refused_one_is_out_and_the_side_is_free_again(
    app: Flask, client_for: Enter, nobody: FlaskClient, cast: Cast, fresh: Couple
) -> None:
    counselor = client_for("counselor")
    path, digits = invite(counselor, cast)
    join(nobody, path, digits)
    counselor.post(f"/couples/partners/{cast.partners['tove']}/refuse")
    assert nobody.get("/accounts/welcome").status_code == 303
    answer = nobody.post("/accounts/sign-in", data={"name": "tove.k", "passphrase": OWN_WORDS})
    assert answer.status_code == 422
    again, other_digits = invite(counselor, cast)
    assert join(app.test_client(), again, other_digits, "really.tove").status_code == 303


def test_confirming_an_empty_side_is_told_in_words(client_for: Enter, cast: Cast, fresh: Couple) -> None:
    counselor = client_for("counselor")
    page = counselor.post(f"/couples/partners/{cast.partners['tove']}/confirm", follow_redirects=True)
    assert "Nobody has joined on this side yet." in page.text


# A second couple


def test_person_joins_a_second_couple_with_the_own_sign_in(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    client = app.test_client()
    answer = client.post(
        f"{path}?with=own", data={"secret": digits, "sign_in_name": "ex_a", "passphrase": PASSPHRASE}
    )
    assert answer.status_code == 303
    with app.app_context():
        assert {side.partner_id for side in queries.sides_of(cast.people["ex_a"])} == {
            cast.partners["ex_a"],
            cast.partners["tove"],
        }
        assert db.session.scalar(select(func.count()).select_from(Person)) == 14


def test_person_with_a_second_step_takes_it_in_this_browser_before_joining_a_second_couple(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple, now: datetime
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    with app.app_context():
        add_code_app(cast.people["ex_a"], now)
        db.session.commit()
    data = {"secret": digits, "sign_in_name": "ex_a", "passphrase": PASSPHRASE}
    answer = app.test_client().post(f"{path}?with=own", data=data)
    assert answer.status_code == 409
    assert "Sign in with it in this browser" in answer.text
    half = app.test_client()
    half.post("/accounts/sign-in", data={"name": "ex_a", "passphrase": PASSPHRASE})
    assert half.post(f"{path}?with=own", data=data).status_code == 409
    whole = client_for("ex_a")
    assert whole.post(f"{path}?with=own", data=data).status_code == 303
    assert whole.get("/progress/now").status_code == 200


def test_one_person_cannot_be_both_partners(app: Flask, client_for: Enter, cast: Cast, fresh: Couple) -> None:
    counselor = client_for("counselor")
    own = {"sign_in_name": "ex_a", "passphrase": PASSPHRASE}
    path, digits = invite(counselor, cast, "tove")
    app.test_client().post(f"{path}?with=own", data={"secret": digits, **own})
    path, digits = invite(counselor, cast, "sam")
    answer = app.test_client().post(f"{path}?with=own", data={"secret": digits, **own})
    assert answer.status_code == 409


def test_sign_in_of_another_practice_is_refused(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    data = {"secret": digits, "sign_in_name": "elsewhere_a", "passphrase": PASSPHRASE}
    assert app.test_client().post(f"{path}?with=own", data=data).status_code == 409


def test_whoever_is_signed_in_on_the_device_does_not_join_by_accident(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple
) -> None:
    """A couple shares a tablet: the one who is signed in opens the other's link."""
    path, digits = invite(client_for("counselor"), cast)
    shared = client_for("partner_a")
    assert "Sign-in" not in shared.get(path).text.split("<title>")[1].split("</title>")[0]
    answer = join(shared, path, digits)
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.get_one(Partner, cast.partners["tove"]).person_id != cast.people["partner_a"]
        ended = db.session.scalars(
            select(UserSession).join(Account).where(Account.person_id == cast.people["partner_a"])
        ).all()
        assert all(one.revoked_at for one in ended)


def test_others_cannot_invite(client_for: Enter, cast: Cast, fresh: Couple) -> None:
    for who in ("other_counselor", "supervisor", "elsewhere_counselor"):
        assert client_for(who).post(f"/couples/partners/{cast.partners['tove']}/invite").status_code == 404
    for who in ("owner", "partner_a"):
        assert client_for(who).post(f"/couples/partners/{cast.partners['tove']}/invite").status_code == 403


# Work and home


@pytest.mark.parametrize("who", ["other_counselor", "owner", "supervisor", "left"])
def test_staff_cannot_join_with_the_sign_in_that_they_work_with(
    app: Flask, client_for: Enter, cast: Cast, fresh: Couple, who: str
) -> None:
    path, digits = invite(client_for("counselor"), cast)
    data = {"secret": digits, "sign_in_name": who, "passphrase": PASSPHRASE}
    answer = app.test_client().post(f"{path}?with=own", data=data)
    assert answer.status_code == 409
    assert "Please join with one of your own that is not for work." in answer.text
    assert join(app.test_client(), path, digits, "tove at home").status_code == 303
    with app.app_context():
        assert queries.sides_of(cast.people[who]) == ()
