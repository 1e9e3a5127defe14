"""How many statements a page costs: twelve at most, and no more of them when there is more of everything to show."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from clinic import clock, vault
from clinic.appointments import actions as appointments
from clinic.couples import actions as couples
from clinic.extensions import db
from clinic.progress import actions as progress
from clinic.progress.summary import Period
from tests import cast as people
from tests.rules.site import Site
from tests.rules.stage import Stage
from tests.rules.table import table, tries_of

AT_MOST = 12
Costs = dict[tuple[str, str, str], tuple[int, int]]
"""By person, endpoint and path: statements with no key in memory, as after a start, and with the keys at hand."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """Statements of the block, begin, commit and pragma apart."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def cost_of(site: Site, who: str, path: str) -> tuple[int, int] | None:
    """What one page costs; None for what is no page."""
    client, numbers = site.client(who), []
    vault._keys.open.clear()
    for _ in range(2):
        with counted() as said:
            answer = client.get(path)
            answer.close()
        if answer.status_code != 200:
            return None
        numbers.append(len(said))
    return numbers[0], numbers[1]


def costs(site: Site, who: str) -> Costs:
    """Of every page that somebody gets, while the clock stands: that a sign-in was used is noted once a minute."""
    with clock.moved_to(clock.now()):
        site.client(who).get("/").close()
        return _costs(site, who)


def _costs(site: Site, who: str) -> Costs:
    return {
        (who, row.endpoint, path + query): cost
        for row in table().of("GET")
        for specimen, path in tries_of(row, site.app, site.world)
        if row.admits(who, specimen)
        for query in ("", *row.also)
        if (cost := cost_of(site, who, path + query)) is not None
    }


def grow(site: Site) -> None:
    """At the same moment, more of everything: couples, assignments, what was sent, replies, reports, appointments."""
    there = site.world.stage  # everybody's
    stage = replace(there, assignments=dict(there.assignments))
    with site.app.app_context():
        for number in range(4):
            for add in (_another_couple, _more_of_the_couple):
                stage.now = site.world.stage.now
                add(stage, f"more {number}", number)
        db.session.remove()


def _another_couple(stage: Stage, name: str, number: int) -> None:
    a, b = f"{name} a", f"{name} b"
    people.add_couple(
        stage.cast, name, (a, f"Ada {number}"), (b, f"Ben {number}"), by="counselor", now=stage.now
    )
    db.session.commit()
    stage.assign(f"{name} own", "weekly_checkin", {a: "mutual", b: "mutual"})
    stage.send(a, f"{name} own", "pulse", "Something.")
    stage.say(b, f"{name} own", "pulse", "Later.")
    stage.meet(f"{name} soon", name, "counselor", in_days=3)


def _more_of_the_couple(stage: Stage, name: str, number: int) -> None:
    both = {"partner_a": "injured", "partner_b": "involved"}
    stage.assign(name, "weekly_checkin", both)
    for who in both:
        stage.send(who, name, "pulse", "Something.")
    stage.assign(f"{name} log", "feelings_log", both)
    stage.send("partner_a", f"{name} log", "entry", "Something.", answers={"safe": "unsafe"})
    stage.say("partner_b", f"{name} log", "entry", "Not now.")
    stage.reply(name, list(both), "Thank you.")
    stage.assign(f"{name} open", "trust_definitions", both)
    stage.meet(f"{name} too", "couple", "counselor", in_days=4 + number)
    with stage.act("counselor") as viewer:
        couple, period = (
            stage.couple("couple"),
            Period(starts_on=people.BEGAN.date(), ends_on=stage.now.date()),
        )
        progress.make_report(viewer, couple, progress.Chosen("couple", period, "A4"), stage.now)
        roles = {stage.cast.partners[who]: role for who, role in both.items()}
        couples.name_concern(viewer, couple, f"Concern {number}", roles, stage.now)
        appointments.bring_up(viewer, stage.turn(f"{name} log", "entry", "partner_a"), "safe", stage.now)
    for who in ("counselor", "partner_a"):
        people.token_for(stage.cast, who, stage.now)


@pytest.mark.parametrize("who", ["counselor", "supervisor", "owner", "partner_a", "partner_b", "nobody"])
def test_a_page_costs_few_statements_and_no_more_when_there_is_more_to_show(site: Site, who: str) -> None:
    before = costs(site, who)
    assert before
    dear = {page: cost for page, cost in before.items() if cost[1] > AT_MOST}
    assert not dear, dear
    grow(site)
    after = costs(site, who)
    grown = {page: (before[page], after.get(page)) for page in before if after.get(page) != before[page]}
    assert not grown, grown
