"""The slip: neutral to whoever finds it, one page, and a code that says the same as the link."""

import re

import page as validator
import pytest
import segno

from reports.document import PAPERS, Paper
from reports.invitation import QUIET_ZONE, code, invitation_pdf
from reports.pdf import Renderer
from tests.reports import reading, samples


@pytest.mark.parametrize("paper", PAPERS)
def test_slip_is_one_half_page_and_pdf_ua(renderer: Renderer, paper: Paper) -> None:
    pdf = invitation_pdf(renderer, samples.slip(), paper)
    assert validator.validate_pdf_bytes(pdf, profile="ua1").is_compliant
    sizes, words = reading.words(pdf)
    assert len(sizes) == 1
    body = [word for word in words if word.bottom < sizes[0][1] - 100]
    assert max(word.bottom for word in body) < sizes[0][1] / 2


def test_slip_says_what_is_needed_and_not_what_it_is_about(renderer: Renderer) -> None:
    text = " ".join(reading.text(invitation_pdf(renderer, samples.slip(), "A4")).split())
    slip = samples.slip()
    assert slip.link in text
    assert "in person" in text
    assert "72 hours" in text
    assert "once" in text
    told = text.replace(slip.letterhead.practice, "")
    assert not re.search(r"couple|counsel|therap|partner|trust|exercise", told, re.IGNORECASE)


def test_code_draws_every_module_of_the_link() -> None:
    link = samples.slip().link
    matrix = segno.make(link, error="m", micro=False).matrix
    drawn = {
        (int(x) - QUIET_ZONE + step, int(y) - QUIET_ZONE)
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1", code(link))
        for step in range(int(width))
    }
    assert drawn == {(x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
    assert "style=" not in code(link)
