"""The press: WeasyPrint with fonts and styles loaded once, closed to every address; a summary in, a PDF out."""

import logging
import unicodedata
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree  # our own templates only, every value escaped; expat has no network

import msgspec
import pydyf
from cssselect2 import ElementWrapper
from weasyprint import CSS, HTML
from weasyprint.text.ffi import ffi, gobject, pangoft2
from weasyprint.text.fonts import FontConfiguration

from reports.document import PAPERS, Document, Paper
from reports.fetcher import ClosedFetcher
from reports.pdf import RenderFailed

STYLES = Path(__file__).parent / "styles"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TOO_DEEP = "The document is nested too deeply to be laid out."


class Warnings(logging.Handler):
    """Keeps what WeasyPrint complains of; it never reaches a log, since it can quote a client's words."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.undrawn: set[int] = set()
        self.others: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Sort a complaint: a character that no font can draw, or anything else (kept as its format alone)."""
        arguments = record.args
        if str(record.msg).startswith(".notdef") and isinstance(arguments, tuple):
            self.undrawn.add(int(str(arguments[1])))
        else:
            self.others.append(str(record.msg))


class CountedPages(pydyf.PDF):  # type: ignore[misc]  # pydyf has no types
    """A PDF that lists its pages once: every tag asks for that list, a fifth of the time of a long document."""

    _listed: tuple[bytes, ...] = ()

    @property
    def page_references(self) -> tuple[bytes, ...]:
        """The references of all pages so far."""
        if len(self._listed) != len(self.pages["Kids"]) // 3:
            self._listed = super().page_references
        return self._listed


class Press:
    """Renders the documents of the named modules. One process, one thread: sharing it among threads corrupts memory."""

    def __init__(self, fonts: Path, modules: Iterable[str], *, is_strict: bool = False) -> None:
        self._is_strict = is_strict
        self._warnings = Warnings()
        _silence(self._warnings)
        pydyf.PDF = CountedPages
        self._fonts = FontConfiguration()
        self._documents: dict[str, Document] = {}
        for module in modules:
            document: Document = import_module(module).DOCUMENT
            self._documents[document.name] = document
        self._styles = {path.name: self._style(path, fonts) for path in sorted(STYLES.glob("*.css"))}

    def warm_up(self) -> None:
        """Render the sample of each document, so that every job finds fonts, templates and styles in memory."""
        for document in self._documents.values():
            for paper in PAPERS:
                self.pdf(document.name, paper, msgspec.msgpack.encode(document.sample()))

    def begin_anew(self) -> None:
        """Take a font map of its own in a process that was forked; the fonts themselves stay as they were loaded.

        From its version 1.52 on, Pango asks a thread of each map for fonts, and a fork leaves threads behind: the first
        question would never be answered.
        """
        self._of_the_parent = self._fonts.font_map  # kept: taking it apart would wait for its thread as well
        self._fonts.font_map = ffi.gc(pangoft2.pango_ft2_font_map_new(), gobject.g_object_unref)
        own = ffi.cast("PangoFcFontMap *", self._fonts.font_map)
        pangoft2.pango_fc_font_map_set_config(own, self._fonts._config)

    def pdf(self, name: str, paper: Paper, summary: bytes) -> bytes:
        """Make the PDF/UA-1 of a msgpack summary; raises RenderFailed with a sentence free of its text."""
        if (document := self._documents.get(name)) is None or paper not in PAPERS:
            raise RenderFailed("There is no such document or paper.")
        try:
            values = msgspec.msgpack.decode(summary, type=document.summary)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise RenderFailed("The summary does not have the shape of its document.") from error
        return self._print(document, paper, document.html(values, paper))

    def _print(self, document: Document, paper: Paper, page: str) -> bytes:
        result = self._attempt(document, paper, page)
        if self._warnings.undrawn:
            # Once more with such characters named in brackets: a box in place of a sign would hide what was said.
            result = self._attempt(document, paper, page.translate(_names(self._warnings.undrawn)))
        if self._is_strict and (self._warnings.others or self._warnings.undrawn):
            raise RenderFailed(f"The layout gave warnings: {', '.join(self._warnings.others)}")
        return result

    def _attempt(self, document: Document, paper: Paper, page: str) -> bytes:
        self._warnings.undrawn, self._warnings.others = set(), []
        fetcher = ClosedFetcher()
        styles = [self._styles[name] for name in (f"{paper.lower()}.css", "paper.css", *document.styles)]
        try:
            result: bytes = _parsed(page, fetcher).write_pdf(
                font_config=self._fonts, stylesheets=styles, pdf_variant="pdf/ua-1"
            )
        except RecursionError as error:
            raise RenderFailed(_TOO_DEEP) from error
        if fetcher.refusals:
            raise RenderFailed("The document asked for something from outside, which no document may.")
        return result

    def _style(self, path: Path, fonts: Path) -> CSS:
        fetcher = ClosedFetcher(fonts)
        style = CSS(filename=path, font_config=self._fonts, url_fetcher=fetcher)
        if fetcher.refusals:  # a document in another typeface would look right to nobody but the program
            raise FileNotFoundError(f"The fonts that {path.name} names are not in {fonts}.")
        return style


def _parsed(page: str, fetcher: ClosedFetcher) -> HTML:
    """Build WeasyPrint's HTML from well-formed XHTML, which is faster than its parser and refuses a broken template."""
    try:
        root = ElementTree.fromstring(page)  # noqa: S314  # see the import
    except ElementTree.ParseError as error:
        raise RenderFailed("The page is not well formed.") from error
    html = HTML.__new__(HTML)
    html.base_url, html.url_fetcher, html.media_type = None, fetcher, "print"
    html.wrapper_element = ElementWrapper.from_html_root(root, content_language=None)
    html.etree_element = html.wrapper_element.etree_element
    return html


def _names(codepoints: Iterable[int]) -> dict[int, str]:
    named = {code: f"[{unicodedata.name(chr(code), f'character {code:x}').lower()}]" for code in codepoints}
    return named | {code: "" for code in named if code in _SKIN_TONES}


def _silence(handler: logging.Handler) -> None:
    for name, own in (
        ("weasyprint", handler),
        ("weasyprint.progress", logging.NullHandler()),
        ("fontTools", None),
    ):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.handlers = [own or logging.NullHandler()]
