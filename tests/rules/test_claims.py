"""No claim without a test: what the threat model and the list of requirements say is there, and is tried.

That each of these tests passed is looked at when all tests ran: see tests/conftest.py.
"""

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests import claims
from tests.claims import Claim

THREATS = {*(f"T{number}" for number in range(1, 37)), "T13b"}
FAULTS = {"R1", "R3", "R4", "R6", "R8", "R9", "R10", "R15", "R16", "R17", "R20"}
PARTS = {
    "import of exercises",
    "export for spreadsheets",
    "pictures",
    "process notes",
    "agreements",
}
"""What a row may wait for, by name."""

LEVEL_1 = """
1.2.1-5 1.3.1-2 1.5.1 2.1.1 2.2.1-2 2.3.1 3.2.1-2 3.3.1 3.4.1-2 3.5.1-3 4.1.1 5.2.1-2 5.3.1-2 6.1.1 6.2.1-8 6.3.1-2
6.4.1-2 7.2.1-4 7.4.1-2 8.1.1 8.2.1-2 8.3.1 9.1.1-3 9.2.1 11.3.1-2 11.4.1 12.1.1 12.2.1-2 13.4.1 14.2.1 14.3.1 15.1.1
15.2.1 15.3.1
"""
LEVEL_2 = """
1.1.1-2 1.2.9 1.3.3-7 1.3.10-11 1.5.2 2.1.2-3 2.2.3 2.3.2-4 2.4.1 3.3.2-4 3.4.3-6 3.7.1-2 4.1.2-3 4.2.1 5.1.1 5.2.3
5.4.1-2 6.1.2-3 6.2.9-12 6.3.3-4 6.4.3-4 6.5.1-5 6.6.2-3 7.1.1-2 7.3.1-2 7.4.3-5 7.5.1-2 8.1.2 8.2.3 8.4.1 9.2.2-3
11.1.1-2 11.2.1-3 11.3.3 11.4.2-4 11.5.1 11.6.1 12.3.1-2 13.1.1 13.2.2-5 13.3.1-2 13.4.2-5 14.1.1-2 14.2.2-4 14.3.2-3
15.1.2-3 15.2.2-3 15.3.2-5 15.3.7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
"""


def ids(said: str) -> Iterator[str]:
    """The ids of a list with ranges: `6.2.1-3` is three."""
    for one in said.split():
        section, _, last = one.rpartition(".")
        first, _, end = last.partition("-")
        yield from (f"{section}.{number}" for number in range(int(first), int(end or first) + 1))


def test_every_threat_has_a_row() -> None:
    names = [claim.name for claim in claims.threats()]
    assert set(names) == THREATS | FAULTS
    assert len(names) == len(set(names))


def test_every_requirement_that_applies_has_an_entry() -> None:
    wanted = {*ids(LEVEL_1), *ids(LEVEL_2)}
    assert len(wanted) == 185
    assert wanted <= set(claims.requirements()), sorted(wanted - set(claims.requirements()))


@pytest.mark.parametrize("claim", list(claims.claims()), ids=lambda one: f"{one.where} {one.name}")
def test_a_claim_names_tests_that_there_are(claim: Claim) -> None:
    missing = set(claim.tests) - claims.tests_there()
    assert not missing, f"{claim.name} names tests that do not exist: {sorted(missing)}"
    assert claim.says or claim.part


def test_a_row_is_proved_or_says_what_is_missing() -> None:
    wrong = [claim.name for claim in claims.threats() if not claim.tests and not claim.part]
    assert not wrong
    for claim in claims.threats():
        named = [part for part in PARTS if part in claim.part]
        assert bool(named) == bool(claim.part), (
            f"{claim.name} waits for something without a name: {claim.part}"
        )


def test_an_entry_is_done_with_tests_or_open_with_a_part_or_none_with_a_reason() -> None:
    keys = {"done": {"is", "note", "tests"}, "open": {"is", "part"}, "none": {"is", "note"}}
    for name, one in claims.requirements().items():
        assert set(one) == keys[str(one["is"])], name
        assert all(one.values()), name


def test_a_control_lives_in_a_file_that_there_is() -> None:
    for claim in claims.threats():
        for path in re.findall(r"`((?:clinic|forms|reports|requirements)/[\w/.]*)`", claim.says):
            assert (claims.ROOT / path).exists(), f"{claim.name}: {path}"


def test_what_is_still_open_is_not_most_of_it() -> None:
    found = Counter(str(one["is"]) for one in claims.requirements().values())
    assert found["done"] > 4 * found["open"]


def test_a_claimed_test_that_failed_or_did_not_run_is_told() -> None:
    """As the end of a run over everything does it."""
    named = {test for claim in claims.claims() for test in claim.tests}
    fine = {test: ["passed"] for test in named}
    assert claims.unproved(fine) == []
    one, other, third = sorted(named)[:3]
    told = claims.unproved({**fine, one: ["passed", "failed"], other: ["skipped"], third: []})
    assert told == [f"{one}: failed, passed", f"{other}: skipped", f"{third}: did not run"]
    browsers = [test for test in named if test.startswith("browser/")]
    without = {test: ["passed"] for test in named if test not in browsers}
    assert len(claims.unproved(without)) == len(browsers) > 3
    assert claims.unproved(without, ("browser/",)) == []
