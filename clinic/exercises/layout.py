"""The fixed side of a round: which turns each leg has, who acts in them, and what is gone through together."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clinic.exercises.document import Exercise, Part, Turn
from clinic.exercises.rounds import Leg, PartnerId, TurnId


class Loop(NamedTuple):
    """Turns that are gone through together, as often as it allows; the last of them decides. Mostly one turn, once."""

    turns: tuple[Turn, ...]
    attempts: int = 1


class Place(NamedTuple):
    """A turn of the document in one leg of the round."""

    leg: int
    turn: Turn
    actors: tuple[PartnerId, ...]
    loop: Loop

    def id(self, attempt: int = 1, entry: int = 1) -> TurnId:
        """The name of one attempt at it."""
        return TurnId(self.leg, self.turn.key, attempt, entry)

    def decider(self, attempt: int) -> TurnId:
        """The turn that says whether its loop is gone through once more."""
        return TurnId(self.leg, self.loop.turns[-1].key, attempt)


class Layout:
    """All places of a round, and how one finds another."""

    def __init__(self, document: Exercise, legs: Sequence[Leg]) -> None:
        self.parts, self.turns, self.legs = document.parts, document.turns, legs
        self._order = {key: place for place, key in enumerate(document.turns)}
        self._places = {
            (index, turn.key): Place(index, turn, leg.actors(turn), loop)
            for index, leg in enumerate(legs)
            for loop in _loops(document.parts[leg.part])
            for turn in loop.turns
        }

    def attempts(self) -> Iterator[tuple[Place, int]]:
        """Every attempt at every place, in the order in which one may wait for another."""
        for index, leg in enumerate(self.legs):
            for loop in _loops(self.parts[leg.part]):
                for attempt in range(1, loop.attempts + 1):
                    yield from ((self._places[index, turn.key], attempt) for turn in loop.turns)

    def in_document(self, id_: TurnId) -> tuple[int, int, int, int]:
        """Where a turn comes in the order of the document."""
        return id_.leg, self._order[id_.key], id_.attempt, id_.entry

    def place(self, id_: TurnId) -> Place:
        """Where a turn belongs."""
        return self._places[id_.leg, id_.key]

    def meant(self, leg: int, key: str) -> Place:
        """What a leg means by a key: its own turn, else that of the same author in another part, else the first."""
        holding = [one for one in range(len(self.legs)) if (one, key) in self._places]
        author = self.legs[leg].author
        return self._places[min(holding, key=lambda one: (one != leg, self.legs[one].author != author)), key]

    def starts_after(self, leg: int) -> Place | None:
        """In turn, a leg begins after the last turn of the leg before that its author may know of.

        Two legs of a part that one writes are a mutual one: when nothing of the first is told at once, its last words
        of the other that can be released are waited for.
        """
        part, author = self.legs[leg].part, self.legs[leg].author
        if leg == 0 or self.legs[leg - 1].part != part or self.parts[part].legs not in {"in_turn", "one"}:
            return None
        turns = reversed(self.parts[part].turns)
        before = [one for turn in turns if (one := self._places[leg - 1, turn.key]).actors]
        told = (one for one in before if one.turn.reaches_at_once)
        released = (one for one in before if one.turn.asks_consent and author not in one.actors)
        return next(told, None) or next(released, None)

    def twin(self, id_: TurnId) -> TurnId | None:
        """The same turn of the other partner, where both answer side by side."""
        mine = self.legs[id_.leg]
        for index, leg in enumerate(self.legs):
            if (leg.part, leg.author, leg.other) == (mine.part, mine.other, mine.author):
                return id_._replace(leg=index)
        return None


def _loops(part: Part) -> Iterator[Loop]:
    """The turns of a part in order: each for itself, those of a loop together."""
    keys = [turn.key for turn in part.turns]
    ends = {
        keys.index(turn.again.back_to): (end, turn.again) for end, turn in enumerate(part.turns) if turn.again
    }
    place = 0
    while place < len(keys):
        end, again = ends.get(place, (place, None))
        yield Loop(tuple(part.turns[place : end + 1]), again.attempts if again else 1)
        place = end + 1
