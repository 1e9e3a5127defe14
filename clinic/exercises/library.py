"""The library: TOML files become exercises, or all their mistakes are told at once and nothing starts."""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

from clinic.exercises.checks import wrong_sense
from clinic.exercises.document import Exercise
from clinic.exercises.practices import PLANNED
from clinic.exercises.shape import Mistake, convert, wrong_shape

SHIPPED = Path(__file__).with_name("library")


class BrokenLibrary(Exception):
    """Raised when files of a library have mistakes; `messages` names each with file, place, found and allowed."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


@cache
def shipped() -> Mapping[str, Exercise]:
    """The exercises that come with the application, by slug."""
    return load(SHIPPED)


def load(folder: Path) -> dict[str, Exercise]:
    """Every exercise of a folder, by slug. Raises BrokenLibrary with all mistakes of all files."""
    exercises, messages = _read_all(folder)
    if messages:
        raise BrokenLibrary(messages)
    return exercises


def check(folder: Path) -> list[str]:
    """All mistakes of all files of a folder, as messages; none when it can be used. An empty folder is one."""
    if not any(folder.glob("*.toml")):
        return [f"{folder.name}: the folder: found no exercise; allowed: files named <slug>.toml"]
    return _read_all(folder)[1]


def parse(text: str, name: str, known: Collection[str] = PLANNED) -> tuple[Exercise | None, list[str]]:
    """One document from the text of `<name>.toml`: the exercise, or None and its mistakes."""
    file = f"{name}.toml"
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"{file}: the file: found {_lower(str(error))}; allowed: TOML"]
    except RecursionError:
        return None, [f"{file}: the file: found brackets within brackets without end; allowed: TOML"]
    if mistakes := wrong_shape(table):
        return None, [mistake.message(file) for mistake in mistakes]
    exercise = convert(table)
    messages = [mistake.message(file) for mistake in wrong_sense(exercise, name, {*known, *PLANNED})]
    return (None, messages) if messages else (exercise, [])


def _read_all(folder: Path) -> tuple[dict[str, Exercise], list[str]]:
    files = sorted(folder.glob("*.toml"))
    known = {file.stem for file in files}
    exercises: dict[str, Exercise] = {}
    messages: list[str] = []
    for file in files:
        exercise, found = _read(file, known)
        messages += found
        if exercise:
            exercises[exercise.slug] = exercise
    return exercises, messages + list(_between_files(exercises))


def _read(file: Path, known: Collection[str]) -> tuple[Exercise | None, list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, [
            f"{file.name}: the file: found byte {error.start + 1} in another encoding; allowed: UTF-8"
        ]
    return parse(text, file.stem, known)


def _between_files(exercises: Mapping[str, Exercise]) -> Iterator[str]:
    """An input names a turn of the other document, when that document is here to look at."""
    for exercise in exercises.values():
        for index, one in enumerate(exercise.inputs):
            source = exercises.get(one.exercise)
            if source and one.turn not in source.turns:
                place = f"inputs[{index}].turn"
                allowed = f"a turn of {one.exercise}: {', '.join(source.turns)}"
                yield Mistake(place, f'"{one.turn}"', allowed).message(f"{exercise.slug}.toml")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
