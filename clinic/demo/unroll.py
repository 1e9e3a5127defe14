"""The story unrolled: beginnings, appointments, weekly answers and logs become the same kind of step as all others."""

from collections.abc import Iterator, Mapping
from random import Random

from clinic.demo.story import CoupleStory, Meets, Series, Step, Verb


def steps_of(couple: CoupleStory, seed: int) -> Iterator[Step]:
    """Everything that happened to a couple, the beginning, the series and the logs unrolled; not yet in order."""
    yield from _beginning(couple)
    yield from _meetings(couple.meets) if couple.meets else ()
    for day in {*range(couple.began + 7, couple.reads_until, 7), couple.reads_until}:
        yield Step(at=f"{day} 08:40", do="read")
    yield from couple.steps
    for series in couple.series:
        yield from _unrolled(series, Random(f"{seed}:{couple.key}:{series.who}:{series.of}"))  # noqa: S311
    for log in couple.logs:
        for entry in log.entries:
            answers = {key: value for key, value in entry.items() if key != "at"}
            yield Step(
                at=entry["at"],
                do="send",
                who=log.who,
                of=log.of,
                turn=log.turn,
                answers=answers,
                consent=log.consent,
            )


def _beginning(couple: CoupleStory) -> Iterator[Step]:
    """The first days are the same for all: created, invited, joined, seen alone, signed, cleared."""
    day = couple.began
    yield Step(at=f"{day} 16:00", do="create")
    for place, half in enumerate(couple.partners):
        if half.sign_in:
            yield Step(at=f"{day} 16:2{place}", do="invite", who=half.key)
            yield Step(at=f"{day + 1} {19 + place}:1{place}", do="join", who=half.key)
            yield Step(at=f"{day + 3} 16:0{place}", do="confirm_person", who=half.key)
        if half.signs:
            do: Verb = "sign" if half.signs == "account" else "sign_on_paper"
            yield Step(at=f"{day + 3} 16:1{place}", do=do, who=half.key)
        if half.clearance != "not_assessed":
            at = f"{day + 3} 16:2{place}"
            yield Step(at=at, do="clear", who=half.key, state=half.clearance, text=half.reason)
    if couple.concern:
        yield Step(at=f"{day + 3} 16:40", do="concern", text=couple.concern)


def _meetings(meets: Meets) -> Iterator[Step]:
    """Made when the one before ends, and held, unless the story says otherwise."""
    hour = int(meets.at[:2])
    over = f"{hour + (int(meets.at[3:]) + meets.minutes) // 60:02d}:{(int(meets.at[3:]) + meets.minutes) % 60:02d}"
    made_at = f"{meets.first - 3} 17:00"
    for day in range(meets.first, meets.until + 1, meets.every):
        yield Step(at=made_at, do="schedule", on=f"{day} {meets.at}", minutes=meets.minutes)
        match meets.changed.get(str(day)):
            case None:
                yield Step(at=f"{day} {over}", do="hold")
            case "missed":
                yield Step(at=f"{day} {over}", do="miss")
            case changed:
                yield Step(at=f"{day - (changed != 'late')} 12:10", do="cancel")
        made_at = f"{day} {over}"
    if meets.next:
        yield Step(at=made_at, do="schedule", on=meets.next, minutes=meets.minutes)


def _unrolled(series: Series, random: Random) -> Iterator[Step]:
    """One step for each week that was not skipped; a skipped week still uses up its chance, so that the rest stays."""
    weeks = [week for week in range(1, series.weeks + 1) if week not in series.skip]
    words = {key: _spread(texts, weeks) for key, texts in series.texts.items()}
    for week in range(1, series.weeks + 1):
        numbers = {key: _number(series, key, week, random) for key in series.numbers}
        at = f"{_day(series, week)} {_about(series.at, random.randint(-50, 50))}"
        if week in weeks:
            said = {key: found[week] for key, found in words.items() if week in found}
            kept = series.fields.get(str(week), [])
            who, of, turn = series.who, series.of, series.turn
            yield Step(at=at, do="send", who=who, of=of, turn=turn, answers={**numbers, **said}, fields=kept)


def _day(series: Series, week: int) -> int:
    return series.first + 7 * (week - 1) + series.later.get(str(week), 0)


def _spread(texts: list[str], weeks: list[int]) -> Mapping[int, str]:
    """Texts laid out evenly over the weeks, each once."""
    if len(texts) >= len(weeks):
        return dict(zip(weeks, texts, strict=False))
    return {weeks[index * len(weeks) // len(texts)]: text for index, text in enumerate(texts)}


def _number(series: Series, key: str, week: int, random: Random) -> int:
    """A number near the line from the first to the last week; a bad week lowers it, or raises what falls otherwise."""
    start, end = series.numbers[key]
    line = start + (end - start) * (week - 1) / max(1, series.weeks - 1)
    dip = series.dips.get(str(week), 0) * (1 if key in series.falling else -1)
    return max(0, min(10, round(line + dip + random.uniform(-0.9, 0.9))))


def _about(clock: str, minutes: int) -> str:
    hours, minute = map(int, clock.split(":"))
    total = hours * 60 + minute + minutes
    return f"{total // 60:02d}:{total % 60:02d}"
