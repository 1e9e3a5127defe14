"""A GET writes nothing but the trail and the sign-in's last use, whoever asks for what."""

import sqlite3
from contextlib import closing
from hashlib import sha256

import pytest

from tests.rules.site import Site
from tests.rules.table import table, tries_of
from tests.rules.test_canaries import every_answer
from tests.rules.visits import visit
from tests.rules.world import PEOPLE

MAY_GROW = {"audit_event"}
LEFT_OUT = {"user_session": "last_seen_at"}


def fingerprint(site: Site) -> dict[str, str]:
    """A hash of every table, the trail and the last use left out."""
    with closing(sqlite3.connect(site.file)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _hash_of(connection, name) for name in names if name not in MAY_GROW}


def _hash_of(connection: sqlite3.Connection, name: str) -> str:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})") if row[1] != LEFT_OUT.get(name)]
    listed = ", ".join(f'"{one}"' for one in columns)
    rows = connection.execute(f"SELECT {listed} FROM {name} ORDER BY 1").fetchall()  # noqa: S608  # names of our own
    return sha256(repr(rows).encode()).hexdigest()


@pytest.mark.parametrize("who", PEOPLE)
def test_a_get_writes_only_the_trail_and_the_last_use(site: Site, who: str) -> None:
    wrong = [f"{made}: {made.changed}" for made in every_answer(site, who) if made.changed]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", PEOPLE)
def test_after_all_gets_every_table_is_as_it_was(site: Site, who: str) -> None:
    before = fingerprint(site)
    client = site.client(who)
    for row in table().of("GET"):
        for _, path in tries_of(row, site.app, site.world):
            visit(site.app, client, who, "GET", path)
    assert fingerprint(site) == before


def test_a_get_by_somebody_leaves_a_line_when_words_were_opened(site: Site) -> None:
    path = f"/progress/ours/{site.world.ids['round checkin 1']}"
    made = visit(site.app, site.client("partner_a"), "partner_a", "GET", path)
    assert "opened, of b" in [one.label for one in site.world.canaries if one.token in made.text]
    assert made.writes.count("audit_event") == 1


def test_a_head_is_no_way_around(site: Site) -> None:
    for who in ("partner_a", "nobody"):
        path = f"/reflections/{site.world.ids['turn checkin 2 pulse partner_b']}"
        assert site.client(who).head(path).status_code in {303, 404}
        assert site.client(who).options(path).status_code in {200, 303, 404}
