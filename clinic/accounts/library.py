"""The words that passphrases are made of, read from words.txt, and the lists of what one must not be made of."""

import secrets
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("words.txt")
SHORTEST_COMMON = 3
"""Below that, anything would be made of common pieces."""

WELL_KNOWN = {
    *("goldseam", "counselor", "counsellor", "counseling", "counselling"),
    *("therapist", "therapy", "clinic", "couple", "partner", "practice"),
}
"""Words that everybody tries first who knows what this is."""

WORDS_IN_A_PASSPHRASE = 6
"""Six of more than 512 words are more than 54 bits, far beyond what guessing at Argon2id can reach."""


@cache
def words() -> tuple[str, ...]:
    """All words, in the file's order."""
    return tuple(FILE.read_text(encoding="utf-8").split())


@cache
def common() -> frozenset[str]:
    """Tens of thousands of passphrases that are in use everywhere, lower case, as the package zxcvbn lists them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # large, and seldom needed

    return frozenset(one for one in FREQUENCY_LISTS["passwords"] if len(one) >= SHORTEST_COMMON)


def new_passphrase() -> str:
    """Six random words with hyphens between them."""
    return "-".join(secrets.choice(words()) for _ in range(WORDS_IN_A_PASSPHRASE))
