"""Pages of accounts, and what other domains need of them: opening a sign-in, and putting a text aside."""

from clinic.accounts.views import factors, proving
from clinic.accounts.views import letters as letters  # its pages belong to the same blueprint
from clinic.accounts.views.keeping import named_writer, put_aside, settle
from clinic.accounts.views.proving import SIGN_IN_FIRST, is_whole
from clinic.accounts.views.signing import (
    WRONG,
    is_good,
    let_in,
    pages,
    proved_account,
    signed_with,
    welcome_in,
)

__all__ = [
    "SIGN_IN_FIRST",
    "WRONG",
    "factors",
    "is_good",
    "is_whole",
    "let_in",
    "letters",
    "named_writer",
    "pages",
    "proved_account",
    "proving",
    "put_aside",
    "settle",
    "signed_with",
    "welcome_in",
]
