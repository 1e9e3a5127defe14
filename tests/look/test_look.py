"""The look holds: every macro draws, its HTML is valid, every color pair is readable, nothing inline slips in."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator

import html5lib
import pytest
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont

from clinic import fonts
from tests.look.stand import ERRORS, FEATURES, PAGES, ROOT, stand, who_for

STATIC = ROOT / "clinic" / "static"
MACROS = ROOT / "templates" / "_macros"


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("fonts")
    fonts.build(folder)
    return folder


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return stand().test_client()


def page(client: FlaskClient, who: str, name: str) -> str:
    answer = client.get(f"/page/{who}/{name}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def sound(html: str) -> None:
    html5lib.HTMLParser(strict=True).parse(html)
    assert html.count("<h1") == 1
    ids = re.findall(r'\sid="([^"]*)"', html)
    assert sorted(ids) == sorted(set(ids))
    for told in re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]*)"', html):
        assert set(told.split()) <= set(ids), told


@pytest.mark.parametrize("name", PAGES)
def test_every_screen_is_valid_html_with_one_heading_and_sound_references(
    client: FlaskClient, name: str
) -> None:
    sound(page(client, who_for(name), name))


@pytest.mark.parametrize("who", ["client", "counselor", "nobody"])
@pytest.mark.parametrize("name", ERRORS)
def test_every_error_page_stands_for_everyone(client: FlaskClient, name: str, who: str) -> None:
    sound(page(client, who, f"errors/{name}"))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_styled_or_scripted_inline(client: FlaskClient, name: str) -> None:
    html = page(client, who_for(name), name)
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("name", PAGES)
def test_a_client_always_has_the_way_out_and_a_neutral_title(client: FlaskClient, name: str) -> None:
    html = page(client, "client", name)
    assert "data-leave" in html
    assert "<title>Linden</title>" in html


def test_every_macro_is_drawn_somewhere() -> None:
    used = "".join(path.read_text() for path in FEATURES)
    for path in sorted(MACROS.glob("*.html")):
        if path.stem == "charts":
            continue
        for name in re.findall(r"{%-?\s*macro (\w+)\(", path.read_text()):
            assert re.search(rf"\b{name}\(", used.replace(f"macro {name}(", "")), (
                f"{path.stem}.{name} is drawn nowhere"
            )


# --- colors -------------------------------------------------------------------------------------------------------


def themes() -> Iterator[tuple[str, dict[str, str]]]:
    css = (STATIC / "tokens.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    lights = dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});", light))
    darks = dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});", dark.split("@media")[0]))
    yield "light", lights
    yield "dark", {**lights, **darks}


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.x."""
    parts = (int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("page", "sheet", "sunk")
TEXT = [(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS]
TEXT += [
    (ink, ground) for ink in ("gold-ink", "clay", "partner-a", "partner-b") for ground in ("page", "sheet")
]
TEXT += [
    ("ink", "gold-wash"),
    ("gold-ink", "gold-wash"),
    ("ink", "clay-wash"),
    ("clay", "clay-wash"),
    ("on-ink", "ink"),
]
SHAPES = [(shape, ground) for shape in ("control", "gold") for ground in GROUNDS]


@pytest.mark.parametrize(("theme", "colors"), list(themes()))
@pytest.mark.parametrize(("least", "pairs"), [(4.5, TEXT), (3.0, SHAPES)])
def test_colors_can_be_read(
    theme: str, colors: dict[str, str], least: float, pairs: list[tuple[str, str]]
) -> None:
    for front, back in pairs:
        assert contrast(colors[front], colors[back]) >= least, (theme, front, back)


def test_site_css_names_no_color_of_its_own() -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "site.css").read_text(), flags=re.DOTALL)
    paper = {"#fff", "#000"}  # a code for a camera and a printed page stay black on white
    assert set(re.findall(r"#[0-9A-Fa-f]{3,6}\b", css)) <= paper


def test_every_custom_property_is_a_token() -> None:
    named = set(re.findall(r"--([\w-]+):", (STATIC / "tokens.css").read_text()))
    assert set(re.findall(r"var\(--([\w-]+)\)", (STATIC / "site.css").read_text())) <= named


# --- typefaces ----------------------------------------------------------------------------------------------------


def test_fonts_are_cut_once(cut: pathlib.Path) -> None:
    made = {path.name: path.stat().st_mtime_ns for path in cut.iterdir()}
    fonts.build(cut)
    assert set(fonts.FILES) < set(made)
    assert made == {path.name: path.stat().st_mtime_ns for path in cut.iterdir()}


def test_a_missing_file_is_cut_again(cut: pathlib.Path) -> None:
    (cut / fonts.FILES[0]).unlink()
    fonts.build(cut)
    assert (cut / fonts.FILES[0]).is_file()


@pytest.mark.parametrize("kind", fonts.KINDS)
def test_fonts_carry_private_names_and_lining_figures(cut: pathlib.Path, kind: str) -> None:
    with TTFont(cut / f"text-regular.{kind}") as text:
        names = {str(record) for record in text["name"].names if record.nameID in {1, 4, 6, 16}}
        assert names == {"Goldseam Text", "Goldseam Text Regular", "GoldseamText-Regular"}
        # a lining figure is about as tall as a capital, an old-style one only as an x
        figure, capital = (text["glyf"][text.getBestCmap()[ord(c)]].yMax for c in "1H")
        assert figure >= 0.9 * capital
