"""Who writes what one of the two writes: by the roles of the chosen concern, by what was released, or as is said."""

import pytest

from clinic import clock
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework.models import Assignment, Turn
from clinic.reflections import actions as reflections
from clinic.reflections import tasks
from tests.homework.test_agreed import words_of
from tests.homework.test_alone import answer_to
from tests.homework.test_pages import page_of, ruth

__all__ = ["ruth"]

PLAN = {
    "rationale": "It is time to hear what it did.",
    "recipients": "both",
    "starts_on": "2026-03-03",
    "good_by": "2026-03-20",
}
BOTH = ("partner_a", "partner_b")


def give(ruth, work, slug="impact-statement", **more):
    given = ruth.post(page_of(work, slug), data={**PLAN, **more, "give": "1"})
    assert given.status_code == 303, words_of(given.text)


def authors(work, slug="impact_statement"):
    """By leg of the newest assignment: the keys of author and other."""
    names = {str(id_): key for key, id_ in work.cast.partners.items()}
    with work.app.app_context():
        rows = db.session.scalars(db.select(Assignment).where(Assignment.slug == slug)).all()
        return [(names[author], names[other]) for _, author, other, _ in rows[-1].legs]


def concern(work, title, *roles):
    partners = [work.cast.partners[who] for who in BOTH]
    with work.app.app_context():
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        made = couples.name_concern(
            work.viewer("counselor"), couple, title, dict(zip(partners, roles, strict=True)), clock.now()
        )
        db.session.commit()
        return str(made.id)


def has_to_write(client):
    return "now-card" in client.get("/progress/now").text


def state(work, who, key):
    with work.app.app_context():
        mine = Turn.partner_id == work.cast.partners[who]
        return db.session.scalars(db.select(Turn.state).where(mine, Turn.key == key)).one()


def sitting(key):
    return {one.key: answer_to(one) for one in shipped()["impact_statement"].turns[key].fields}


def sit_and_release(work, who, ahead):
    """Both sittings are written and reach the other."""
    with work.app.app_context():
        id_ = db.session.scalar(db.select(Assignment.id).where(Assignment.slug == "impact_statement"))
    for key in ("first_sitting", "second_sitting"):
        turn = work.turn(id_, key, who)
        work.send(who, turn, sitting(key), consent="yes")
        work.act("counselor", turn, reflections.release)
        ahead(minutes=11)
        with work.app.app_context():
            assert tasks.due(clock.now()) == 1


def test_without_roles_the_page_asks_who_writes_and_nobody_does_silently(work, ruth, client_for):
    assert "Who writes it" in ruth.get(page_of(work, "impact-statement")).text
    asked = ruth.post(page_of(work, "impact-statement"), data={**PLAN, "give": "1"})
    assert asked.status_code == 422
    assert "Please choose one of them." in asked.text
    give(ruth, work, first="2")
    assert authors(work) == [("partner_b", "partner_a")]
    assert [has_to_write(client_for(who)) for who in BOTH] == [False, True]


def test_with_roles_it_does_not_ask(work, ruth):
    concern(work, "The letters", "involved", "injured")
    assert "Who writes it" not in ruth.get(page_of(work, "impact-statement")).text
    give(ruth, work, role_1="involved", role_2="injured")
    assert authors(work) == [("partner_b", "partner_a")]


@pytest.mark.parametrize("role", ["injured", "involved"])
@pytest.mark.parametrize("button", ["give", "preview"])
def test_the_same_part_twice_is_refused_with_a_sentence(work, ruth, role, button):
    told = ruth.post(
        page_of(work, "impact-statement"), data={**PLAN, "role_1": role, "role_2": role, button: "1"}
    )
    assert told.status_code == 422
    assert "needs two parts: one who was hurt and one who is repairing" in words_of(told.text)
    give(ruth, work, "feelings-log", role_1=role, role_2=role)


def test_a_mutual_one_is_two_legs_in_turn(work, ruth, client_for, ahead):
    """The second begins when the words of the first were opened to them, and not before: nothing tells of writing."""
    assert "Both, Jonas first" in ruth.get(page_of(work, "impact-statement")).text
    give(ruth, work, first="2,1")
    assert authors(work) == [("partner_b", "partner_a"), ("partner_a", "partner_b")]
    assert state(work, "partner_a", "first_sitting") == "waiting"
    sit_and_release(work, "partner_b", ahead)
    assert state(work, "partner_a", "first_sitting") == "open"
    assert [has_to_write(client_for(who)) for who in BOTH] == [True, False]


def test_own_words_can_be_taken_back_though_the_other_ones_were_released_before(work, ruth, ahead):
    give(ruth, work, first="2,1")
    sit_and_release(work, "partner_b", ahead)
    with work.app.app_context():
        id_ = db.session.scalar(db.select(Assignment.id))
    turn = work.turn(id_, "first_sitting", "partner_a")
    work.send("partner_a", turn, sitting("first_sitting"), consent="yes")
    work.act("partner_a", turn, reflections.take_back)
    assert state(work, "partner_a", "first_sitting") == "open"


def test_a_reply_goes_to_the_one_who_did_not_write(work, ruth, client_for, ahead):
    """Whatever the roles say: Jonas wrote, so Mara answers; before the release too, as it will reach her."""
    give(ruth, work, first="2")
    roles = {"role_1": "injured", "role_2": "involved"}
    assert "<bdi>Mara</bdi> writes" in ruth.get(page_of(work, "validation-reply")).text
    give(ruth, work, "validation-reply", **roles)
    assert authors(work, "validation_reply") == [("partner_a", "partner_b")]
    assert not has_to_write(client_for("partner_a"))
    sit_and_release(work, "partner_b", ahead)
    assert "Your reply" in client_for("partner_a").get("/progress/now").text
    give(ruth, work, "validation-reply", first="2", **roles)
    assert authors(work, "validation_reply") == [("partner_a", "partner_b")]


def test_another_concern_brings_its_roles(work, ruth):
    """Without a script: the boxes that nobody touched follow the concern, on the button and when it is given."""
    one = concern(work, "The letters", "injured", "involved")
    other = concern(work, "The money", "involved", "injured")
    page = page_of(work, "impact-statement")
    shown = ruth.get(page).text
    stood = [named for named in (one, other) if f'name="roles_of" value="{named}"' in shown]
    first, then = (one, other) if stood == [one] else (other, one)
    roles = {one: ("injured", "involved"), other: ("involved", "injured")}
    posted = {**PLAN, "roles_of": first, "concern": then}
    untouched = {f"role_{place}": role for place, role in enumerate(roles[first], start=1)}
    taken = ruth.post(page, data={**posted, **untouched, "rationale": "", "roles": "1"})
    assert taken.status_code == 200
    assert f'name="roles_of" value="{then}"' in taken.text
    give(ruth, work, roles_of=first, concern=then, **untouched)
    writer = BOTH[roles[then].index("injured")]
    assert [author for author, _ in authors(work)] == [writer]


def test_what_the_counselor_chose_herself_stays_with_another_concern(work, ruth):
    one = concern(work, "The letters", "mutual", "mutual")
    other = concern(work, "The money", "involved", "injured")
    chosen = {"role_1": "injured", "role_2": "involved"}
    give(ruth, work, roles_of=one, concern=other, **chosen)
    assert authors(work) == [("partner_a", "partner_b")]
