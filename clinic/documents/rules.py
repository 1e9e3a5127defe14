"""Pure rules of documents: how long a claim holds, who a document is for in words, and what its file is called."""

from collections.abc import Mapping
from datetime import date, timedelta

USUAL = timedelta(minutes=2)
"""After so long a page that waits says that something may be wrong."""

KINDS: Mapping[str, tuple[str, str]] = {
    "progress_report": ("Progress report", "progress"),
    "given_record": ("Record that was asked for", "given_record"),
}
"""By kind: the name on the page, the name under which the press knows it."""

FAILED = "It could not be made. Nothing is lost: please try once more."


def audience_said(audience: str, names: Mapping[int, str]) -> str:
    """Who a document is for, as the page names it in large."""
    match audience:
        case "counselor":
            return "For the counselor only"
        case "couple":
            return f"For {' and '.join(names[position] for position in sorted(names))} together"
        case _:
            return f"For {names.get(int(audience[-1]), 'one partner')} alone"


def readers_said(kind: str, audience: str, names: Mapping[int, str]) -> str:
    """Who reads a document of this kind: a record goes to whoever asked for it, whosever words are in it."""
    return "For whoever asked for it" if kind == "given_record" else audience_said(audience, names)


def file_name(made_on: date) -> str:
    """A name that tells a finder of the device nothing."""
    return f"pages-{made_on:%Y-%m-%d}.pdf"
