"""Markdown of documents as clean HTML: paragraphs, lists, emphasis; nothing that a file could smuggle in."""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

ALLOWED = {"p", "ul", "ol", "li", "strong", "em", "br", "blockquote"}

_parser = (
    MarkdownIt("commonmark", {"html": False, "typographer": True})
    .enable(["replacements", "smartquotes"])
    .disable(["image", "link", "autolink", "heading", "lheading"])
)


@lru_cache(maxsize=512)
def prose(text: str) -> Markup:
    """The text as HTML that is safe to show; raw HTML in it is shown as text, never used."""
    return Markup(nh3.clean(_parser.render(text), tags=ALLOWED, attributes={}))  # noqa: S704  # cleaned just here


@lru_cache(maxsize=1024)
def line(text: str) -> Markup:
    """One line of a document: its emphasis and its quotation marks, no paragraph around it."""
    return Markup(nh3.clean(_parser.renderInline(text), tags=ALLOWED, attributes={}))  # noqa: S704  # cleaned just here
