"""The invitation slip: half a page with the way in, worded so that whoever finds it learns nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

import segno
from markupsafe import Markup

from clinic.practice.summary import Letterhead
from reports.document import Document, Paper, fill
from reports.pdf import Renderer
from reports.progress import contact

QUIET_ZONE = 4  # modules of white around the code, as its standard asks


@dataclass(frozen=True, kw_only=True)
class InvitationSlip:
    """What one invitation says. `valid_until` is in words of the reader's own zone, such as "May 24, 2026, 5:30 pm"."""

    letterhead: Letterhead
    name: str
    link: str
    valid_until: str
    made_at: datetime


def invitation_pdf(renderer: Renderer, slip: InvitationSlip, paper: Paper = "A4") -> bytes:
    """Render one slip as PDF/UA-1; raises RenderFailed."""
    return renderer.render(DOCUMENT.name, slip, paper)


def page(slip: InvitationSlip, _: Paper) -> str:
    """Fill the template."""
    return fill("invitation.html", slip=slip, letterhead=contact(slip.letterhead), code=code(slip.link))


def code(link: str, side: str = "38mm") -> Markup:
    """Draw a link as a QR code: one path of runs in literal ink, for paper and for the screen alike."""
    matrix = segno.make(link, error="m", micro=False).matrix
    size = len(matrix) + 2 * QUIET_ZONE
    runs = "".join(_runs(row, y + QUIET_ZONE) for y, row in enumerate(matrix))
    return Markup(  # noqa: S704  # numbers only, and a length of our own
        f'<svg class="code" xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"'
        f' viewBox="0 0 {size} {size}" role="img">'
        f'<title>The link as a QR code</title><path d="M0 0h{size}v{size}H0z" fill="#FFFFFF"/>'
        f'<path d="{runs}" fill="#2A241D"/></svg>'
    )


def sample() -> InvitationSlip:
    """Make the empty slip of the warm-up."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    link = "https://practice.example/invitation/0"
    return InvitationSlip(
        letterhead=Letterhead(practice="Practice"), name="A", link=link, valid_until="", made_at=made
    )


def _runs(row: bytearray | tuple[int, ...] | bytes, y: int) -> str:
    """Write the dark modules of one row, each run as one box."""
    parts, start = [], None
    for x, dark in enumerate((*row, 0)):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            parts.append(f"M{start + QUIET_ZONE} {y}h{x - start}v1h{start - x}z")
            start = None
    return "".join(parts)


DOCUMENT = Document("invitation", InvitationSlip, page, ("invitation.css",), sample)
