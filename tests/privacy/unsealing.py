"""All that a database holds which any key in it opens: every sealed value of every table, documents as their words."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from clinic import vault
from clinic.extensions import Base, db
from tests.progress import story as stories
from tests.reports import reading


def sealed_of_all() -> Iterator[tuple[type[Any], Any]]:
    """(table, sealed value) of every model."""
    for mapper in Base.registry.mappers:
        yield from ((mapper.class_, column) for column in vault.sealed_columns(mapper.class_))


def all_that_opens() -> str:
    """Every text that can be read with the master key; what has no key any more is passed over."""
    vault._keys.open.clear()
    db.session.remove()
    said = []
    with vault.house("test"):
        for table, column in sealed_of_all():
            for row in db.session.scalars(select(table)).unique():
                try:
                    value = getattr(row, column.name)
                except vault.VaultError:
                    continue
                said.append(_words(column.name, value))
        db.session.remove()
    return "\n".join(said)


def _words(name: str, value: Any) -> str:
    if name == "pdf" and value:
        return reading.text(base64.b64decode(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def canaries_in(text: str) -> set[str]:
    """Labels of the marked texts of the story."""
    joined = "".join(text.split()).replace("-", "")
    return {name for name, canary in stories.CANARIES.items() if canary in joined}
