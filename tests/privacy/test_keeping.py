"""What holds words back from ending: legal holds, and the time for which a practice keeps a record."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from clinic import clock, jobs, vault
from clinic.accounts.models import UserSession
from clinic.couples.models import Couple, Partner
from clinic.exercises import actions as exercises
from clinic.exercises.library import shipped
from clinic.extensions import db, set_transactions
from clinic.homework.actions import HomeworkError
from clinic.homework.models import Assignment
from clinic.practice.models import Practice
from clinic.privacy import rules
from clinic.privacy.models import Ending, LegalHold
from tests import cast as people
from tests.rules.forms_on import forms_on
from tests.rules.stage import Stage

Enter = Callable[[str], FlaskClient]
WORDS = {"reason": "The court wrote.", "from_on": "2026-03-02"}


@pytest.fixture(autouse=True)
def _own_list(app: Flask) -> Iterator[None]:
    """No list of shredded keys is left for the next test, which begins with the same keys again."""
    vault._keys.open.clear()
    yield
    settings = app.config["SETTINGS"]
    for file in (settings.shredded_file, *settings.backup_dir.glob("*")):
        file.unlink(missing_ok=True)
    vault.watch(settings.shredded_file)


def look(app: Flask, at: datetime) -> None:
    set_transactions(write=True)
    with clock.moved_to(at):
        assert jobs.look(app, jobs.dues_of(app)) == []


def end(client: FlaskClient, partner: object, name: str, cause: str = "request"):  # type: ignore[no-untyped-def]
    data = {"cause": cause, "reason": "As it was asked.", "name": name}
    return client.post(f"/privacy/partners/{partner}/end", data=data)


def is_closed(app: Flask, partner: object) -> bool:
    with app.app_context():
        return db.session.get_one(Partner, partner).closed_at is not None


def states(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Ending.state).order_by(Ending.asked_at)))


# Legal holds


@pytest.mark.parametrize(("whom", "stopped"), [("both", {"ex_a", "ex_b"}), ("1", {"ex_a"})])
def test_a_hold_stops_an_erasure_before_it_begins_and_says_so(
    app: Flask, cast: people.Cast, client_for: Enter, whom: str, stopped: set[str]
) -> None:
    counselor, at = client_for("counselor"), f"/privacy/couples/{cast.couples['ex']}"
    assert counselor.post(f"{at}/hold", data={"whom": whom, **WORDS}).status_code == 303
    for who, name in (("ex_a", "Dara"), ("ex_b", "Luis")):
        page = counselor.get(f"/privacy/partners/{cast.partners[who]}/end").text
        assert ("A legal hold keeps this record" in page) == (who in stopped)
        answer = end(counselor, cast.partners[who], name)
        assert is_closed(app, cast.partners[who]) == (who not in stopped)
        assert ("legal hold keeps" in counselor.get(answer.location).text) == (who in stopped)


def test_a_hold_within_the_period_stops_the_shredding_until_it_is_lifted(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    counselor, at = client_for("counselor"), f"/privacy/couples/{cast.couples['ex']}"
    end(counselor, cast.partners["ex_a"], "Dara")
    counselor.post(f"{at}/hold", data={"whom": "1", **WORDS})
    look(app, now + timedelta(days=40))
    assert states(app) == ["closed"]
    assert "The ending that has begun waits" in counselor.get(at).text
    with app.app_context():
        hold = db.session.scalars(select(LegalHold.id)).one()
    assert counselor.post(f"/privacy/holds/{hold}/lift", data={"reason": ""}).status_code == 422
    assert counselor.post(f"/privacy/holds/{hold}/lift", data={"reason": "It is over."}).status_code == 303
    look(app, now + timedelta(days=41))
    assert states(app) == ["shredded"]
    assert "Lifted on" in counselor.get(at).text


def test_a_hold_stops_what_is_due_by_its_time_too(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    leave(app, cast, "ex_a", now - timedelta(days=8 * 366))
    counselor, at = client_for("counselor"), f"/privacy/couples/{cast.couples['ex']}"
    counselor.post(f"{at}/hold", data={"whom": "1", **WORDS})
    page = counselor.get("/privacy/retention").text
    assert "On hold: it stays" in page
    assert "End it" not in page
    end(counselor, cast.partners["ex_a"], "Dara", "retention")
    assert not is_closed(app, cast.partners["ex_a"])


def test_no_client_learns_of_a_hold_or_of_an_ending(app: Flask, cast: people.Cast, client_for: Enter) -> None:
    pages = ("/progress/now", "/progress/ours", "/progress/mine")
    counselor, one, other = client_for("counselor"), client_for("ex_a"), client_for("ex_b")
    before = [plain(who.get(path).text) for who in (one, other) for path in pages]
    counselor.post(f"/privacy/couples/{cast.couples['ex']}/hold", data={"whom": "both", **WORDS})
    assert [plain(who.get(path).text) for who in (one, other) for path in pages] == before
    with app.app_context():
        db.session.scalars(select(LegalHold)).one().lifted_at = clock.now()
        db.session.commit()
    end(counselor, cast.partners["ex_a"], "Dara")
    assert [plain(other.get(path).text) for path in pages] == before[3:]


def plain(text: str) -> str:
    return re.sub(r'(name="csrf_token"[^>]*value=|content=)"[^"]+"', r"\1", text)


# The time of a record


def leave(app: Flask, cast: people.Cast, who: str, at: datetime) -> None:
    """Care ended for somebody on a day long ago."""
    with app.app_context():
        db.session.get_one(Partner, cast.partners[who]).left_at = at
        db.session.commit()


@pytest.mark.parametrize(
    ("ended", "years", "until"),
    [
        (datetime(2019, 3, 1, 20, tzinfo=people.BEGAN.tzinfo), 7, date(2026, 3, 1)),
        (datetime(2020, 2, 29, 20, tzinfo=people.BEGAN.tzinfo), 7, date(2027, 3, 1)),
        (datetime(2020, 2, 29, 20, tzinfo=people.BEGAN.tzinfo), 8, date(2028, 2, 29)),
        (datetime(2019, 3, 1, 2, tzinfo=people.BEGAN.tzinfo), 7, date(2026, 2, 28)),
    ],
)
def test_a_record_is_kept_for_whole_years_of_the_couples_own_days(
    ended: datetime, years: int, until: date
) -> None:
    assert rules.kept_until(ended, "America/New_York", years) == until


def test_each_of_a_separated_couple_has_a_clock_of_its_own(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    counselor, at = client_for("counselor"), f"/privacy/couples/{cast.couples['ex']}"
    for whom, day in (("1", "2026-03-02"), ("2", "2026-03-03")):
        answer = counselor.post(f"{at}/care", data={"whom": whom, "on": day, "is_sure": "y"})
        assert answer.status_code == 303
        with app.app_context():
            assert (db.session.get_one(Couple, cast.couples["ex"]).closed_at is None) == (whom == "1")
    page = counselor.get("/privacy/retention").text
    assert page.count("Monday, March 2, 2026") == page.count("Tuesday, March 3, 2026") == 1
    assert "Friday, March 2, 2033" not in page  # a Wednesday
    assert "Wednesday, March 2, 2033" in page
    assert "Thursday, March 3, 2033" in page


def test_care_ends_for_both_together_unless_they_are_separated(
    app: Flask, cast: people.Cast, client_for: Enter
) -> None:
    counselor, at = client_for("counselor"), f"/privacy/couples/{cast.couples['couple']}"
    assert (
        counselor.post(f"{at}/care", data={"whom": "1", "on": "2026-03-02", "is_sure": "y"}).status_code
        == 422
    )
    late = counselor.post(f"{at}/care", data={"whom": "both", "on": "2026-04-02", "is_sure": "y"})
    assert late.status_code == 422
    assert (
        counselor.post(f"{at}/care", data={"whom": "both", "on": "2026-03-02", "is_sure": "y"}).status_code
        == 303
    )
    assert "preparing your next step" in client_for("partner_a").get("/progress/now").text
    with app.app_context():
        left = db.session.scalars(
            select(Partner.left_at).where(Partner.couple_id == cast.couples["couple"])
        ).all()
        assert all(left)
        assert set(db.session.scalars(select(Assignment.state))) <= {"ended"}
    assert counselor.post(f"{at}/care/again").status_code == 303
    with app.app_context():
        assert db.session.get_one(Couple, cast.couples["couple"]).closed_at is None


def test_the_page_tells_what_comes_due_in_ninety_days_and_nothing_goes_by_itself(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    seven = now.replace(year=now.year - 7)
    for who, days in (("ex_a", -1), ("ex_b", 89), ("partner_a", 92)):
        leave(app, cast, who, seven + timedelta(days=days))
    page = client_for("counselor").get("/privacy/retention").text
    soon, later = page.split("Kept longer")[0], page.split("Kept longer")[-1]
    assert all(name in soon for name in ("Dara", "Luis"))
    assert "Mara</bdi></td>" not in soon
    assert "Mara" in later
    assert page.count(">End it<") == 1
    look(app, now + timedelta(days=400))
    assert states(app) == []


def test_what_is_over_ends_by_a_persons_word_through_the_same_period(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    counselor, dara = client_for("counselor"), cast.partners["ex_a"]
    assert end(counselor, dara, "Dara", "retention").status_code == 422
    leave(app, cast, "ex_a", now - timedelta(days=8 * 366))
    assert end(counselor, dara, "Luis", "retention").status_code == 422
    assert end(counselor, dara, "dara", "retention").status_code == 303
    assert "Closed. Goes on" in counselor.get("/privacy/retention").text
    look(app, now + timedelta(days=29))
    assert states(app) == ["closed"]
    look(app, now + timedelta(days=30))
    assert states(app) == ["shredded"]
    assert "Dara" not in counselor.get("/privacy/retention").text


def test_a_longer_time_that_is_set_later_counts(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    leave(app, cast, "ex_a", now - timedelta(days=8 * 366))
    with app.app_context():
        db.session.get_one(Practice, cast.practice_id).retention_years = 10
        db.session.commit()
    counselor = client_for("counselor")
    assert "End it" not in counselor.get("/privacy/retention").text
    end(counselor, cast.partners["ex_a"], "Dara", "retention")
    assert not is_closed(app, cast.partners["ex_a"])


@pytest.mark.parametrize("who", ["other_counselor", "supervisor", "elsewhere_counselor"])
def test_nobody_sees_due_records_of_couples_that_are_not_theirs(
    app: Flask, cast: people.Cast, client_for: Enter, now: datetime, who: str
) -> None:
    leave(app, cast, "ex_a", now - timedelta(days=8 * 366))
    assert "Dara" not in client_for(who).get("/privacy/retention").text
    assert end(client_for(who), cast.partners["ex_a"], "Dara").status_code == 404


def test_nothing_new_is_given_to_one_whose_words_end(
    app: Flask, cast: people.Cast, client_for: Enter
) -> None:
    end(client_for("counselor"), cast.partners["ex_a"], "Dara")
    with app.app_context():
        exercises.import_documents(shipped().values(), people.BEGAN)
        db.session.commit()
        with pytest.raises(HomeworkError, match="words of one of them end"):
            Stage(cast).assign("log", "feelings_log", {"ex_a": "injured"})
        db.session.remove()


def test_what_was_typed_before_the_proof_was_asked_for_comes_back(
    cast: people.Cast, client_for: Enter, now: datetime
) -> None:
    counselor, at = client_for("counselor"), f"/privacy/partners/{cast.partners['ex_a']}/end"
    (form,) = [one for one in forms_on(at, counselor.get(at).text) if one.box("reason")]
    with clock.moved_to(now + timedelta(minutes=6)):
        late = counselor.post(at, data=form.sent(cause="request", reason="Asked aloud.", name="Dara"))
        assert late.location.startswith("/accounts/prove")
        back = parse_qs(urlsplit(late.location).query)["next"]
        with counselor.application.app_context():
            db.session.execute(update(UserSession).values(proved_at=clock.now()))
            db.session.commit()
        assert "Asked aloud." in counselor.get(back[0]).text
    assert not is_closed(counselor.application, cast.partners["ex_a"])
