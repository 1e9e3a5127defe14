"""Pure rules of the practice's papers: how a text is kept and hashed, what it is made of, and whom a new one asks."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal, get_args

Kind = Literal["consent", "secrets"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The two papers that each partner signs: consent to couple work, and the policy on what one tells alone."""

TITLES: dict[Kind, str] = {
    "consent": "Working together as a couple",
    "secrets": "What one of you tells us alone",
}

Form = Literal["no_secrets", "limited", "confidential", "own"]
FORMS: dict[Form, str] = {
    "no_secrets": "No secrets are kept between partners",
    "limited": "Kept at first; the counselor weighs what both must know",
    "confidential": "Kept, unless the one who told it says otherwise",
    "own": "A form of our own",
}
"""The honest ways to treat what one partner tells alone; a text of the practice's own may be none of the three."""

VERIFIED_FOR = timedelta(days=182)
"""So long a number to call in danger goes without being looked up again; they change without a word to anybody."""

LONGEST = 24_000
LONGEST_LABEL = 400
"""Characters of the first paragraph of a policy: it stands above every page that goes to the counselor alone."""

Grace = Literal["now", "14", "30", "none"]
GRACES: dict[Grace, str] = {
    "now": "Must sign this one before work together goes on",
    "14": "Have 14 days to sign this one",
    "30": "Have 30 days to sign this one",
    "none": "Need not sign again (a small correction)",
}
"""What becomes of those who signed an earlier version, as the practice chooses when it publishes a new one."""


def earlier_until(grace: Grace, effective_at: datetime) -> datetime | None:
    """Until when signatures on earlier versions count; None when they go on counting."""
    if grace == "none":
        return None
    return effective_at if grace == "now" else effective_at + timedelta(days=int(grace))


# The text


def normalized(text: str) -> str:
    """A text as it is kept, hashed, shown and printed: one kind of line end, composed letters, no space at the ends."""
    lines = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def text_hash(text: str) -> str:
    """SHA-256 (hex) of a normalized text in UTF-8."""
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Block:
    """One piece of a paper: a heading, a paragraph, or a list with its points."""

    kind: Literal["heading", "paragraph", "list"]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def blocks(text: str) -> tuple[Block, ...]:
    """What a text is made of: blank lines part it, `## ` begins a heading, `- ` a point of a list."""
    return tuple(one for part in re.split(r"\n\s*\n", text) if part.strip() for one in _blocks_in(part))


def _blocks_in(part: str) -> Iterator[Block]:
    lines = part.strip().split("\n")
    while lines and lines[0].startswith("#"):
        yield Block("heading", (lines.pop(0).lstrip("#").strip(),))
    if lines and all(line.startswith("- ") for line in lines):
        yield Block("list", tuple(line[2:].strip() for line in lines))
    elif lines:
        yield Block("paragraph", tuple(lines))


def label_of(text: str) -> str:
    """The first paragraph of a paper: of a policy, the words above every page that goes to the counselor alone."""
    return next((one.text for one in blocks(text) if one.kind == "paragraph"), "")


def mistakes(kind: Kind, text: str) -> Sequence[str]:
    """What has to be mended before a text can be published."""
    label = label_of(text)
    found = [] if label else ["Begin with a paragraph that says in short what this paper says."]
    if kind == "secrets" and len(label) > LONGEST_LABEL:
        found.append(
            f"The first paragraph stands above every page that goes to the counselor alone: at most "
            f"{LONGEST_LABEL} characters, please. It has {len(label)}."
        )
    return found
