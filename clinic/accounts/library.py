"""The words that passphrases are made of: short, concrete, easy to spell, read from words.txt."""

import secrets
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("words.txt")
WORDS_IN_A_PASSPHRASE = 6
"""Six of more than 512 words are more than 54 bits, far beyond what guessing at Argon2id can reach."""


@cache
def words() -> tuple[str, ...]:
    """All words, in the file's order."""
    return tuple(FILE.read_text(encoding="utf-8").split())


def new_passphrase() -> str:
    """Six random words with hyphens between them."""
    return "-".join(secrets.choice(words()) for _ in range(WORDS_IN_A_PASSPHRASE))
