"""What a well-shaped document must also hold: references that resolve, bounds, and no wait that gives a secret away."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from clinic.exercises.document import Every, Exercise, Input, Part, Span, Trend, Turn
from clinic.exercises.field_checks import field_mistakes
from clinic.exercises.practices import POINTS, TRUST_PRACTICES
from clinic.exercises.shape import Mistake, shown
from clinic.exercises.waits import wait_mistakes

KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
KEYS = "lower case letters, digits and single underscores, a letter first"
HTML = re.compile(r"<[A-Za-z/!]")
LONGEST_TITLE, LONGEST_SUMMARY, LONGEST_INTRO, LONGEST_STEP = 60, 160, 400, 200


def wrong_sense(exercise: Exercise, name: str, known: Collection[str]) -> list[Mistake]:
    """All mistakes of meaning; `name` is the file's stem, `known` the slugs that one may lead to or build on."""
    return [
        *_head(exercise, name, known),
        *_bounds(exercise),
        *_keys(exercise),
        *_inputs(exercise.inputs, known),
        *_parts(exercise),
        *field_mistakes(exercise),
        *wait_mistakes(exercise),
        *_trends(exercise),
    ]


def _head(exercise: Exercise, name: str, known: Collection[str]) -> Iterator[Mistake]:
    if exercise.slug != name:
        yield Mistake("slug", shown(exercise.slug), f'the name of the file, "{name}"')
    if not KEY.match(exercise.slug):
        yield Mistake("slug", shown(exercise.slug), KEYS)
    yield from _text("title", exercise.title, LONGEST_TITLE)
    yield from _text("summary", exercise.summary, LONGEST_SUMMARY)
    yield from _served(exercise)
    yield from _all_text(exercise)
    for index, slug in enumerate(exercise.leads_to):
        if slug not in known or slug == exercise.slug:
            yield Mistake(f"leads_to[{index}]", shown(slug), "another exercise of the library")


def _served(exercise: Exercise) -> Iterator[Mistake]:
    """Points must exist, and one of them must belong to the practice under which the exercise stands."""
    for index, point in enumerate(exercise.serves):
        if point not in POINTS:
            yield Mistake(f"serves[{index}]", shown(point), f"{POINTS[0]} to {POINTS[-1]}")
    own = TRUST_PRACTICES[exercise.trust_practice]
    if not set(exercise.serves) & set(own.points):
        allowed = f"at least one of {', '.join(own.points)}, the points of {exercise.trust_practice}"
        yield Mistake("serves", ", ".join(exercise.serves) or "nothing", allowed)
    yield from _repeated("serves", exercise.serves)


def _all_text(exercise: Exercise) -> Iterator[Mistake]:
    """What a reader needs: steps, a rationale, evidence; Markdown without raw HTML."""
    for place, texts in (
        ("steps", exercise.steps),
        ("evidence", exercise.evidence),
        ("parts", exercise.parts),
    ):
        if not texts:
            yield Mistake(place, "nothing", "at least one")
    for index, step in enumerate(exercise.steps):
        yield from _text(f"steps[{index}]", step, LONGEST_STEP)
    yield from _text("rationale", exercise.rationale, 4000)
    for place, markdown in (("rationale", exercise.rationale), ("cautions", exercise.cautions)):
        if HTML.search(markdown):
            yield Mistake(place, "raw HTML", "Markdown without HTML")
    for index, evidence in enumerate(exercise.evidence):
        yield from _text(f"evidence[{index}].claim", evidence.claim, 600)
        yield from _text(f"evidence[{index}].source", evidence.source, 300)


def _text(place: str, text: str, longest: int) -> Iterator[Mistake]:
    if not text.strip():
        yield Mistake(place, "nothing", f"text of at most {longest} characters")
    elif len(text) > longest:
        yield Mistake(place, f"{len(text)} characters", f"at most {longest}")


def _bounds(exercise: Exercise) -> Iterator[Mistake]:
    """Every assignment can end: rounds close, loops are counted, rhythms are whole."""
    if exercise.version < 1:
        yield Mistake("version", shown(exercise.version), "1 or more")
    if not 1 <= exercise.minutes <= 240:
        yield Mistake("minutes", shown(exercise.minutes), "1 to 240")
    yield from _span("open_for", exercise.open_for)
    if not exercise.starts:
        yield Mistake("starts", "nothing", "at least one of counselor, either, schedule")
    if isinstance(exercise.cadence, Every):
        yield from _rhythm(exercise.cadence)
    elif "schedule" in exercise.starts:
        yield Mistake("starts", '"schedule"', "schedule only with a cadence that has a rhythm")


def _rhythm(cadence: Every) -> Iterator[Mistake]:
    if (cadence.every is None) == (cadence.appointment is None):
        found = "nothing" if cadence.every is None else "every, appointment"
        yield Mistake("cadence", found, "exactly one of every, appointment")
    if cadence.times is not None and not 1 <= cadence.times <= 60:
        yield Mistake("cadence.for", shown(cadence.times), "1 to 60")
    if (
        cadence.appointment is not None and not -336 <= cadence.appointment <= -1
    ):  # its round ends as it begins
        yield Mistake("cadence.appointment", shown(cadence.appointment), "-336 to -1, hours before it")


def _span(place: str, span: Span) -> Iterator[Mistake]:
    if span.days < 0 or span.hours < 0 or not 0 < span.days * 24 + span.hours <= 24 * 366:
        yield Mistake(
            place, f"{span.days} days and {span.hours} hours", "more than nothing, at most 366 days"
        )


