"""The table of figures: one line for each target, a ratio within one run wherever that is possible."""

import re
from dataclasses import dataclass

TOLERANCE = 1.25
"""A figure of one run on a shared machine counts as kept within this factor of its target."""


@dataclass(frozen=True)
class Row:
    """One line of the table; a target begins with its direction, as in "<= 0.60", or is "–" for what is only told."""

    work: str
    against: str
    measured: str
    target: str

    @property
    def verdict(self) -> str:
        """`yes`, `no`, or what is only told."""
        wanted, found = re.match(r"(<=|>=|=)\s*([\d.]+)", self.target), re.search(r"[\d.]+", self.measured)
        if wanted is None or found is None:
            return "–"
        limit, value = float(wanted[2]), float(found[0])
        holds = value >= limit / TOLERANCE if wanted[1] == ">=" else value <= limit * TOLERANCE
        return "yes" if (value == limit if wanted[1] == "=" else holds) else "NO"


HEAD = ("work", "against", "measured", "target", "within 25 %?")


def shown(rows: list[Row]) -> str:
    """The table as text, each column as wide as it must be."""
    cells = [HEAD, *((row.work, row.against, row.measured, row.target, row.verdict) for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(HEAD))]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "-|-".join("-" * width for width in widths), *lines[1:]])
