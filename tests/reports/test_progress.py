"""The progress report: what every page must show, what no page may do, and that it holds its summary alone."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product

import page as validator
import pytest

from clinic.progress.summary import (
    Audience,
    Completeness,
    Excerpt,
    PracticeRow,
    ProgressSummary,
    Words,
    audience_label,
    content_hash,
    grouped,
)
from reports.document import PAPERS, Paper
from reports.pdf import Renderer
from reports.progress import page, progress_pdf
from tests.reports import reading, samples

Printed = Callable[[str, Audience, Paper], bytes]
CASES = [
    *product(("short", "empty", "year"), ("couple", "counselor"), PAPERS),
    ("long", "couple", "A4"),
    ("long", "counselor", "Letter"),
]
LETTERS = {"A4": (595.3, 841.9), "Letter": (612, 792)}
FEET = {"A4": 29.9 / 25.4 * 72, "Letter": 31 / 25.4 * 72}
SIDE = 20 / 25.4 * 72


@pytest.fixture(scope="module")
def printed(renderer: Renderer) -> Printed:
    @cache
    def make(name: str, audience: Audience, paper: Paper) -> bytes:
        return progress_pdf(renderer, getattr(samples, name)(audience), paper)

    return make


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_report_is_pdf_ua(printed: Printed, name: str, audience: Audience, paper: Paper) -> None:
    report = validator.validate_pdf_bytes(printed(name, audience, paper), profile="ua1")
    assert [failure.message for failure in report.failures] == []
    assert report.is_compliant


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_every_page_names_audience_and_number(
    printed: Printed, name: str, audience: Audience, paper: Paper
) -> None:
    pages = reading.pages(printed(name, audience, paper))
    label = _squeezed(audience_label(audience, getattr(samples, name)(audience).partners))
    for number, text in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in text
        foot = "".join(
            run.text for run in reading.runs(printed(name, audience, paper)) if run.page == number - 1
        )
        assert label in _squeezed(foot)


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_nothing_leaves_the_page(printed: Printed, name: str, audience: Audience, paper: Paper) -> None:
    sizes, words = reading.words(printed(name, audience, paper))
    width, height = LETTERS[paper]
    assert all(abs(w - width) < 1 and abs(h - height) < 1 for w, h in sizes)
    outside = [
        w
        for w in words
        if w.left < SIDE - 1 or w.right > width - SIDE + 1 or w.top < 20 or w.bottom > height - 20
    ]
    assert outside == []


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_words_do_not_run_into_the_foot(
    printed: Printed, name: str, audience: Audience, paper: Paper
) -> None:
    _, words = reading.words(printed(name, audience, paper))
    end = LETTERS[paper][1] - FEET[paper]
    assert [word for word in words if word.top < end + 8 and word.bottom > end + 4] == []


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_no_heading_stands_alone_at_the_end_of_a_page(
    printed: Printed, name: str, audience: Audience, paper: Paper
) -> None:
    headings = set(re.findall(r"<h[23]>(.*?)</h[23]>", page(getattr(samples, name)(audience), paper)))
    texts = reading.pages(printed(name, audience, paper))
    for number, text in enumerate(texts, start=1):
        body = text.partition(f"Page {number} of {len(texts)}")[0].splitlines()[:-1]
        last = [line.strip() for line in body if line.strip()][-1]
        assert not any(last.endswith(heading) for heading in headings), last


@pytest.mark.parametrize(("name", "audience", "paper"), CASES)
def test_text_is_large_enough(printed: Printed, name: str, audience: Audience, paper: Paper) -> None:
    sizes = {round(run.size, 1) for run in reading.runs(printed(name, audience, paper))}
    assert min(sizes) >= 9  # notes, feet and labels of charts; a paragraph has 10
    assert 10.0 in sizes


@pytest.mark.parametrize("steps", [6, 7, 8])
def test_a_signature_stands_on_the_page_with_what_it_vouches_for(renderer: Renderer, steps: int) -> None:
    short = samples.short("couple")
    more = tuple(replace(short.next_steps[0], title=f"Step {number}", text="") for number in range(steps))
    pages = reading.pages(progress_pdf(renderer, replace(short, next_steps=more), "A4"))
    assert "How to read these pages" in pages[-1]


def test_pages_are_as_many_as_the_words_need(printed: Printed) -> None:
    assert len(reading.pages(printed("short", "couple", "A4"))) == 3
    assert len(reading.pages(printed("empty", "couple", "A4"))) <= 2
    assert 10 <= len(reading.pages(printed("long", "couple", "A4"))) <= 30


@pytest.mark.parametrize(("audience", "paper"), [*product(("couple", "counselor"), PAPERS)])
def test_a_full_year_stays_within_six_pages(printed: Printed, audience: Audience, paper: Paper) -> None:
    assert len(reading.pages(printed("year", audience, paper))) <= 6


def test_no_row_of_a_table_is_split(renderer: Renderer) -> None:
    tokens = {row: [f"r{row}w{word}" for word in range(24)] for row in range(60)}
    rows = tuple(
        PracticeRow(name=f"Row {row}", assigned=1, done=1, headline=" ".join(tokens[row])) for row in tokens
    )
    _, words = reading.words(progress_pdf(renderer, replace(samples.empty(), practices=rows), "A4"))
    pages = {word.text: word.page for word in words}
    assert max(pages.values()) > 1
    for row in tokens.values():
        assert len({pages[token] for token in row}) == 1


@pytest.mark.parametrize("name", ["short", "year", "long"])
def test_chart_never_comes_without_its_numbers(name: str) -> None:
    summary = getattr(samples, name)()
    tables = re.findall(r'<table class="full numbers .*?</table>', _page(summary), re.DOTALL)
    drawn = re.findall(r'<title id="(?:trend|small)[^"]*">(.*?): ', _page(summary))
    assert drawn
    for trend in (one for one in summary.trends if one.title in drawn):
        for points, row in ((trend.first, 0), (trend.second, 1)):
            found = [value for table in tables for value in _numbers_of(table, trend.title, row)]
            assert [value for value in found if value != "–"] == [f"{one.value:.1f}" for one in points]


def _numbers_of(table: str, title: str, row: int) -> list[str]:
    """The figures of one line in one block of the table, in order; none where the block has no such line."""
    group = re.search(rf'rowgroup"[^>]*>{re.escape(title)}</th>(.*?)</tbody>', table, re.DOTALL)
    rows = group[1].split("</tr>") if group else []
    return re.findall(r"<td>(.*?)</td>", rows[row]) if row < len(rows) else []


def test_lines_without_anything_to_see_are_told_in_words_or_left_out() -> None:
    page_ = _page(samples.year())
    assert "<b>Planned talks that took place.</b> 9 of 12." in page_
    assert "Concerns raised in a week" not in page_
    assert "<b>How much it matters.</b> Mara: 3.2 on March 29. Jonas: 6.5 on March 29, then" in page_


def test_what_the_pages_rest_on_is_told_in_sentences() -> None:
    found = replace(samples.short(), completeness=Completeness(answers=20, missing=1))
    assert "No exercise closed without an answer" in _page(found)
    found = replace(found, completeness=Completeness(answers=20, missing=1, unanswered=2))
    assert "Twice an exercise closed without an answer" in _page(found)


def test_time_of_day_is_that_of_the_couple(printed: Printed) -> None:
    text = " ".join(reading.text(printed("short", "couple", "A4")).split())
    assert "on May 21, 2026, at 11:05 am." in text
    assert "UTC" not in text


def test_wins_that_are_not_printed_are_counted(printed: Printed) -> None:
    text = " ".join(reading.text(printed("year", "couple", "A4")).split())
    assert "The last 20 of 61." in text


def test_nobody_begins_with_a_row_of_zeros(printed: Printed) -> None:
    text = reading.text(printed("empty", "partner_1", "A4"))
    assert "You have just begun." in text
    assert text.count("Still ahead") == 6
    assert not re.search(
        r"\b0\b", text.partition("Content")[0].partition("In figures")[2].partition("How to")[0]
    )


def test_ratings_are_on_the_counselors_copy_only(printed: Printed) -> None:
    assert "quality" in reading.text(printed("short", "counselor", "A4"))
    assert "quality" not in reading.text(printed("short", "couple", "A4"))
    assert "Linden 12" not in reading.text(printed("short", "couple", "A4"))


def test_words_of_one_audience_are_not_in_the_report_of_another(renderer: Renderer) -> None:
    canary = Excerpt(prompt="What only I wrote", words=(Words(by=1, text="canary-7731 sings"),))
    theirs: dict[Audience, tuple[Excerpt, ...]] = {"partner_1": (canary,), "counselor": (canary,)}
    for audience in ("counselor", "couple", "partner_1", "partner_2"):
        summary = replace(samples.short(audience), excerpts=theirs.get(audience, ()))
        found = "canary-7731" in reading.text(progress_pdf(renderer, summary, "A4"))
        assert found == (audience in theirs)


@pytest.mark.parametrize(
    ("audience", "seams"), [("couple", 1), ("counselor", 0), ("partner_1", 0), ("partner_2", 0)]
)
def test_only_the_copy_for_both_carries_a_seam_at_its_head(audience: Audience, seams: int) -> None:
    summary = replace(samples.short(audience), excerpts=())
    assert _page(summary).count('class="seam"') == seams


def test_writing_of_any_kind_is_there(printed: Printed) -> None:
    """From right to left, pictographs, East Asian; what no typeface at hand can draw is named."""
    text = " ".join(reading.text(printed("long", "couple", "A4")).split())
    for words in ("שבוע", "👍", "김서", "王芳", "さくら", "[linear b syllable b008 a]"):
        assert words in text, words


def test_report_prints_the_hash_of_its_summary(printed: Printed) -> None:
    digest = " ".join(grouped(content_hash(samples.short()), 16))
    assert digest in reading.text(printed("short", "couple", "A4"))


def test_ids_of_a_page_are_unique() -> None:
    ids = re.findall(r' id="([^"]+)"', _page(samples.long()))
    assert len(ids) == len(set(ids)) > 4


def _page(summary: ProgressSummary) -> str:
    return page(summary, "A4")


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
