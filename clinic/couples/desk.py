"""The caseload as columns, not as rows of tables: thirty couples in one statement, the one that begins with the rule.

The statement of a viewer is made once and kept: building it costs more than running it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Executable,
    Integer,
    Row,
    Select,
    String,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import aliased

from clinic import vault
from clinic.access import Viewer
from clinic.couples.models import Couple, Partner
from clinic.couples.queries import above, in_care
from clinic.extensions import db

Only = Literal["", "to_read"]


def page_of(viewer: Viewer, *, only: Only, start: int, size: int) -> Sequence[Row[Any]]:
    """One page of the caseload, the couples that were heard from last first; `everything` and `unread` in each row."""
    found = _said(_page(viewer, only), start=start, size=size)
    vault.unlock([("couple", row.id) for row in found])
    return found


def counts(viewer: Viewer) -> tuple[int, int]:
    """How many couples are in care, and in how many of them something is to be read; for a page without couples."""
    row = _said(select(_counted(_cared_for(viewer))))[0]
    return row.everything, row.unread


def counts_in(found: Sequence[Row[Any]]) -> tuple[int, int] | None:
    """The same, as the rows of a page carry it; None when there are none."""
    return (found[0].everything, found[0].unread) if found else None


def named_like(viewer: Viewer, words: str) -> list[UUID]:
    """The couples of the own caseload whose alias holds these words; names are sealed, so they are opened here."""
    rows = _said(in_care(viewer).with_only_columns(Couple.id, Couple.alias_sealed))
    vault.unlock([("couple", row.id) for row in rows])
    wanted = words.casefold().split()
    found = [(Couple.alias.listed(row.id, row.id, row.alias_sealed).casefold(), row.id) for row in rows]
    return [id_ for alias, id_ in sorted(found) if all(word in alias for word in wanted)]


def these(viewer: Viewer, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """The couples with these ids, in this order, as far as they are in the viewer's caseload."""
    care = _cared_for(viewer)
    found = {row.id: row for row in _said(_lines(care, select(care).where(care.c.id.in_(ids))))}
    return [found[id_] for id_ in ids if id_ in found]


def _said(statement: Executable, **values: int) -> Sequence[Row[Any]]:
    return db.session.connection().execute(statement, values).all()


@lru_cache(maxsize=256)
def _page(viewer: Viewer, only: Only) -> Select[Any]:
    care = _cared_for(viewer)
    rows = select(care).order_by(care.c.attention_at.desc(), care.c.id)
    if only == "to_read":
        rows = rows.where(above().is_to_read(care.c.id))
    return _lines(
        care, rows.limit(bindparam("size", type_=Integer)).offset(bindparam("start", type_=Integer))
    )


def _cared_for(viewer: Viewer) -> CTE:
    """The row rule, asked once in each statement: the page is taken from it, and it is counted."""
    return in_care(viewer).with_only_columns(Couple.id, Couple.attention_at).cte("care")


def _lines(care: CTE, chosen: Select[Any]) -> Select[Any]:
    """First the few couples, then what is shown of each: looked up for thirty, not for two thousand."""
    page, counted = chosen.subquery("page"), _counted(care)
    first, second = aliased(Partner, name="first"), aliased(Partner, name="second")
    names = [one.name_sealed.label(f"name_{place}") for place, one in enumerate((first, second), start=1)]
    ids = [
        type_coerce(one.id, String).label(f"partner_{place}")
        for place, one in enumerate((first, second), start=1)
    ]
    return (
        select(Couple.id, Couple.alias_sealed, Couple.zone, *ids, *names, *_states(first, second))
        .add_columns(
            *above().columns(), above().next_at().label("next_at"), counted.c.everything, counted.c.unread
        )
        .select_from(page)
        .join(Couple, Couple.id == page.c.id)
        .join(first, and_(first.couple_id == Couple.id, first.position == 1))
        .join(second, and_(second.couple_id == Couple.id, second.position == 2))
        .join(counted, true())
        .order_by(page.c.attention_at.desc(), page.c.id)
    )


def _states(*partners: Any) -> list[ColumnElement[Any]]:
    waits = [and_(one.person_id.is_not(None), one.confirmed_at.is_(None)) for one in partners]
    return [
        Couple.separated_at.is_not(None).label("is_separated"),
        Couple.paused_at.is_not(None).label("is_paused"),
        or_(*waits).label("is_to_confirm"),
        or_(*(one.person_id.is_(None) for one in partners)).label("is_to_invite"),
    ]


def _counted(care: CTE) -> Subquery:
    """One row: how many couples are in care, and in how many of them something is to be read."""
    is_unread = case((above().is_to_read(care.c.id), 1), else_=0)
    everything, unread = (
        func.count().label("everything"),
        func.coalesce(func.sum(is_unread), 0).label("unread"),
    )
    return select(everything, unread).select_from(care).subquery("counted")
