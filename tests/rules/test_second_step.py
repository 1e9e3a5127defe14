"""Before the second step nothing opens: every route there is, asked by somebody who gave the passphrase alone."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from clinic import access
from clinic.accounts import actions, queries
from clinic.accounts.models import CodeApp
from clinic.extensions import db
from tests import cast as people
from tests.rules.site import Site
from tests.rules.table import Row, data_of, table, tries_of
from tests.rules.visits import Visit, visit

OWED = {"has one": "factor", "has none": "new factor"}
SETTLES = {
    "has one": {"accounts.second"},
    "has none": {
        "accounts.second",
        "accounts.prove",
        "accounts.factors",
        "accounts.begin_code_app",
        "accounts.code_app",
        "accounts.ask_new_passkey",
        "accounts.passkey",
    },
}
"""Where a second step is taken, and where one is set up. Nothing else is open, and not these to who has one already."""

HALF = [
    ("partner_a", "has one"),
    *((who, how) for who in ("counselor", "owner", "supervisor") for how in OWED),
]


def halfway(site: Site, who: str, how: str) -> FlaskClient:
    """A browser in which the passphrase was given, and nothing else."""
    person_id = site.world.cast.people[who]
    with site.app.app_context():
        db.session.execute(delete(CodeApp).where(CodeApp.person_id == person_id))
        if how == "has one":
            people.add_code_app(person_id, site.world.stage.now)
        account = queries.account_of(person_id)
        assert account is not None
        token = actions.begin_session(account, "Firefox on Linux", site.world.stage.now)
        db.session.commit()
        signed = queries.signed_in(token)
        assert signed is not None
        assert signed.viewer.awaits == OWED[how]
        db.session.remove()
    client = site.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def asked(site: Site, who: str, how: str, method: str) -> Iterator[tuple[Row, Visit]]:
    """Every route with everything that it is tried with."""
    client = halfway(site, who, how)
    for row in table().of(method):
        if row.mark == "public":
            continue  # they admit whoever comes, and are told of elsewhere
        for specimen, path in tries_of(row, site.app, site.world):
            data = data_of(row, specimen, site.world) if method == "POST" else None
            yield row, visit(site.app, client, who, method, path, data)


@pytest.mark.parametrize(("who", "how"), HALF)
def test_nothing_but_the_second_step_opens(site: Site, who: str, how: str) -> None:
    wrong = [
        str(made)
        for row, made in asked(site, who, how, "GET")
        if row.endpoint not in SETTLES[how]
        and not made.headers.get("Location", "").startswith("/accounts/second-step")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("who", "how"), HALF)
def test_nothing_but_the_second_step_can_be_done(site: Site, who: str, how: str) -> None:
    wrong = [
        f"{made}: {made.changed}"
        for row, made in asked(site, who, how, "POST")
        if row.endpoint not in SETTLES[how]
        and (
            not made.headers.get("Location", "").startswith("/accounts/second-step")
            or set(made.changed) - {"kept_text", "kept_form"}
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_whoever_owes_something_passes_no_mark_but_those_of_its_pages(site: Site) -> None:
    """The one place that decides it."""
    for awaits, open_ones in {
        "factor": {"public", "halfway"},
        "new factor": {"public", "halfway", "enrolling"},
        "passphrase": {"public", "halfway", "signed_in"},
    }.items():
        viewer = access.Viewer(person_id=site.world.cast.people["owner"], awaits=awaits)
        assert {mark for mark in access.Mark.__args__ if viewer.admitted(mark)} == open_ones


def test_every_page_on_which_it_is_settled_says_so_by_its_mark(site: Site) -> None:
    marks = {row.endpoint: row.mark for row in table().rows}
    found = {name for name, mark in marks.items() if mark == "halfway"}
    assert found == SETTLES["has one"]
    assert {name for name, mark in marks.items() if mark in {"halfway", "enrolling"}} == SETTLES["has none"]
