"""The pure helpers of the progress summary: a missing answer is no point, and a hash belongs to the content alone."""

from dataclasses import replace
from datetime import date

import msgspec

from clinic.progress.points import Point, gap, series
from clinic.progress.summary import ProgressSummary, audience_label, content_hash
from tests.reports import samples

MONDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 5)


def test_missing_answer_gives_no_point_and_the_later_of_a_day_stands() -> None:
    points = series([(TUESDAY, 4), (MONDAY, None), (TUESDAY, 6)])
    assert points == (Point(on=TUESDAY, value=6),)


def test_gap_is_measured_only_where_both_have_a_point() -> None:
    first = series([(MONDAY, 3.25), (TUESDAY, 5)])
    assert gap(first, series([(TUESDAY, 6.5)])) == (Point(on=TUESDAY, value=1.5),)
    assert gap(first, ()) == ()


def test_hash_outlives_storage_and_changes_with_the_content() -> None:
    summary = samples.short()
    stored = msgspec.json.decode(msgspec.json.encode(summary), type=ProgressSummary)
    assert content_hash(stored) == content_hash(summary)
    assert content_hash(replace(summary, audience="counselor")) != content_hash(summary)
    assert len(content_hash(summary)) == 64


def test_label_names_its_audience() -> None:
    partners = samples.short().partners
    assert audience_label("couple", partners) == "For Mara and Jonas together"
    assert audience_label("partner_2", partners) == "For Jonas"


def test_trend_of_nothing_has_no_columns() -> None:
    assert samples.empty().trends[0].columns == ()
