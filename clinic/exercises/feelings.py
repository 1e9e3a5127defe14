"""The words for feelings, by family: one list for every exercise, so that two people pick from the same words."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("feelings.toml")


class Family(NamedTuple):
    """Feelings that are close to each other: a title and the words by key."""

    title: str
    words: dict[str, str]


@cache
def families() -> tuple[Family, ...]:
    """All families in the order of the page."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(Family(family["title"], family["words"]) for family in document.values())


@cache
def words() -> dict[str, str]:
    """Every word by its key."""
    return {key: word for family in families() for key, word in family.words.items()}
