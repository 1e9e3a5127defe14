"""What a printed document is (a summary's type, its page, its styles), and how templates are filled for paper."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

Paper: TypeAlias = Literal["A4", "Letter"]
PAPERS: tuple[Paper, ...] = get_args(Paper)

TEMPLATES = Path(__file__).parent.parent / "templates"

# No document has a use for them, XML has no place for them, and a direction override would turn the text beside it.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff]")


@dataclass(frozen=True)
class Document:
    """One kind of document; `html` gives well-formed XHTML, `sample` a summary that fills one page for the warm-up."""

    name: str
    summary: type[Any]
    html: Callable[[Any, Paper], str]
    styles: tuple[str, ...]
    sample: Callable[[], object]


def fill(template: str, **values: object) -> str:
    """Fill a template of templates/reports; every value is cleaned for paper and escaped."""
    return _environment.get_template(f"reports/{template}").render(values)


def clean(value: object) -> object:
    """Take from a text what cannot be printed; markup that a macro made from clean text stays as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def direction(text: str) -> str:
    """Tell from its first strong letter which way a text runs: "rtl" or "ltr"."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in strong if kind in {"L", "R", "AL"}), "L") != "L" else "ltr"


def paragraphs(text: str) -> list[str]:
    """Cut a text at its blank lines; single line breaks stay inside their paragraph."""
    return [part for part in re.split(r"\n\s*\n", str(clean(text)).strip()) if part]


_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=clean,
)
FILTERS, TESTS = _environment.filters, _environment.tests  # a document adds its own
FILTERS.update(direction=direction, paragraphs=paragraphs)
