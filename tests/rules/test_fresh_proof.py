"""On an unlocked device: what somebody sent, and nobody at home was given, opens only after a fresh proof."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from clinic import clock
from clinic.accounts.rules import PROOF_LASTS
from clinic.extensions import db
from clinic.homework.models import Turn
from tests.rules.birds import Canary
from tests.rules.site import Site
from tests.rules.test_canaries import met_in
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


@pytest.mark.parametrize("author", OTHER)
def test_with_a_fresh_proof_they_do_open(site: Site, author: str) -> None:
    """Otherwise the tests above would show nothing."""
    birds = sent_alone(site, author)
    met = {label for made in pages_of(site, author) for label in met_in(made, birds)}
    assert met == {one.label for one in birds}
