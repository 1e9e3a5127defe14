"""Crisis resources by locale from crisis.toml, and finished texts of papers; a mistake in a file stops the start."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("crisis.toml")
PAPERS = Path(__file__).with_name("papers")


@dataclass(frozen=True)
class CrisisLine:
    """One number to call and where it can be verified; `last_verified` is None until somebody did."""

    name: str
    number: str
    note: str
    source: str
    last_verified: date | None = None


@dataclass(frozen=True)
class Region:
    """The resources of one locale, such as `en-US`."""

    region: str
    lines: tuple[CrisisLine, ...]


@cache
def regions() -> Mapping[str, Region]:
    """All locales with their lines."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        locale: Region(table["region"], tuple(CrisisLine(**line) for line in table["lines"]))
        for locale, table in found.items()
    }


AMERICAN = ("America/", "US/", "Pacific/Honolulu")
OUTSIDE_THE_UNION = ("Belgrade", "Istanbul", "Kiev", "Kyiv", "Minsk", "Moscow", "Oslo", "Zurich")
US_CITIES = (
    "New_York",
    "Chicago",
    "Denver",
    "Los_Angeles",
    "Phoenix",
    "Anchorage",
    "Detroit",
    "Boise",
    "Juneau",
    "Indiana/",
    "Kentucky/",
    "North_Dakota/",
    "Honolulu",
)


def locale_of(zone: str) -> str:
    """Which locale's lines stand in for a practice in that zone; empty where we know of none."""
    if zone.startswith(AMERICAN):
        return "en-US" if any(city in zone for city in US_CITIES) else ""
    if zone in {"Europe/London", "Europe/Belfast"}:
        return "en-GB"
    if zone.startswith("Europe/") and not zone.endswith(OUTSIDE_THE_UNION):
        return "en-EU"
    return ""


def lines_of(locale: str) -> tuple[CrisisLine, ...]:
    """The lines of a locale; none for one that we do not know, and the page then names the practice's phone alone."""
    known = regions().get(locale)
    return known.lines if known else ()


@cache
def papers() -> Mapping[str, str]:
    """The finished texts by name: consent, and the honest forms of a policy on secrets."""
    return {file.stem: file.read_text(encoding="utf-8").strip() for file in sorted(PAPERS.glob("*.md"))}
