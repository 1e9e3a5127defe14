"""Pages of rights: a client's own copies, and for staff how records end, are held, asked for and given."""

from clinic.privacy.views import copies, ending, giving, keeping, reading
from clinic.privacy.views.blueprint import pages

__all__ = ["copies", "ending", "giving", "keeping", "pages", "reading"]
