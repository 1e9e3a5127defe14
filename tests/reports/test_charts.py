"""Charts on a screen: nothing inline that the content policy forbids, a name for everyone, contrast enough."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from clinic.progress.points import Trend
from reports.document import TEMPLATES
from tests.reports import samples

NAMES = {1: "Mara", 2: "Jonas"}
CALLS = """{% import "_macros/charts.html" as charts %}
{{ charts.MACRO("a", trend, names) }}{{ charts.MACRO("b", trend, names) }}"""


def test_charts_hold_no_style_and_no_script() -> None:
    drawn = _drawn("trend") + _drawn("gap")
    assert "style" not in drawn
    assert "<script" not in drawn


def test_charts_have_a_role_a_title_and_unique_ids() -> None:
    drawn = _drawn("trend")
    assert drawn.count('role="img"') == drawn.count("<title") == drawn.count("<desc") == 2
    ids = re.findall(r' id="([^"]+)"', drawn)
    assert sorted(ids) == ["a-desc", "a-title", "b-desc", "b-title"]
    assert 'aria-labelledby="a-title a-desc"' in drawn
    assert "Mara from 3.2 on Mar 29" in drawn


def test_line_has_no_point_where_a_round_did_not_open() -> None:
    trend = samples.pulse(8)
    assert [len(stroke) for stroke in trend.strokes(1)] == [4, 3]
    assert [column.gap for column in trend.columns][4] is None


def test_line_of_one_partner_is_drawn_alone() -> None:
    only = Trend(title="Doubt", first=samples.pulse(8).first)
    drawn = _drawn("trend", only)
    assert "chart__line--a" in drawn
    assert "chart__line--b" not in drawn


def test_numbers_are_a_table_with_heads() -> None:
    page = _environment().from_string(
        '{% import "_macros/charts.html" as charts %}{{ charts.numbers(trend, names) }}'
    )
    table = page.render(trend=samples.pulse(8), names=NAMES)
    assert table.count('<th scope="row">') == 8
    assert table.count('scope="col"') == 4
    assert "3.3" in table


def test_inks_have_contrast_enough_on_paper() -> None:
    styles = (Path(__file__).parents[2] / "reports" / "styles").glob("*.css")
    inks = {ink for style in styles for ink in re.findall(r"[ {]color: (#[0-9A-F]{6})", style.read_text())}
    inks |= set(re.findall(r'<text[^>]+fill="(#[0-9A-F]{6})"', _drawn("trend") + _drawn("gap")))
    assert len(inks) >= 4
    assert all(_contrast(ink) >= 4.5 for ink in inks)


def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


def _drawn(macro: str, trend: Trend | None = None) -> str:
    page = _environment().from_string(CALLS.replace("MACRO", macro))
    return page.render(trend=trend or samples.pulse(8), names=NAMES)


def _contrast(ink: str) -> float:
    parts = [int(ink[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
