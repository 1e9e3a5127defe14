"""Pages of homework, by what they are about."""

from clinic.homework.views import giving, going
from clinic.homework.views.blueprint import pages

__all__ = ["giving", "going", "pages"]
