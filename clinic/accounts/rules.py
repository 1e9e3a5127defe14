"""Rules of signing in: how names are compared, how long a sign-in lives, how long a wrong guess waits."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from clinic.accounts import library

SHORTEST_PASSPHRASE = 15
LONGEST_PASSPHRASE = 200
PROOF_LASTS = timedelta(minutes=5)
IDLE = {"staff": timedelta(minutes=15), "client": timedelta(minutes=30)}
ABSOLUTE = {"staff": timedelta(hours=12), "client": timedelta(hours=24)}
FORGOTTEN_AFTER = timedelta(hours=1)
"""Waits are forgotten after an hour without a failure."""
MOST_IN_A_ROW = 100
"""Wrong tries at one name without a right one, as NIST SP 800-63B has it; then it is shut for who made them."""


class Pace(NamedTuple):
    """How many failures are free, and the longest wait after them."""

    free: int
    longest: timedelta


OF_ONE = Pace(5, timedelta(minutes=15))
OF_A_NETWORK = Pace(50, timedelta(minutes=1))
"""All strangers of a household or an office together, whatever names they try."""

RESET_LASTS = timedelta(minutes=30)
RESETS_APART = timedelta(minutes=5)
"""Nobody's mailbox is filled by asking again and again."""

QUIET = (time(21, 0), time(8, 0))
"""Quiet hours until somebody says otherwise."""

FETCHES_APART = timedelta(seconds=10)
"""A calendar program asks every few hours; one that asks more often than this is told to wait."""

FEWEST_PIECES = 3
"""A passphrase of one or two common ones is common itself."""
LONGEST_COMMON = 20
"""Letters of the longest one that is looked for."""
LETTERS = re.compile(r"\w+")
BESIDE_WORDS = re.compile(r"(?<!\d)\d{1,4}(?!\d)|[\W_]")

SIGN_IN_NAME = re.compile(r"[\w.@+-]{3,64}")
CONTROLS = re.compile(r"[\x00-\x20\x7f\\]")
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("SamsungBrowser", "Samsung Internet"),
)
ENGINES = (*BROWSERS, ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("CrOS", "a Chromebook"),
    ("Linux", "Linux"),
)


def plain_name(sign_in_name: str) -> str:
    """A sign-in name as it is compared: one form of each letter, no case, no spaces around it."""
    return unicodedata.normalize("NFKC", sign_in_name).strip().casefold()


def plain_passphrase(passphrase: str) -> str:
    """A passphrase as it is compared: two keyboards may write one letter in two ways."""
    return unicodedata.normalize("NFKC", passphrase)


def wait_after(failures: int, pace: Pace = OF_ONE) -> timedelta:
    """How long the next try must wait: nothing at first, then 1, 2, 4, 8 seconds, up to the longest wait."""
    if failures < pace.free:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - pace.free, 20)), pace.longest)


def weakness(passphrase: str, told: Iterable[str] = ()) -> str | None:
    """What is wrong with a new passphrase, in words for its owner; None when it will do.

    `told` is what others know of them: sign-in name, name, the practice's. Several ordinary words in a row will do.
    """
    plain = plain_passphrase(passphrase).casefold()
    if len(plain) < SHORTEST_PASSPHRASE:
        return f"This is too short: it takes at least {SHORTEST_PASSPHRASE} characters. Add a word or two."
    if len(plain) > LONGEST_PASSPHRASE:
        return f"Use at most {LONGEST_PASSPHRASE} characters."
    if len(set(plain)) < 6:
        return "This repeats itself too much to be safe. Take a few different words."
    own = _without(plain, told)
    if own != plain and len(own) < SHORTEST_PASSPHRASE:
        return "Leave out names and what this place is about, or add a few more words: they are tried first."
    if _pieces(own) < FEWEST_PIECES:
        return (
            "Many people use this, so it is tried first. Take four or five words that have nothing in common."
        )
    return None


def _without(plain: str, told: Iterable[str]) -> str:
    """What is left when names and the words of a place like this are taken out, longest first."""
    wholes = [plain_name(one) for one in told]
    known = {one for whole in wholes for one in (whole, *LETTERS.findall(whole)) if len(one) >= 3}
    for one in sorted(known | library.WELL_KNOWN, key=lambda one: (-len(one), one)):
        plain = plain.replace(one, "")
    return plain


def _pieces(plain: str) -> int:
    """Of how few different pieces it is made, when a common passphrase is one and any other character is one.

    Signs and spaces count for nothing, and neither does a year or another short number.
    """
    squeezed = BESIDE_WORDS.sub("", plain)
    return min(len(_cut(plain)), len(_cut(squeezed)))


def _cut(plain: str) -> frozenset[str]:
    """The pieces of the cut with the fewest."""
    common = library.common()
    best: list[tuple[str, ...]] = [()]
    for end in range(1, len(plain) + 1):
        starts = range(max(0, end - LONGEST_COMMON), end)
        cuts = ((*best[at], plain[at:end]) for at in starts if end - at == 1 or plain[at:end] in common)
        best.append(min(cuts, key=len))
    return frozenset(best[-1])


def is_over(kind: str, last_seen_at: datetime, absolute_until: datetime, now: datetime) -> bool:
    """True when a sign-in of `staff` or `client` has ended by itself."""
    return now >= absolute_until or now - last_seen_at >= IDLE[kind]


def own_path(target: str | None) -> str | None:
    """The target when it is a path of this site and of nobody else; None otherwise."""
    if not target or CONTROLS.search(target) or not target.startswith("/") or target.startswith("//"):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def device_words(user_agent: str) -> str:
    """A device in plain words: "Firefox on Android"; what cannot be told is "A browser"."""
    browser = next((name for sign, name in ENGINES if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


def network_of(address: str) -> str:
    """The part of an address that belongs to one household: all of IPv4, the first half of IPv6."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or f"{int(known) >> 64:x}")
    return str(known)


def awake_at(instant: datetime, quiet: tuple[time, time], zone: str) -> datetime:
    """The instant itself, or the end of the quiet hours (from, till; wall clock of the zone) that it lies in.

    From and till alike: there are none.
    """
    starts, ends = quiet
    local = instant.astimezone(ZoneInfo(zone))
    at = local.time()
    is_over_midnight = starts > ends
    is_quiet = (at >= starts or at < ends) if is_over_midnight else starts <= at < ends
    if not is_quiet:
        return instant
    day = local.date() + timedelta(days=1) if is_over_midnight and at >= starts else local.date()
    return datetime.combine(day, ends, ZoneInfo(zone)).astimezone(instant.tzinfo)
