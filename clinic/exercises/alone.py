"""A document as it is given to one partner alone: what the two would read of each other goes to the counselor."""

from msgspec.structs import replace

from clinic.exercises.document import Exercise, Field, Part, Trend, Turn, Visibility

KEPT: dict[Visibility, Visibility] = {"sealed": "counselor", "partner": "counselor"}
"""What reaches the other without an act of the counselor. What is released stays: author and counselor agree to it."""


def given_alone(document: Exercise) -> Exercise:
    """The document without what needs the other's side: narrower words, no turns that wait for the other's."""
    parts = [replace(part, turns=[_kept_turn(turn) for turn in part.turns]) for part in document.parts]
    gone = _never_open(replace(document, parts=parts))
    return replace(
        document,
        parts=[_without(part, gone) for part in parts],
        trends=[trend for trend in document.trends if not _named(trend) & gone],
    )


def _kept_turn(turn: Turn) -> Turn:
    return replace(
        turn,
        visibility=KEPT.get(turn.visibility, turn.visibility),
        fields=[_kept_field(field) for field in turn.fields],
    )


def _kept_field(field: Field) -> Field:
    kept = KEPT.get(field.visibility) if field.visibility else None
    return replace(field, visibility=kept or field.visibility, opens=None)


def _never_open(document: Exercise) -> set[str]:
    """Turns that wait for words of the other, and those that wait for these."""
    gone: set[str] = set()
    for turn in document.turns.values():  # a turn waits for earlier ones only
        opens = turn.opens
        if opens and opens.awaited and (opens.awaited in gone or opens.when == "opened"):
            gone.add(turn.key)
    return gone


def _without(part: Part, gone: set[str]) -> Part:
    left = [turn for turn in part.turns if turn.key not in gone]
    return replace(part, turns=[replace(turn, shows=_shown(turn, gone)) for turn in left])


def _shown(turn: Turn, gone: set[str]) -> list[str]:
    return [reference for reference in turn.shows if reference.partition(".")[0] not in gone]


def _named(trend: Trend) -> set[str]:
    return {reference.partition(".")[0] for reference in trend.source}
