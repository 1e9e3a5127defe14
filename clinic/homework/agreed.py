"""What was agreed with one partner when an exercise was given: the one shape in which a plan is kept and read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Agreed:
    """The plan made with a partner, who reads all of it but `confidence`. What was not talked about is empty."""

    rationale: str = ""
    when_where: str = ""
    obstacle: str = ""
    note: str = ""  # a line for this partner alone
    confidence: int | None = None  # 0 to 10, for the counselor

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> Self:
        """From what is kept or told; names that are not there stay empty."""
        names = {one.name for one in fields(cls)}
        return cls(
            **{name: value for name, value in (kept or {}).items() if name in names and value is not None}
        )

    def kept(self) -> dict[str, Any] | None:
        """As it is sealed: without what stayed empty, and nothing at all when nothing was agreed."""
        return {name: value for name, value in asdict(self).items() if value not in {"", None}} or None

    @property
    def has_words(self) -> bool:
        """True when there is something in it for the partner to read."""
        return bool(self.rationale or self.when_where or self.obstacle or self.note)
