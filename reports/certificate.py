"""The certificate of one signature: who signed, when, the whole text that was signed, and its hash."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from clinic.documents.summary import Certificate, Piece
from clinic.practice.summary import Letterhead
from reports.document import Document, Paper, fill
from reports.pdf import Renderer
from reports.progress import contact


def certificate_pdf(renderer: Renderer, certificate: Certificate, paper: Paper = "A4") -> bytes:
    """Render one certificate as PDF/UA-1; raises RenderFailed."""
    return renderer.render(DOCUMENT.name, certificate, paper)


def page(certificate: Certificate, _: Paper) -> str:
    """Fill the template."""
    return fill(
        "certificate.html",
        one=certificate,
        letterhead=contact(certificate.letterhead),
        in_force=said(certificate.effective_at.astimezone(ZoneInfo(certificate.zone)).date()),
        at_practice=moment(certificate.signed_at, certificate.zone),
        at_utc=f"{certificate.signed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        on_paper=said(certificate.paper_on) if certificate.paper_on else "",
        halves=(certificate.text_hash[:32], certificate.text_hash[32:]),
    )


def said(on: date) -> str:
    """A day as it stands on paper: "March 8, 2026"."""
    return f"{on:%B} {on.day}, {on.year}"


def moment(at: datetime, zone: str) -> str:
    """A moment on the wall clock of the practice: "March 8, 2026, 8:12 pm (America/New_York)"."""
    local = at.astimezone(ZoneInfo(zone))
    hour = f"{local.hour % 12 or 12}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"
    return f"{said(local.date())}, {hour} ({zone})"


def sample() -> Certificate:
    """Make the short certificate of the warm-up."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    pieces = tuple(Piece(kind=kind, lines=("A",)) for kind in ("paragraph", "heading", "list"))
    return Certificate(
        letterhead=Letterhead(practice="Practice"),
        title="A paper",
        number=1,
        text="A",
        pieces=pieces,
        text_hash="0" * 64,
        name="A",
        partner="A",
        signed_at=at,
        zone="Etc/UTC",
        effective_at=at,
    )


DOCUMENT = Document("certificate", Certificate, page, ("certificate.css",), sample)
