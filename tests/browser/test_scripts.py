"""Nothing that anybody typed ever runs: every page, as every person, with the policy for scripts switched off."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import APIResponse, Browser, BrowserContext, Page, Route
from sqlalchemy import select, text

from clinic import clock, vault
from clinic.access import SYSTEM
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import Base, db, set_transactions
from clinic.practice.models import ConsentDocument, Practice
from tests import cast as people
from tests.browser.house import House, routes, served
from tests.browser.payloads import PAYLOADS, payloads, planted
from tests.browser.places import begin, links_of, pattern_of
from tests.rules import world as worlds
from tests.rules.birds import NAMES, PEOPLE

Rules = list[tuple[str, re.Pattern[str]]]
WORDS = re.compile(r"zq[0-9a-f]{12} „ünder & <b>“")
MAIN = {"partner_a", "counselor"}
"""Who sees most: two pages of each route; for the others, whose pages are built the same, one."""

LISTENS = """
  window.ran = (n) => console.log("RAN " + n);
  for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => window.ran(name);
  document.addEventListener("securitypolicyviolation", (one) =>
    console.log("VIOLATION " + one.effectiveDirective + " " + one.blockedURI + " " + one.sample));
"""
STANDS = """() => [...document.querySelectorAll("*")].flatMap((one) => [
  ...[...one.attributes].filter((a) => /^on|^(style|srcdoc|background)$/i.test(a.name)
    || /^(href|src|action|formaction|data|xlink:href)$/i.test(a.name)
    && !/^(\\/|#|\\?|$|data:image|https?:|tel:|mailto:)/.test(a.value))
    .map((a) => `${one.localName} ${a.name}=${a.value.slice(0, 60)}`),
  ...(one.localName === "script" && !one.src.startsWith(`${location.origin}/static/`) ? ["script"] : []),
  ...(["base", "object", "embed", "marquee", "math"].includes(one.localName) ? [one.localName] : []),
])"""


@dataclass(frozen=True)
class Place:
    """The house with the payloads in it, how its people are signed in, and its ids."""

    house: House
    cookies: dict[str, str]
    made: dict[str, Any]


@dataclass
class Seen:
    """What one person's pages did."""

    pages: list[str] = field(default_factory=list)
    ran: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    read: set[int] = field(default_factory=set)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The world of the rules, in which every text and every name is what an attacker would type."""
    folder = tmp_path_factory.mktemp("scripts") / "data"
    folder.mkdir()
    vault.new_master_key(folder / "master.key")
    app = create_app(Settings.from_environment(data_dir=folder, testing=True))
    with app.app_context():
        db.create_all()
        set_transactions(write=True)
        with clock.moved_to(people.BEGAN):
            world = worlds.build()
        with clock.moved_to(world.stage.now):
            plant()
            cookies = {who: cookie(app, world, who) for who in PEOPLE if who != "nobody"}
        made = ids_of(world)
        db.session.remove()
        db.engine.dispose()
    with served(folder) as house:
        house.later((world.stage.now - datetime.now(UTC)).total_seconds() / 60)
        yield Place(house, cookies, made)


def plant() -> None:
    """Payloads in the place of every text, every name, and all that the practice says of itself."""
    with vault.reading(SYSTEM, "test"):
        count = 0
        for mapper in Base.registry.mappers:
            for column in vault.sealed_columns(mapper.class_):
                for row in db.session.scalars(select(mapper.class_)).all():
                    count += 1
                    if (changed := _with_payloads(getattr(row, column.name), count)) is not None:
                        setattr(row, column.name, changed)
        for practice in db.session.scalars(select(Practice)):
            practice.name = practice.address = practice.phone = planted(1, len(PAYLOADS))
            practice.email = practice.web = planted(2)
            practice.crisis = [dict.fromkeys(("name", "number", "note"), planted(3)) | {"last_verified": ""}]
        db.session.execute(
            text("DROP TRIGGER consent_document_no_update")
        )  # as only somebody at the disk could
        for paper in db.session.scalars(select(ConsentDocument)):
            paper.text = paper.label = f"## {planted(4)}\n\n- {planted(5)}\n\n{planted(6, len(PAYLOADS))}"
        db.session.commit()


def _with_payloads(value: Any, place: int) -> Any:
    """The value with payloads for words; None when there are none in it. Names are nothing but payloads."""
    if isinstance(value, str) and (
        value in NAMES or value in {"Wim", "Bo", "Luis", "Dara", "Kim", "Mara & Jonas"}
    ):
        return planted(place)
    told = json.dumps(value, ensure_ascii=False)
    if not WORDS.search(told.replace('\\\\"', '"')) and not isinstance(value, str):
        return None
    made = WORDS.sub(lambda _: json.dumps(planted(place))[1:-1], told)
    return json.loads(made) if made != told else None


def cookie(app: Flask, world: worlds.World, who: str) -> str:
    """What the browser of somebody holds who signed in."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return str(signer.dumps({"_user_id": people.token_for(world.cast, who, world.stage.now), "_fresh": True}))


def ids_of(world: worlds.World) -> dict[str, Any]:
    """The ids of the world as the demo tells its own."""
    every = {"partners": [str(one) for one in world.cast.partners.values()]}
    every["assignments"] = {name: str(one) for name, one in world.stage.assignments.items()}  # type: ignore[assignment]
    every["appointments"] = [str(one) for one in world.stage.appointments.values()]
    couples = [
        {"id": str(one), "partners": [], "assignments": {}, "appointments": []}
        for one in world.cast.couples.values()
    ]
    return {"couples": [{**couples[0], **every}, *couples[1:]]}


def only_told(route: Route, *, answer: APIResponse) -> None:
    """The policy of a page tells what it would forbid, and forbids nothing."""
    headers = dict(answer.headers)
    headers["content-security-policy-report-only"] = headers.pop("content-security-policy")
    route.fulfill(response=answer, headers=headers)


@pytest.fixture
def look(browser: Browser, place: Place) -> Iterator[Any]:
    """A browser of somebody in which nothing is forbidden."""
    opened: list[BrowserContext] = []

    def come(who: str) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        opened.append(context)
        if who != "nobody":
            context.add_cookies([{"name": "session", "value": place.cookies[who], "url": place.house.url}])
        context.add_init_script(LISTENS)
        return context.new_page()

    yield come
    for context in opened:
        context.close()


def walk(page: Page, place: Place, rules: Rules, *, of_each: int) -> Seen:
    """Every page of the map, so many of each route, and what its words did."""
    seen, shown, known = Seen(), dict[str, int](), set[str]()
    numbers = {one: number for number, one in enumerate(payloads())}
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text))
    page.on("dialog", lambda asked: (heard.append(f"RAN dialog {asked.message}"), asked.dismiss()))
    waiting = ["/", *begin(rules, place.made)]
    while waiting:
        path = waiting.pop(0)
        rule = next((rule for rule, pattern in rules if pattern.fullmatch(path.partition("?")[0])), "")
        if path in known or shown.get(rule, 0) >= of_each or "/pages" in path:
            continue
        known.add(path)
        asked = page.request.get(f"{place.house.url}{path}", max_redirects=0)
        if asked.status != 200 or not asked.headers.get("content-type", "").startswith("text/html"):
            continue
        shown[rule] = shown.get(rule, 0) + 1
        page.route(f"{place.house.url}{path}", partial(only_told, answer=asked), times=1)
        page.goto(f"{place.house.url}{path}")
        text = asked.text()
        waiting += links_of(text)
        seen.pages.append(path)
        seen.read |= {number for number in numbers.values() if f"ran({number})" in text}
        for said in [*(one for one in heard if one.startswith(("RAN", "VIOLATION"))), *page.evaluate(STANDS)]:
            seen.ran[said].add(path)
        heard.clear()
    return seen