def _keys(exercise: Exercise) -> Iterator[Mistake]:
    """Keys are names in addresses, forms and reports: plain, and each only once."""
    turns = [turn.key for part in exercise.parts for turn in part.turns]
    places = dict(_places(exercise))
    for turn, place in places.items():
        yield from _plain(f"{place}.key", turn)
    yield from _repeated("parts", turns + [one.key for one in exercise.inputs])
    yield from _repeated("trends", [trend.key for trend in exercise.trends])
    for index, one in enumerate(exercise.inputs):
        yield from _plain(f"inputs[{index}].key", one.key)
    for index, trend in enumerate(exercise.trends):
        yield from _plain(f"trends[{index}].key", trend.key)


def _places(exercise: Exercise) -> Iterator[tuple[str, str]]:
    for p, part in enumerate(exercise.parts):
        for t, turn in enumerate(part.turns):
            yield turn.key, f"parts[{p}].turns[{t}]"


def _plain(place: str, key: str) -> Iterator[Mistake]:
    if not KEY.match(key):
        yield Mistake(place, shown(key), KEYS)


def _repeated(place: str, keys: Iterable[str]) -> Iterator[Mistake]:
    for key, times in Counter(keys).items():
        if times > 1:
            yield Mistake(place, f"{times} times {shown(key)}", "each only once")


def _inputs(inputs: list[Input], known: Collection[str]) -> Iterator[Mistake]:
    for index, one in enumerate(inputs):
        if one.exercise not in known:
            yield Mistake(f"inputs[{index}].exercise", shown(one.exercise), "another exercise of the library")


def _parts(exercise: Exercise) -> Iterator[Mistake]:
    for p, part in enumerate(exercise.parts):
        if not part.turns:
            yield Mistake(f"parts[{p}].turns", "nothing", "at least one")
        for t, turn in enumerate(part.turns):
            yield from _turn(f"parts[{p}].turns[{t}]", part, turn)


def _turn(place: str, part: Part, turn: Turn) -> Iterator[Mistake]:
    if not turn.fields:
        yield Mistake(f"{place}.fields", "nothing", "at least one")
    yield from _text(f"{place}.title", turn.title, LONGEST_TITLE)
    if len(turn.intro) > LONGEST_INTRO:
        yield Mistake(f"{place}.intro", f"{len(turn.intro)} characters", f"at most {LONGEST_INTRO}")
    if turn.within:
        yield from _span(f"{place}.within", turn.within)
    if turn.repeat and not 1 <= turn.repeat.most <= 500:
        yield Mistake(f"{place}.repeat.most", shown(turn.repeat.most), "1 to 500")
    if turn.again and not 1 <= turn.again.attempts <= 5:
        yield Mistake(f"{place}.again.attempts", shown(turn.again.attempts), "1 to 5")
    yield from _together(place, part, turn)


def _together(place: str, part: Part, turn: Turn) -> Iterator[Mistake]:
    """What a turn's acts need of its part and of each other."""
    if part.legs == "solo" and turn.by != "author":
        yield Mistake(f"{place}.by", shown(turn.by), "author, as the part is solo")
    if turn.by == "either" and not turn.agree:
        yield Mistake(f"{place}.by", '"either"', "either only with agree = true; otherwise author or other")
    if turn.agree and (turn.repeat or turn.again):
        yield Mistake(f"{place}.agree", "true with repeat or again", "a turn to agree on is made once")
    if turn.repeat and turn.again:
        yield Mistake(f"{place}.again", "again and repeat", "one of them")
    if turn.agree != (turn.visibility == "joint"):
        yield Mistake(f"{place}.agree", shown(turn.agree), "true on a joint turn, and only there")
    if turn.consent and not turn.asks_consent:
        yield Mistake(f"{place}.consent", shown(turn.consent), "only on a turn with words of kind release")


def _trends(exercise: Exercise) -> Iterator[Mistake]:
    for index, trend in enumerate(exercise.trends):
        yield from _trend(f"trends[{index}]", trend, exercise)


def _trend(place: str, trend: Trend, exercise: Exercise) -> Iterator[Mistake]:
    sources = _countable(exercise)
    for index, source in enumerate(trend.source):
        if source not in sources:
            yield Mistake(
                f"{place}.source[{index}]", shown(source), "turn.field, or turn.field.column of rows"
            )
        elif trend.take not in ("count", "share") and "overlap" not in trend.lines:
            yield from _points(place, trend, sources[source])
    if not set(trend.reverse) <= set(trend.source):
        yield Mistake(f"{place}.reverse", ", ".join(trend.reverse), "some of source")
    if not 1 <= trend.needs <= len(trend.source):
        yield Mistake(
            f"{place}.needs", shown(trend.needs), f"1 to {len(trend.source)}, the number of sources"
        )


def _points(place: str, trend: Trend, options: Mapping[str, str] | None) -> Iterator[Mistake]:
    """A choice becomes a number by its points only, one for each option."""
    if options is not None and set(trend.points or {}) != set(options):
        found = ", ".join(trend.points or {}) or "nothing"
        yield Mistake(f"{place}.points", found, f"points for each of {', '.join(options)}")


def _countable(exercise: Exercise) -> dict[str, Mapping[str, str] | None]:
    """Every field and column that a trend may name, with the options when it has some."""
    found: dict[str, Mapping[str, str] | None] = {}
    for turn, field in exercise.each_field():
        found[f"{turn.key}.{field.key}"] = field.options
        for column in field.rows.columns if field.rows else ():
            found[f"{turn.key}.{field.key}.{column.key}"] = column.options
    return found
