"""Pages of reflections: writing, sending, what was sent, and the counselor's review."""

from clinic.reflections.views import review, sending, sent, writing
from clinic.reflections.views.turn import pages

__all__ = ["pages", "review", "sending", "sent", "writing"]
