"""Cuts the house's two typefaces from their packages: woff2 for the screen, TTF for paper, private family names."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from multiprocessing import get_context

from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._n_a_m_e import NameRecord

RECIPE = "1"  # raise when the cutting below changes, so that older files are made again
STAMP = "made-from"

# Basic Latin to Latin Extended-B, spacing marks, the Vietnamese block, punctuation, currency, letterlike signs,
# arrows and minus; any other script falls back to the reader's own system fonts.
UNICODES = [
    *range(0x20, 0x7F),
    *range(0xA0, 0x250),
    *range(0x2B0, 0x370),
    *range(0x1E00, 0x1F00),
    *range(0x2000, 0x2070),
    *range(0x20A0, 0x20C1),
    *range(0x2100, 0x2200),
    0x2212,
    0x2248,
    0x2260,
    0x2264,
    0x2265,
]
FEATURES = [
    "kern",
    "mark",
    "mkmk",
    "liga",
    "ccmp",
    "locl",
    "lnum",
    "onum",
    "pnum",
    "tnum",
    "case",
    "frac",
    "sups",
]


@dataclass(frozen=True, slots=True)
class Cut:
    """One style of one family: where it comes from and what it is called here."""

    name: str
    package: str
    source: str
    family: str
    style: str

    @property
    def path(self) -> pathlib.Path:
        return pathlib.Path(str(files(self.package))) / "files" / f"{self.source}.ttf"


def _cuts(prefix: str, package: str, source: str, family: str, heavy: str) -> tuple[Cut, ...]:
    styles = ("Regular", "Italic", "Medium", heavy)
    return tuple(Cut(f"{prefix}-{s.lower()}", package, f"{source}-{s}", family, s) for s in styles)


CUTS = (
    *_cuts("voice", "fontpkg_spectral", "Spectral", "Goldseam Voice", "SemiBold"),
    *_cuts("text", "fontpkg_alegreya_sans", "AlegreyaSans", "Goldseam Text", "Bold"),
)
KINDS = ("ttf", "woff2")  # the second is packed from the first
ENGLISH = 0x409
FILES = tuple(f"{cut.name}.{kind}" for cut in CUTS for kind in KINDS)


def build(folder: pathlib.Path) -> None:
    """Fill `folder` with the files of FILES; does nothing when they are there and made by this recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / STAMP
    current = stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp()
    for cut in CUTS:
        if not (current and all((folder / f"{cut.name}.{kind}").is_file() for kind in KINDS)):
            _write(cut, folder)
    if not current:
        stamp.write_text(_stamp(), encoding="utf-8")


@contextmanager
def built(folder: pathlib.Path) -> Iterator[None]:
    """Built in a process of its own while the block does something else; there when the block ends."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        done = beside.submit(build, folder)
        yield
        done.result()


def _stamp() -> str:
    packages = ("fontpkg-spectral", "fontpkg-alegreya-sans", "fonttools")
    return "\n".join([f"recipe {RECIPE}", *(f"{p} {version(p)}" for p in packages)]) + "\n"


def _write(cut: Cut, folder: pathlib.Path) -> None:
    font = TTFont(cut.path, recalcTimestamp=False)
    _prefer_lining_figures(font)
    names = font["name"].names
    del font["name"]  # the cutter would visit every part of the font to see which of them it uses
    _subset(font)
    _rename(font, cut, names)
    paper, screen = (folder / f"{cut.name}.{kind}" for kind in KINDS)
    _save(font, paper)
    with TTFont(paper, lazy=True, recalcTimestamp=False) as made:  # what is bytes already is only packed
        made.flavor = "woff2"
        _save(made, screen)


def _save(font: TTFont, at: pathlib.Path) -> None:
    """Two workers may start at once: each writes its own file and the last one wins, whole."""
    unfinished = at.with_name(f".{at.stem}.{os.getpid()}{at.suffix}")
    font.save(unfinished)
    unfinished.replace(at)


def _prefer_lining_figures(font: TTFont) -> None:
    """Map 0 to 9 to lining glyphs where old-style is the default: SVG text on paper cannot ask for a feature."""
    glyphs = set(font.getGlyphOrder())
    for table in font["cmap"].tables:
        for code in range(0x30, 0x3A):
            lining = f"{table.cmap.get(code)}.lf"
            if lining in glyphs:
                table.cmap[code] = lining


def _subset(font: TTFont) -> None:
    options = subset.Options(layout_features=FEATURES, hinting=False, name_IDs=["*"], notdef_outline=True)
    options.drop_tables += ["meta"]  # design languages; the subsetter warns that it cannot cut them
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=UNICODES)
    cutter.subset(font)


def _rename(font: TTFont, cut: Cut, given: list[NameRecord]) -> None:
    """Private names in the name table too, so that no installed font of the original name can take its place."""
    kept = {0, 5, 13, 14}  # copyright, version, license and its address stay with the outlines
    table = font["name"] = newTable("name")
    table.names = [one for one in given if one.nameID in kept and one.isUnicode() and one.langID == ENGLISH]
    postscript = f"{cut.family}-{cut.style}".replace(" ", "")
    plain = cut.style in {"Regular", "Italic", "Bold"}
    names = {
        1: cut.family if plain else f"{cut.family} {cut.style}",
        2: cut.style if plain else "Regular",
        3: f"{postscript};recipe {RECIPE}",
        4: f"{cut.family} {cut.style}",
        6: postscript,
        16: cut.family,
        17: cut.style,
    }
    for name_id, text in names.items():
        table.setName(text, name_id, 3, 1, ENGLISH)
