"""Who a viewer is and whom a mark admits, as plain values: every kind of person against every mark and key."""

from dataclasses import FrozenInstanceError, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from clinic import access, app, vault
from clinic.access import NOBODY, SYSTEM, Awaited, Mark, OwnSide, Viewer
from clinic.config import Settings

PERSON, PARTNER, COUPLE, STAFF, PRACTICE = (uuid4() for _ in range(5))
OPEN, WAITING = OwnSide(PARTNER, COUPLE), OwnSide(PARTNER, COUPLE, is_confirmed=False)
CLIENT = Viewer(person_id=PERSON, practice_id=PRACTICE, sides=(OPEN,))
JOINED = replace(CLIENT, sides=(WAITING,))
COUNSELOR = Viewer(person_id=PERSON, practice_id=PRACTICE, staff_id=STAFF, roles=frozenset({"counselor"}))
SUPERVISOR = replace(COUNSELOR, roles=frozenset({"supervisor"}))
OWNER = replace(COUNSELOR, roles=frozenset({"owner"}))
STAFF_WITH_A_SIDE = replace(COUNSELOR, sides=(OPEN,))
NO_ROLE = replace(COUNSELOR, roles=frozenset())
EMERGENCY = replace(COUNSELOR, roles=frozenset({"owner", "emergency"}))
OWES = {
    owed: Viewer(person_id=PERSON, practice_id=PRACTICE, awaits=owed) for owed in get_args(Awaited) if owed
}
PEOPLE = {
    "nobody": NOBODY,
    "system": SYSTEM,
    "client": CLIENT,
    "joined": JOINED,
    "counselor": COUNSELOR,
    "supervisor": SUPERVISOR,
    "owner": OWNER,
    "staff with a side": STAFF_WITH_A_SIDE,
    "no role": NO_ROLE,
    "owner in an emergency": EMERGENCY,
    **OWES,
}
EVERYBODY = set(PEOPLE)
STAFF_OF_ALL_KINDS = {
    "counselor",
    "supervisor",
    "owner",
    "staff with a side",
    "no role",
    "owner in an emergency",
}
SETTLED = EVERYBODY - {"nobody", *OWES}
ADMITTED: dict[str, set[str]] = {
    "public": EVERYBODY,
    "halfway": EVERYBODY - {"nobody"},
    "enrolling": SETTLED | {"new factor"},
    "signed_in": SETTLED | {"passphrase"},
    "clients": {"client", "joined"},
    "staff": STAFF_OF_ALL_KINDS,
    "counselors": {"counselor", "supervisor", "staff with a side", "owner in an emergency"},
    "supervisors": {"supervisor"},
    "owners": {"owner", "owner in an emergency"},
}


def test_every_mark_stands_here() -> None:
    assert set(ADMITTED) == set(get_args(Mark))


@pytest.mark.parametrize(("mark", "who"), list(product(ADMITTED, PEOPLE)))
def test_a_mark_admits_exactly_these(mark: Any, who: str) -> None:
    assert PEOPLE[who].admitted(mark) is (who in ADMITTED[mark])


def test_a_mark_that_there_is_not_admits_nobody() -> None:
    assert not any(viewer.admitted("everybody") for viewer in PEOPLE.values())  # type: ignore[arg-type]


def test_who_they_are() -> None:
    """(nobody, staff, client)"""
    said = {who: (one.is_nobody, one.is_staff, one.is_client) for who, one in PEOPLE.items()}
    assert said == {
        "nobody": (True, False, False),
        "system": (False, False, False),
        "client": (False, False, True),
        "joined": (False, False, True),
        **dict.fromkeys(STAFF_OF_ALL_KINDS, (False, True, False)),
        **dict.fromkeys(OWES, (False, False, False)),
    }


def test_a_side_that_is_not_confirmed_opens_nothing() -> None:
    assert (CLIENT.partner_ids, CLIENT.couple_ids) == ({PARTNER}, {COUPLE})
    assert (JOINED.partner_ids, JOINED.couple_ids) == (frozenset(), frozenset())
    assert not JOINED.holds("partner", PARTNER)
    assert not JOINED.holds("couple", COUPLE)
    assert JOINED.holds("person", PERSON)


OWNERS: dict[str, UUID] = {"partner": PARTNER, "couple": COUPLE, "person": PERSON, "practice": PRACTICE}


@pytest.mark.parametrize("kind", [*OWNERS, "counselor", "house"])
def test_a_client_holds_the_own_keys_and_no_other(kind: str) -> None:
    """Of each kind the own one; of none the key of anybody else, nor an own id as a key of another kind."""
    assert CLIENT.holds(kind, OWNERS.get(kind, STAFF)) is (kind in {"partner", "couple", "person"})
    assert not CLIENT.holds(kind, uuid4())
    for other, owner_id in OWNERS.items():
        assert CLIENT.holds(kind, owner_id) is (kind == other and kind != "practice")
        assert not NOBODY.holds(kind, owner_id)


def test_staff_and_the_house_hold_every_key() -> None:
    assert COUNSELOR.holds("partner", uuid4())
    assert SYSTEM.holds("counselor", uuid4())


def test_a_fresh_proof_makes_nobody_somebody_else() -> None:
    assert replace(CLIENT, has_fresh_proof=True) == CLIENT
    assert not Viewer().has_fresh_proof


@pytest.mark.parametrize(("one", "name"), [(CLIENT, "roles"), (OPEN, "is_confirmed")])
def test_nobody_becomes_somebody_else_on_the_way(one: Any, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(one, name, frozenset({"owner"}))
    assert SYSTEM.name == "system"  # as the trail calls it


def test_marks_lie_on_views_and_are_read_from_them() -> None:
    for mark in get_args(Mark):

        def view() -> None:
            """A view."""

        assert access.mark_of(view) is None
        assert getattr(access, mark)(view) is view
        assert access.mark_of(view) == mark
        assert not hasattr(view, "needs_fresh_proof")
        assert access.fresh_proof(view) is view
        assert view.needs_fresh_proof is True  # type: ignore[attr-defined]


def test_an_application_with_a_route_that_admits_nobody_by_name_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.new_master_key(tmp_path / "master.key")
    own_routes = app._own_routes

    def with_a_forgotten_one(made: Any, settings: Settings) -> None:
        own_routes(made, settings)
        made.add_url_rule("/forgotten", "forgotten", lambda: "open")

    monkeypatch.setattr(app, "_own_routes", with_a_forgotten_one)
    with pytest.raises(RuntimeError, match="forgotten"):
        app.create_app(Settings.from_environment(data_dir=tmp_path, testing=True))
