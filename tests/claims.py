"""What docs/threat-model.md and docs/asvs.yaml claim, which tests they name, and whether these passed."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
TESTS = ROOT / "tests"
ROW = re.compile(r"^\| ([TR]\d+b?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py::test_\w+)`")
OPEN = re.compile(r"open: (.+)$")


@dataclass(frozen=True)
class Claim:
    """One row: what it says, the tests that it names, and the part that is missing, if one is."""

    where: str
    name: str
    says: str
    tests: tuple[str, ...]
    part: str = ""

    @property
    def is_done(self) -> bool:
        return bool(self.tests) and not self.part


@cache
def threats() -> tuple[Claim, ...]:
    """The rows of the threat model."""
    found = []
    for name, threat, control, proof in ROW.findall((ROOT / "docs" / "threat-model.md").read_text("utf-8")):
        missing = OPEN.search(proof)
        part = missing[1] if missing else ""
        found.append(Claim("threat-model", name, f"{threat}: {control}", tuple(NAMED.findall(proof)), part))
    return tuple(found)


@cache
def requirements() -> Mapping[str, Mapping[str, object]]:
    """The entries of the file as they stand there."""
    found: Mapping[str, Mapping[str, object]] = yaml.safe_load(
        (ROOT / "docs" / "asvs.yaml").read_text("utf-8")
    )
    return found


@cache
def asvs() -> tuple[Claim, ...]:
    """The same as claims; what does not apply claims nothing."""
    return tuple(
        Claim(
            "asvs",
            name,
            str(one.get("note", "")),
            tuple(one.get("tests", ())),
            str(one.get("part", "")),  # type: ignore[call-overload]
        )
        for name, one in requirements().items()
    )


def claims() -> Iterator[Claim]:
    """All of both."""
    yield from threats()
    yield from asvs()


@cache
def tests_there() -> frozenset[str]:
    """Every test function below tests/, as `folder/file.py::name`."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{file.relative_to(TESTS)}::{node.name}")
    return frozenset(found)


def unproved(outcomes: Mapping[str, Iterable[str]], left_out: tuple[str, ...] = ()) -> list[str]:
    """Claimed tests that did not run and pass; `outcomes` names how each try of a test of this run came out.

    `left_out` are folders whose tests this run said it leaves out.
    """
    wrong = []
    for test in sorted({test for claim in claims() for test in claim.tests}):
        if not test.startswith(left_out) or not left_out:
            came_out = set(outcomes.get(test, ()))
            if came_out != {"passed"}:
                wrong.append(f"{test}: {', '.join(sorted(came_out)) or 'did not run'}")
    return wrong
