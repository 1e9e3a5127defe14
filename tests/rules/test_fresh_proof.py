"""On an unlocked device: what somebody sent, and nobody at home was given, opens only after a fresh proof.

So does whatever hands reading to somebody else, gives words away, or changes a key or an address.
"""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from clinic import clock
from clinic.accounts.rules import PROOF_LASTS
from clinic.extensions import db
from clinic.homework.models import Turn
from tests.rules.birds import PEOPLE, Canary
from tests.rules.site import Site
from tests.rules.table import NOBODYS, data_of, is_admitted, table, tries_of
from tests.rules.test_canaries import met_in
from tests.rules.test_put_aside import forms_of, is_back, typed
from tests.rules.visits import Visit, links_of, visit

OTHER = {"partner_a": "partner_b", "partner_b": "partner_a"}
NOT_SENT = (
    "plan",
    "reply",
    "note",
    "rationale agreed",
    "when_where agreed",
    "obstacle agreed",
    "note agreed",
    "signature",
)
"""Labels of what the counselor wrote to one partner, of words to the counselor, and of a name under a paper: no page
shows these again."""
TRIES = (
    ("", {"screen": "all", "version": "99"}),
    ("", {"screen": "all", "version": "0", "x_ask": "typed by whoever sits here", "do": "save"}),
    ("", {"screen": "tail", "version": "0", "do": "before"}),
    ("/add", {"text": ""}),
    ("/add", {"text": "a line"}),
    ("/choose", {"version": "0"}),
    ("/before", {"version": "99", "do": "keep"}),
)
LOOKS = ("?all=1", "?change=1&all=1", "/before", "/revise", "/own", "/sent", "/say")


def sent_alone(site: Site, who: str) -> list[Canary]:
    """What this partner sent and the other does not have."""
    mine = [one for one in site.world.canaries if {who, "counselor"} <= one.readers]
    alone = [one for one in mine if OTHER[who] not in one.readers]
    return [one for one in alone if not one.label.startswith(NOT_SENT)]


def turns_of(site: Site, who: str) -> list[str]:
    with site.app.app_context():
        mine = select(Turn.id).where(Turn.partner_id == site.world.cast.partners[who])
        return [f"/reflections/{id_}" for id_ in db.session.scalars(mine.order_by(Turn.id))]


def pages_of(site: Site, who: str) -> Iterator[Visit]:
    """Every page that links lead to, and every page of every turn."""
    client, waiting = site.client(who), ["/", *(url + end for url in turns_of(site, who) for end in LOOKS)]
    known = set(waiting)
    for path in waiting:
        made = visit(site.app, client, who, "GET", path)
        yield made
        more = [link for link in links_of(made) if link not in known and len(known) < 250]
        known.update(more)
        waiting.extend(more)


@pytest.mark.parametrize("author", OTHER)
def test_no_page_opens_sent_words_without_a_fresh_proof(site: Site, author: str) -> None:
    birds = sent_alone(site, author)
    assert len(birds) > 3
    with clock.moved_to(site.world.stage.now + PROOF_LASTS):
        wrong = [f"{made}: {found}" for made in pages_of(site, author) if (found := met_in(made, birds))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("author", OTHER)
def test_no_form_that_is_sent_opens_them_either(site: Site, author: str) -> None:
    """Neither in its answer, nor in what it leaves behind: a draft, or a text that was put aside."""
    birds, wrong = sent_alone(site, author), []
    with clock.moved_to(site.world.stage.now + PROOF_LASTS):
        for url in turns_of(site, author):
            for end, data in TRIES:
                made = visit(site.app, site.client(author), author, "POST", url + end, data)
                looked = [
                    visit(site.app, site.client(author), author, "GET", url + look)
                    for look in ("?all=1", "/before")
                ]
                wrong += [
                    f"{one} after {end} {data}: {found}"
                    for one in (made, *looked)
                    if (found := met_in(one, birds))
                ]
                if made.changed:
                    site.put_back()
    assert not wrong, "\n".join(wrong)


WIDENING = {
    "couples.add_counselor",
    "couples.confirm",
    "couples.stand_in",
    "couples.stand_in_for",
    "couples.let_go",
    "couples.emergency",
    "accounts.new_staff",
    "accounts.supervise",
    "practice.preview",
}
"""Whoever is named in these reads from then on, or everybody reads by another policy."""
GIVING = {
    "privacy.ask",
    "privacy.take",
    "privacy.decide",
    "privacy.disclose",
    "documents.show",
    "documents.pages_of",
}
KEYS = {
    "accounts.passphrase",
    "accounts.mail",
    "accounts.calendar",
    "accounts.begin_code_app",
    "accounts.code_app",
    "accounts.ask_new_passkey",
    "accounts.passkey",
    "accounts.end_factor",
    "accounts.new_codes",
    "couples.reset",
    "couples.reset_factors",
}


def test_what_widens_gives_away_or_changes_a_key_asks_for_a_fresh_proof() -> None:
    asking = {row.endpoint for row in table().rows if row.proof}
    assert asking >= WIDENING | GIVING | KEYS


def test_nothing_that_asks_for_a_fresh_proof_is_done_without_one(site: Site) -> None:
    """Tried by everybody whom the mark admits: only what was typed is kept."""
    wrong = []
    with clock.moved_to(site.world.stage.now + PROOF_LASTS):
        for row in (one for one in table().rows if one.proof):
            specimen, path = next(iter(tries_of(row, site.app, site.world)))
            for who in (one for one in PEOPLE if one not in NOBODYS and is_admitted(row.mark, one)):
                data = data_of(row, specimen, site.world)
                made = visit(site.app, site.client(who), who, row.method, path, data)
                is_asked = "/accounts/prove" in made.headers.get("Location", "")
                if not is_asked or set(made.changed) - {"kept_form"}:
                    wrong.append(f"{made}: {made.changed}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("staff", ["counselor", "owner", "supervisor"])
def test_what_was_typed_is_back_after_the_proof(site: Site, staff: str) -> None:
    """Days and names alike; and the page on which it is shown says that nothing was done yet."""
    tried = 0
    for endpoint, form in forms_of(site, staff).items():
        if not getattr(site.app.view_functions[endpoint], "needs_fresh_proof", False):
            continue
        tried, browser = tried + 1, site.client(staff)
        with clock.moved_to(site.world.stage.now + PROOF_LASTS):
            answer = browser.post(form.action, data=form.sent(**typed(form)))
            assert answer.location == url_to_prove(form.page), endpoint
            assert "Nothing was done yet." in browser.get(answer.location).text
        assert is_back(form, browser.get(form.page).text), endpoint
        site.put_back()
    assert tried or staff == "supervisor"


def url_to_prove(page: str) -> str:
    return f"/accounts/prove?{urlencode({'next': page}, safe='/')}"


@pytest.mark.parametrize("author", OTHER)
def test_with_a_fresh_proof_they_do_open(site: Site, author: str) -> None:
    """Otherwise the tests above would show nothing."""
    birds = sent_alone(site, author)
    met = {label for made in pages_of(site, author) for label in met_in(made, birds)}
    assert met == {one.label for one in birds}


def test_nobody_loses_the_place_over_a_proof(site: Site) -> None:
    """What has no page of its own names one to go on from, or brings back the form into which something was typed."""
    lost = [
        row.endpoint
        for row in table().of("POST")
        if row.proof
        and not row.data
        and "GET"
        not in {method for rule in site.app.url_map.iter_rules(row.endpoint) for method in rule.methods or ()}
        and not hasattr(site.app.view_functions[row.endpoint], "goes_on_from")
    ]
    assert not lost
