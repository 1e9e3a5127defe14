"""Pages of couples, by what they are about."""

from clinic.couples.views import caseload, inviting, joining, leaving, people, separating, standing_in
from clinic.couples.views.blueprint import pages

__all__ = ["caseload", "inviting", "joining", "leaving", "pages", "people", "separating", "standing_in"]
