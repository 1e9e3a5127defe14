"""What a turn may wait for and show. Waiting on a private act of the other would tell that it happened."""

from collections.abc import Iterator

from clinic.exercises.document import WIDTH, Exercise, Opens, Part, Turn
from clinic.exercises.field_checks import find
from clinic.exercises.shape import Mistake, shown


def wait_mistakes(exercise: Exercise) -> Iterator[Mistake]:
    """All mistakes in `opens`, `again`, `shows` and the order of legs."""
    for p, part in enumerate(exercise.parts):
        yield from _order_of_legs(f"parts[{p}]", part)
        for t, turn in enumerate(part.turns):
            place = f"parts[{p}].turns[{t}]"
            if turn.opens:
                yield from _opens(f"{place}.opens", exercise, turn, turn.opens)
                yield from _waits(f"{place}.opens", exercise, part, turn, turn.opens)
            yield from _fields_open(place, exercise, turn)
            yield from _again(f"{place}.again", part, turn)
            yield from _shows(f"{place}.shows", exercise, part, turn)


def _order_of_legs(place: str, part: Part) -> Iterator[Mistake]:
    """The second leg of a part in turn begins after words of the first that its author may know of."""
    if part.legs == "in_turn" and not any(_width(turn) >= WIDTH["partner"] for turn in part.turns):
        yield Mistake(
            f"{place}.legs",
            '"in_turn" without a turn that the partner sees',
            "each, or a turn of kind partner",
        )


def _width(turn: Turn) -> int:
    """How far the widest words of a turn reach."""
    return max((WIDTH[group.visibility] for group in turn.groups), default=0)


def _opens(place: str, exercise: Exercise, turn: Turn, opens: Opens) -> Iterator[Mistake]:
    """One source, and one that exists: an earlier turn, an answered date, an input."""
    given = [name for name in ("after", "answered", "input") if getattr(opens, name) is not None]
    if len(given) != 1:
        yield Mistake(place, ", ".join(given) or "nothing", "exactly one of after, answered, input")
        return
    if opens.when != "sent" and opens.after is None:
        yield Mistake(f"{place}.when", shown(opens.when), "only together with after")
    earlier = _before(exercise, turn)
    if opens.after is not None and opens.after not in earlier:
        yield Mistake(
            f"{place}.after", shown(opens.after), f"an earlier turn: {', '.join(earlier) or 'there is none'}"
        )
    if opens.answered is not None:
        field = find(opens.answered, earlier)
        if field is None or field.kind not in ("date", "datetime"):
            yield Mistake(
                f"{place}.answered", shown(opens.answered), "turn.field of a date or datetime asked earlier"
            )
    if opens.input is not None and opens.input not in {one.key for one in exercise.inputs}:
        yield Mistake(f"{place}.input", shown(opens.input), "the key of one of inputs")


def _before(exercise: Exercise, turn: Turn) -> dict[str, Turn]:
    order = list(exercise.turns)
    return {key: exercise.turns[key] for key in order[: order.index(turn.key)]}


def _waits(place: str, exercise: Exercise, part: Part, turn: Turn, opens: Opens) -> Iterator[Mistake]:
    """A turn waits for another person's turn only as far as that person's words are open to who waits."""
    key = opens.after or (opens.answered or "").partition(".")[0]
    awaited = exercise.turns.get(key)
    if awaited is None or _is_same_person(part, turn, awaited):
        return
    width = _width(awaited)
    if width == WIDTH["counselor"]:
        yield Mistake(
            place,
            f"a wait for {key}, which its author writes for the counselor alone",
            "a turn whose words the one who waits can read",
        )
    elif width < WIDTH["partner"] and opens.answered:
        yield Mistake(
            f"{place}.answered", shown(opens.answered), "an answer that both can read when it is sent"
        )
    elif width < WIDTH["partner"] and opens.when != "opened":
        yield Mistake(
            f"{place}.when", shown(opens.when), f'"opened", as the words of {key} are not open when sent'
        )


def _is_same_person(part: Part, turn: Turn, awaited: Turn) -> bool:
    """True when the one who waits is sure to be the one who is waited for."""
    return awaited in part.turns and turn.by == awaited.by and turn.by != "either"


def _fields_open(place: str, exercise: Exercise, turn: Turn) -> Iterator[Mistake]:
    """A field may open later than its turn, after an act that is no secret from the reader."""
    for index, field in enumerate(turn.fields):
        if field.opens is None:
            continue
        here = f"{place}.fields[{index}].opens"
        awaited = exercise.turns.get(field.opens.after or "")
        if awaited is None or awaited is turn or field.opens.answered or field.opens.input:
            yield Mistake(here, shown(field.opens.after or "nothing"), "after: the key of another turn")
        elif _width(awaited) < WIDTH["partner"]:
            yield Mistake(f"{here}.after", shown(awaited.key), "a turn that the partner sees when it is sent")
        if (field.visibility or turn.visibility) != "partner":
            yield Mistake(
                here,
                f"a field of kind {field.visibility or turn.visibility}",
                "only on fields of kind partner",
            )


def _again(place: str, part: Part, turn: Turn) -> Iterator[Mistake]:
    if turn.again is None:
        return
    earlier = [one.key for one in part.turns[: part.turns.index(turn)]]
    if turn.again.back_to not in earlier:
        allowed = f"an earlier turn of the same part: {', '.join(earlier) or 'there is none'}"
        yield Mistake(f"{place}.back_to", shown(turn.again.back_to), allowed)
    if not turn.again.until:
        yield Mistake(f"{place}.until", "nothing", "at least one answer that ends the loop")
    for key in earlier[earlier.index(turn.again.back_to) :] if turn.again.back_to in earlier else ():
        yield from _looped(place, part, turn, next(one for one in part.turns if one.key == key))


def _looped(place: str, part: Part, turn: Turn, one: Turn) -> Iterator[Mistake]:
    """A loop goes over turns of the other only when their words are open as soon as they are sent."""
    if _width(one) < WIDTH["partner"] and not _is_same_person(part, turn, one):
        found = f"a loop through {one.key}, which the partner does not see"
        yield Mistake(f"{place}.back_to", found, "turns of kind partner")


def _shows(place: str, exercise: Exercise, part: Part, turn: Turn) -> Iterator[Mistake]:
    """What is shown beside the form exists, and the one who writes may come to read it."""
    inputs = {one.key for one in exercise.inputs}
    for index, reference in enumerate(turn.shows):
        field = find(reference, exercise.turns)
        if field is None and reference not in inputs:
            yield Mistake(f"{place}[{index}]", shown(reference), "turn.field, or the key of one of inputs")
        elif field is not None:
            owner = exercise.turns[reference.partition(".")[0]]
            kind = field.visibility or owner.visibility
            if kind == "counselor" and not _is_same_person(part, turn, owner):
                yield Mistake(
                    f"{place}[{index}]",
                    f"{reference}, which is for the counselor",
                    "words that the writer may read",
                )
