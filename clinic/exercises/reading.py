"""How raw input becomes an answer: one reader a kind of field, the same for web forms and paper entry."""

import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from clinic.exercises.document import Column, Field

LONGEST = 20_000
"""The longest answer, in code points after normalizing."""

SCALE = range(11)

Raw = Any
RowLabels = Sequence[tuple[str, str]]
Asked = Field | Column


class Unreadable(ValueError):
    """Raised when input is no answer to its question; the message is for the person who wrote it."""


def clean(text: str) -> str:
    """The text as it is kept: NFC, every line end a LF. Raises Unreadable on characters that no page can show."""
    text = unicodedata.normalize(
        "NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")
    )
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in text):
        raise Unreadable(
            "There is a character here that cannot be kept. Your words are still in the box. "
            "Please delete what looks odd, or type that place again."
        )
    return text


def counted(text: str) -> int:
    """How long a text is, counted as the counter on the page counts: code points after NFC with LF line ends."""
    return len(unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def keepable(raw: Raw) -> Raw:
    """Raw input that any store can hold: lone surrogates become the replacement character, nothing else changes."""
    if isinstance(raw, str):
        return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(raw, list):
        return [keepable(part) for part in raw]
    if isinstance(raw, dict):
        return {key: keepable(part) for key, part in raw.items()}
    return raw


def read(field: Field, raw: Raw, rows: RowLabels = ()) -> Any:
    """The answer in raw form input, None when there is none. Raises Unreadable with a sentence for the writer."""
    return READERS[field.kind](field, raw, rows)


def _text(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> str | None:
    text = clean(raw or "")
    if len(text) > LONGEST:
        raise Unreadable(
            f"This is {len(text):,} characters long; there is room for {LONGEST:,}. Nothing is lost."
        )
    return text if text.strip() else None


def _number(field: Asked, raw: Raw, _rows: RowLabels = ()) -> float | None:
    text = clean(str(raw or "")).strip().replace(",", ".")
    if not text:
        return None
    least, most = (field.least, field.most) if isinstance(field, Field) else (None, None)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if (
        not math.isfinite(value)
        or (least is not None and value < least)
        or (most is not None and value > most)
    ):
        raise Unreadable(f"Please write a number{_between(least, most)}.")
    return int(value) if value.is_integer() else value


def _between(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f", {least:g} or more"
    return "" if most is None else f", {most:g} or less"


def _scale(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> int | None:
    if raw in (None, ""):
        return None
    text = str(raw)
    if not (text.isascii() and text.isdigit() and int(text) in SCALE):
        raise Unreadable("Please pick a number from 0 to 10.")
    return int(text)


def _choice(field: Asked, raw: Raw, _rows: RowLabels = ()) -> Any:
    if isinstance(field, Field) and field.other:
        return _with_other(field, raw)
    picks = _picks(raw, field.options or {})
    if isinstance(field, Field) and field.many:
        return _at_most(field, picks) or None
    if len(picks) > 1:
        raise Unreadable("Please pick one.")
    return picks[0] if picks else None


def _with_other(field: Field, raw: Raw) -> dict[str, Any] | None:
    """A choice with a line of its own: the words alone are an answer too."""
    raw = raw if isinstance(raw, dict) else {"picked": raw}
    picks = _picks(raw.get("picked"), field.options or {})
    other = _text(field, raw.get("other")) or ""
    if not field.many and len(picks) + bool(other.strip()) > 1:
        raise Unreadable("Please pick one, or write your own.")
    return {"picked": _at_most(field, picks), "other": other} if picks or other else None


def _picks(raw: Raw, options: Mapping[str, str]) -> list[str]:
    given = raw if isinstance(raw, list) else [raw] if raw else []
    if any(pick not in options for pick in given):
        raise Unreadable("Please pick from the list.")
    return list(dict.fromkeys(given))


def _at_most(field: Field, picks: list[str]) -> list[str]:
    if field.most is not None and len(picks) > field.most:
        raise Unreadable(f"Please pick {field.most:g} at most.")
    return picks


def _feelings(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> list[str] | None:
    return list(dict.fromkeys(_feeling(pick) for pick in raw or [])) or None


def _feeling(pick: Raw) -> str:
    """Any short key passes: the words are one shared list, which grows without a new version of each exercise."""
    if not isinstance(pick, str) or not pick.isidentifier() or len(pick) > 40:
        raise Unreadable("Please pick from the list.")
    return pick


def _ranked(field: Asked, raw: Raw, _rows: RowLabels = ()) -> list[str] | None:
    given = [pick for pick in raw or [] if pick]
    picks = _picks(given, field.options or {})
    if len(picks) < len(given):
        raise Unreadable("Please pick each one only once.")
    return picks or None


def _date(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> str | None:
    return _moment(raw, date.fromisoformat, "Please pick a date.")


def _time(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> str | None:
    return _moment(raw, time.fromisoformat, "Please pick a time of day.")


def _datetime(_field: Asked, raw: Raw, _rows: RowLabels = ()) -> str | None:
    if raw and ":" not in str(raw):
        raise Unreadable("Please pick a day and a time.")
    return _moment(raw, datetime.fromisoformat, "Please pick a day and a time.")


def _moment(raw: Raw, iso: Callable[[str], date | time], message: str) -> str | None:
    if not raw:
        return None
    try:
        value = iso(str(raw).strip())
    except ValueError:
        raise Unreadable(message) from None
    if isinstance(value, date) and not 1900 <= value.year <= 2200:
        raise Unreadable(message)
    if isinstance(value, datetime | time):
        return value.replace(tzinfo=None, second=0, microsecond=0).isoformat(timespec="minutes")
    return value.isoformat()


def _rows(field: Asked, raw: Raw, rows: RowLabels = ()) -> list[dict[str, Any]] | None:
    """Rows in their order, empty ones left out; each names its row, so that it means the same in a later round."""
    columns = field.rows.columns if isinstance(field, Field) and field.rows else []
    given = raw if isinstance(raw, dict) else {}
    found = []
    for row, label in rows:
        cells = {
            column.key: READERS[column.kind](column, given.get(row, {}).get(column.key), ())
            for column in columns
        }
        if cells := {key: value for key, value in cells.items() if value is not None}:
            found.append({"row": row, "label": label, "answers": cells})
    return found or None


READERS: dict[str, Callable[[Asked, Raw, RowLabels], Any]] = {
    "text": _text,
    "number": _number,
    "scale": _scale,
    "choice": _choice,
    "feelings": _feelings,
    "date": _date,
    "time": _time,
    "datetime": _datetime,
    "ranked": _ranked,
    "rows": _rows,
    "signature": _text,
}


# And back


def raw_of(field: Asked, answer: Any) -> Raw:
    """The raw input that reads as this answer, to put it into a form again; what a draft kept comes back as it was."""
    if "raw" in (answer if isinstance(answer, dict) else ()):
        return answer["raw"]
    if isinstance(field, Field) and field.rows:
        columns = field.rows.columns
        return {
            row["row"]: {column.key: raw_of(column, row["answers"].get(column.key)) for column in columns}
            for row in answer or []
        }
    if field.kind == "choice" and isinstance(field, Field) and field.other:
        return answer if "picked" in (answer or ()) else {"picked": [], "other": ""}
    return f"{answer:g}" if isinstance(answer, int | float) else answer
