"""The table of routes, read from routes.toml: which mark each has, what it is tried with, and who gets in."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask

from tests.rules.birds import PEOPLE
from tests.rules.world import World

FILE = Path(__file__).with_name("routes.toml")
NOBODYS = {"nobody", "left"}
"""Who has no sign-in that lives: a visitor, and who left with a device still signed in."""


@dataclass(frozen=True)
class Row:
    """What must be true of one route and method."""

    method: str
    endpoint: str
    mark: str
    kind: str = ""  # what its ids are tried with
    rights: Mapping[str, list[str]] = field(default_factory=dict)  # specimen → who gets in
    status: list[int] = field(default_factory=lambda: [200])  # for who gets in
    data: Mapping[str, Any] = field(default_factory=dict)  # of a POST
    also: list[str] = field(default_factory=list)  # query strings to look at, too
    proof: bool = False  # asks for a fresh proof
    refused: list[str] = field(default_factory=list)  # who passes the mark and is told no by the page itself

    def admits(self, who: str, specimen: str) -> bool:
        """True when this person gets in with that specimen."""
        named = self.rights.get(specimen, ())
        return is_admitted(self.mark, who) and (not self.kind or who in named or "everybody" in named)


@dataclass(frozen=True)
class Table:
    """All rows, the specimens of each kind, and who passes each mark."""

    rows: tuple[Row, ...]
    kinds: Mapping[str, Mapping[str, Mapping[str, Any]]]
    marks: Mapping[str, list[str]]

    def of(self, method: str) -> Iterator[Row]:
        """The rows of one method."""
        return (row for row in self.rows if row.method == method)


@cache
def table() -> Table:
    """Read it."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rights, rows = found["rights"], []
    for name, row in found["routes"].items():
        method, endpoint = name.split()
        default = [200] if method == "GET" else [303]
        given = row.get("rights", {})
        given = rights[given] if isinstance(given, str) else given
        rows.append(Row(method, endpoint, **{"status": default, **row, "rights": given}))
    return Table(tuple(rows), found["kinds"], found["marks"])


def data_of(row: Row, specimen: str, world: World) -> dict[str, Any]:
    """What a POST says, with the ids of the world and of the specimen in their places."""
    named = table().kinds[row.kind][specimen] if row.kind else {}
    ids = {name: valued(world, value) for name, value in named.items()}
    return {key.format(**ids): _filled(valued(world, value), ids) for key, value in row.data.items()}


def _filled(value: Any, ids: Mapping[str, Any]) -> Any:
    return value.format(**ids) if isinstance(value, str) else value


def is_admitted(mark: str, who: str) -> bool:
    """True when a mark lets somebody in, as the table says it."""
    return who in table().marks[mark] if mark != "public" else who in PEOPLE


def tries_of(row: Row, app: Flask, world: World) -> Iterator[tuple[str, str]]:
    """(specimen, path) of everything that a route is tried with; a row without a route is told by a test of its own."""
    if row.endpoint not in app.view_functions:
        return
    for specimen, named in table().kinds[row.kind].items() if row.kind else [("", {})]:
        yield specimen, path_of(row, app, {name: valued(world, value) for name, value in named.items()})


def path_of(row: Row, app: Flask, values: Mapping[str, Any]) -> str:
    """The path of a route with these values; what is left over belongs to other routes of the kind."""
    fitting = [
        rule
        for rule in app.url_map.iter_rules(row.endpoint)
        if row.method in (rule.methods or ()) and rule.arguments <= set(values)
    ]
    assert fitting, f"{row.method} {row.endpoint} cannot be made with {sorted(values)}"
    rule = max(fitting, key=lambda one: len(one.arguments)).rule
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda found: quote(str(values[found[1]])), rule)


def valued(world: World, value: Any) -> Any:
    """A value of the table; `@name` stands for the id of that name."""
    if isinstance(value, list):
        return [valued(world, one) for one in value]
    if isinstance(value, str) and value.startswith("@"):
        return str(world.ids[value[1:]])
    return value
