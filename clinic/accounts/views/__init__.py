"""Pages of accounts, and what other domains need of them: opening a sign-in, and putting a text aside."""

from clinic.accounts.views import letters as letters  # its pages belong to the same blueprint
from clinic.accounts.views.keeping import named_writer, put_aside, settle
from clinic.accounts.views.signing import WRONG, is_good, let_in, pages, proved_account, welcome_in

__all__ = [
    "WRONG",
    "is_good",
    "let_in",
    "letters",
    "named_writer",
    "pages",
    "proved_account",
    "put_aside",
    "settle",
    "welcome_in",
]
