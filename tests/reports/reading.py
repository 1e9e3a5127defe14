"""Reads a PDF back: words with their boxes by poppler, text with its size and font by pypdf."""

import io
import subprocess
from dataclasses import dataclass
from functools import cache
from html import unescape
from xml.etree import ElementTree

from pypdf import PdfReader

XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True)
class Word:
    """One word on a page, in points from the upper left."""

    page: int
    text: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Run:
    """One run of text of one font; `y` counts from the foot of the page."""

    page: int
    text: str
    font: str
    size: float
    y: float


@cache
def text(pdf: bytes) -> str:
    """All text in reading order."""
    return _poppler("pdftotext", "-layout", pdf=pdf)


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return text(pdf).split("\f")[:-1]


@cache
def words(pdf: bytes) -> tuple[list[tuple[float, float]], list[Word]]:
    """The size of each page, and every word."""
    root = ElementTree.fromstring(_poppler("pdftotext", "-bbox", pdf=pdf))
    sizes, found = [], []
    for number, page in enumerate(root.iter(f"{XHTML}page")):
        sizes.append((float(page.attrib["width"]), float(page.attrib["height"])))
        for word in page.iter(f"{XHTML}word"):
            box = (float(word.attrib[key]) for key in ("xMin", "yMin", "xMax", "yMax"))
            found.append(Word(number, unescape(word.text or ""), *box))
    return sizes, found


@cache
def runs(pdf: bytes) -> list[Run]:
    """Every run of text with its font and its size in points."""
    found: list[Run] = []
    for number, page in enumerate(PdfReader(io.BytesIO(pdf)).pages):

        def visit(
            part: str, cm: list[float], tm: list[float], font: dict | None, size: float, n: int = number
        ) -> None:
            if part.strip():
                name = str((font or {}).get("/BaseFont", ""))
                found.append(Run(n, part, name, size * abs(tm[3] * cm[3]), cm[3] * tm[5] + cm[5]))

        page.extract_text(visitor_text=visit)
    return found


def _poppler(*command: str, pdf: bytes) -> str:
    done = subprocess.run([*command, "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()
