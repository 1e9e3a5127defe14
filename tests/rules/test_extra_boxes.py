"""What a form does not ask for changes nothing, whatever it is called: every column of every table is sent along."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa

from clinic import vault
from clinic.access import SYSTEM
from clinic.extensions import Base, db
from tests.rules.site import Site
from tests.rules.table import Row, data_of
from tests.rules.test_odd_input import BESIDE, boxes_of, tried
from tests.rules.visits import MAY_GROW

PLANTED = "zq0123456789ab"
KEPT_APART = {"csrf_token", "file", *BESIDE}


def columns() -> dict[str, str]:
    """Every column of every table and every sealed value, with something that it could hold."""
    found: dict[str, str] = {}
    for mapper in Base.registry.mappers:
        for column in mapper.local_table.columns:  # type: ignore[attr-defined]
            found[column.name] = _likely(column.type)
        found |= {one.name: PLANTED for one in vault.sealed_columns(mapper.class_)}
    return found


def _likely(kind: sa.types.TypeEngine[Any]) -> str:
    if isinstance(kind, sa.Uuid):
        return "@other"
    if isinstance(kind, sa.Boolean | sa.Integer):
        return "1"
    if isinstance(kind, sa.DateTime | sa.Date):
        return "2031-05-06T07:08"
    return PLANTED


def state(site: Site) -> dict[str, Counter[str]]:
    """Every row of every table by its plain values; ids that were not there before are all the same."""
    known = {str(one) for one in site.world.ids.values()} | {
        str(one) for group in (site.world.cast.people, site.world.cast.couples) for one in group.values()
    }
    with closing(sqlite3.connect(site.file)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: Counter(_plain(row, known) for row in connection.execute(f'SELECT * FROM "{name}"'))  # noqa: S608
            for name in tables
            if name not in MAY_GROW
        }


def _plain(row: tuple[Any, ...], known: set[str]) -> str:
    return repr([_value(one, known) for one in row])


def _value(value: Any, known: set[str]) -> Any:
    if isinstance(value, bytes) or (isinstance(value, str) and value.startswith("$argon2")):
        return "sealed"
    if isinstance(value, str) and len(value) == 32:
        try:
            return value if str(UUID(value)) in known else "new"
        except ValueError:
            return value
    return "hash" if isinstance(value, str) and len(value) == 64 else value


def planted_words(site: Site) -> list[str]:
    """Sealed values that hold what was planted."""
    with site.app.app_context(), vault.reading(SYSTEM, "test"):
        found = [
            f"{mapper.class_.__tablename__}.{column.name}"
            for mapper in Base.registry.mappers
            for column in vault.sealed_columns(mapper.class_)
            for row in db.session.scalars(sa.select(mapper.class_))
            if PLANTED in repr(getattr(row, column.name))
        ]
        db.session.rollback()
        db.session.remove()
    return found


def posts(site: Site) -> Iterator[tuple[Row, str, str, dict[str, list[str]]]]:
    """Every POST once, as its page would send it: (row, path, who, boxes)."""
    boxes = boxes_of(site)
    site.put_back()  # the pages were looked at, and a calendar's link says when
    for row, specimen, path, who in tried(site, "POST"):
        told = {name: [str(one)] for name, one in data_of(row, specimen, site.world).items()}
        yield row, path, who, {**boxes.get((who, row.endpoint), {}), **told}


Outcome = tuple[int, dict[str, Counter[str]]]


def outcome(site: Site, who: str, path: str, sent: Mapping[str, Any]) -> Outcome:
    """What a POST answers and what it leaves behind."""
    answer = site.client(who).post(path, data=dict(sent))
    status = answer.status_code
    answer.close()
    return status, state(site)


def undone(site: Site, who: str, path: str, sent: Mapping[str, Any]) -> Outcome:
    """The same, and everything is as it was before."""
    try:
        return outcome(site, who, path, sent)
    finally:
        site.put_back()


def test_what_a_form_does_not_ask_for_changes_nothing(site: Site) -> None:
    others = str(site.world.cast.couples["other"])
    extras = {name: others if value == "@other" else value for name, value in columns().items()}
    assert {"couple_id", "partner_id", "practice_id", "is_owner", "owner_id", "sent_at", "state"} <= set(
        extras
    )
    wrong = []
    for row, path, who, sent in posts(site):
        plain = undone(site, who, path, sent)
        more = {name: value for name, value in extras.items() if name not in {*sent, *KEPT_APART}}
        made = outcome(site, who, path, {**more, **sent})
        if made != plain:
            changed = [name for name in made[1] if made[1][name] != plain[1].get(name)]
            wrong.append(f"{row.endpoint}: {plain[0]} → {made[0]}, otherwise in {changed}")
        if made[0] == 303 and (found := planted_words(site)):
            wrong.append(f"{row.endpoint}: planted words in {found}")
        site.put_back()
    assert not wrong, "\n".join(wrong)


LISTS = {"keys", "seen", "turns"}
"""Boxes of which a page has several by one name, beside those that its own form has so."""
SAID = {400, 409, 422}


def other_than(value: str) -> str:
    """Something else of the same kind, as somebody would send who tries what happens."""
    if value[:4].isdigit() and value[4:5] == "-":
        return f"2033{value[4:]}"
    return str(int(value) + 1) if value.isdigit() else PLANTED


def alone(sent: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The boxes of which there is one."""
    return {name: value for name, value in sent.items() if len(value) == 1 and name not in LISTS}


def test_a_box_that_is_sent_twice_counts_once_or_is_told_as_a_mistake(site: Site) -> None:
    """The first one counts, everywhere; what comes behind it is never taken instead, and never added."""
    wrong, told = [], 0
    for row, path, who, sent in posts(site):
        once = alone(sent)
        if not once:
            continue
        plain = undone(site, who, path, sent)
        twice = {name: [value[0], other_than(value[0])] for name, value in once.items()}
        made = undone(site, who, path, {**sent, **twice})
        if made[0] in SAID:
            told += made != plain
        elif made != plain:
            wrong.append(f"{row.endpoint}: {plain[0]} → {made[0]} with {sorted(twice)}")
    assert not wrong, "\n".join(wrong)
    assert told <= 20, "mostly the first one is taken"


def test_no_box_of_a_form_is_taken_from_the_address(site: Site) -> None:
    """With the boxes in the address nothing happens that does not happen without them; nor do they outdo the body."""
    wrong, tried_out = [], 0
    for row, path, who, sent in posts(site):
        names = set(sent) - ADDRESSED.get(row.endpoint, set())
        if not names:
            continue
        tried_out += 1
        joint = "&" if "?" in path else "?"
        in_address = urlencode([(name, one) for name in names for one in sent[name]])
        others = urlencode([(name, other_than(one)) for name in names for one in sent[name]])
        for body, address in (({}, in_address), (sent, others)):
            plain = undone(site, who, path, body)
            made = undone(site, who, path + joint + address, body)
            if made != plain:
                wrong.append(f"{row.endpoint}: {plain[0]} → {made[0]} with {address}")
    assert not wrong, "\n".join(wrong)
    assert tried_out > 40


ADDRESSED: dict[str, set[str]] = {}
"""Names that a page reads from its address by design, beside a box of the same name: what they choose is only shown."""
