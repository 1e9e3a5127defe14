"""What a page showed when its reader acted on it: an act reaches the very words that were read, and no newer ones."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import func, select

from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.reflections.models import Reflection
from clinic.reflections.openings import NotNow


class Newer(NotNow):
    """Something came in since the page was made; nothing was done."""


def marks(turns: Iterable[Turn]) -> dict[UUID, str]:
    """What stands in these turns, as a form carries it: the newest revision, and whether both agreed on it."""
    by_id = {turn.id: turn for turn in turns}
    newest = (
        select(Reflection.turn_id, func.max(Reflection.revision))
        .where(Reflection.turn_id.in_(by_id), Reflection.withdrawn_at.is_(None))
        .group_by(Reflection.turn_id)
    )
    return {id_: _mark(by_id[id_], revision) for id_, revision in db.session.execute(newest)}


def marks_in(shown: Iterable[Reflection]) -> dict[UUID, str]:
    """The same, of a round whose words were fetched to be shown; those that were taken back are not among them."""
    newest: dict[Turn, int] = {}
    for row in shown:
        newest[row.turn] = max(row.revision, newest.get(row.turn, 0))
    return {turn.id: _mark(turn, revision) for turn, revision in newest.items()}


def _mark(turn: Turn, revision: int) -> str:
    return f"{turn.id}:{revision}{':agreed' if turn.state == 'agreed' else ''}"


def is_newer(turns: Iterable[Turn], read: Collection[str]) -> bool:
    """True when something stands there that is not among these marks; what was taken back is nothing to read."""
    return not set(marks(turns).values()) <= set(read)


def must_be_read(turns: Iterable[Turn], read: Collection[str] | None) -> None:
    """Newer when something came in after these marks were made; None where no page lies between."""
    if read is not None and is_newer(turns, read):
        raise Newer(
            "Something newer came in since you opened this page. Nothing was done; please read it first."
        )
