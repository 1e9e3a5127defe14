"""Canaries: words that can be found anywhere again, and the people who may or may not find them."""

from dataclasses import dataclass

PEOPLE = (
    "partner_a",
    "partner_b",
    "parted_a",
    "other_a",
    "counselor",
    "other_counselor",
    "supervisor",
    "owner",
    "left",
    "elsewhere_counselor",
    "nobody",
)
"""The eleven kinds; `parted_a` is separated from `parted_b`, `left` has a sign-in that is still open somewhere."""

NAMES = {
    "Mara": {"partner_a", "partner_b", "counselor", "supervisor"},
    "Jonas": {"partner_a", "partner_b", "counselor", "supervisor"},
    "Ines": {"other_a", "other_b", "other_counselor"},
    "Paul": {"other_a", "other_b", "other_counselor"},
    "Dita": {"parted_a", "parted_b", "counselor", "supervisor"},
    "Ugo": {"parted_a", "parted_b", "counselor", "supervisor"},
    "Oda": {"elsewhere_a", "elsewhere_b", "elsewhere_counselor"},
}
"""A name of a client is for the couple itself and who works with it."""


@dataclass(frozen=True)
class Canary:
    """A word that can be found anywhere again, and who may find it."""

    label: str
    token: str
    readers: frozenset[str]

    @property
    def text(self) -> str:
        """What is written: with characters that every encoding writes differently."""
        return f"{self.token} „ünder & <b>“"