@pytest.fixture(scope="module")
def rules(place: Place) -> Rules:
    return [(rule, pattern_of(rule)) for rule in routes(place.house)]


@pytest.mark.parametrize("who", PEOPLE)
def test_nothing_that_was_typed_runs(place: Place, look: Any, rules: Rules, who: str) -> None:
    page = look(who)
    seen = walk(page, place, rules, of_each=2 if who in MAIN else 1)
    assert not seen.ran, "\n".join(f"{said}: {sorted(paths)[:3]}" for said, paths in seen.ran.items())
    assert seen.pages
    if who in MAIN:
        assert len(seen.pages) > 12
        assert len(seen.read) == len(PAYLOADS), "not every payload was on a page"


def as_markup(route: Route, *, payload: str) -> None:
    """A page that takes what was typed for its own."""
    route.fulfill(body=f"<!doctype html><p>{payload}", content_type="text/html")


def test_a_payload_that_came_through_would_be_heard(place: Place, look: Any) -> None:
    """The policy is off and the ears are open: most payloads do run in a page that takes them for markup."""
    page, heard = look("nobody"), list[str]()
    page.on("console", lambda said: heard.append(said.text))
    for payload in payloads():
        page.route("**/probe", partial(as_markup, payload=payload))
        page.goto(f"{place.house.url}/probe")
        page.unroute("**/probe")
    assert len({one for one in heard if one.startswith("RAN")}) > 20
