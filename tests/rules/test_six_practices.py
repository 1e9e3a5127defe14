"""Every point of the six practices is served by something that is there, or says which exercise it waits for."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from clinic.exercises.library import shipped
from clinic.exercises.practices import PLANNED, POINTS
from reports.pdf import DOCUMENTS
from tests.rules.site import Site

FILE = Path(__file__).with_name("six_practices.toml")
SERVED: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["points"]
KINDS = {"exercises", "endpoints", "reports", "waits"}


def test_every_point_has_a_row() -> None:
    assert set(SERVED) == set(POINTS)
    assert all(row and set(row) <= KINDS for row in SERVED.values())


@pytest.mark.parametrize("point", POINTS)
def test_what_serves_a_point_is_there(site: Site, point: str) -> None:
    row = SERVED[point]
    for endpoint in row.get("endpoints", ()):
        assert endpoint in site.app.view_functions, endpoint
    for report in row.get("reports", ()):
        assert f"reports.{report}" in DOCUMENTS
        assert (Path("templates/reports") / f"{report}.html").exists()


@pytest.mark.parametrize("point", POINTS)
def test_the_exercises_of_a_point_are_those_that_name_it(point: str) -> None:
    naming = {slug for slug, exercise in shipped().items() if point in exercise.serves}
    assert set(SERVED[point].get("exercises", ())) == naming


@pytest.mark.parametrize("point", POINTS)
def test_what_a_point_waits_for_is_not_there_yet(point: str) -> None:
    waits = set(SERVED[point].get("waits", ()))
    assert not waits & set(shipped()), "it is in the library now: say so in the row"
    assert {slug for slug in waits if " " not in slug} <= PLANNED
