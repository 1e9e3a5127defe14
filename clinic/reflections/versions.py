"""Two versions of one draft: what a page changes in it, where two differ, and what becomes of a choice."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from clinic.exercises.document import Field, Turn, label_for
from clinic.exercises.own_questions import CONSENT, SAFETY, TAIL
from clinic.reflections.rules import Sending

Pick = Literal["here", "there", "both"]


class Page(NamedTuple):
    """What came from one page: its answers, and the names of the boxes that were on it."""

    sending: Sending
    boxes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The form in which a kept text has it."""
        return {**self.sending.to_json(), "boxes": list(self.boxes)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Page":
        """Back from a kept text."""
        own = {name: value for name, value in kept.items() if name != "boxes"}
        return cls(Sending.from_json(own), tuple(kept["boxes"]))


class Difference(NamedTuple):
    """One question that was answered differently in two windows. `name` is its box in the form of the turn."""

    name: str
    label: str
    field: Field
    here: Any
    there: Any

    @property
    def can_keep_both(self) -> bool:
        """True for texts and for choices of several, when there is something on both sides."""
        both = self.here is not None and self.there is not None
        is_list = self.field.kind == "feelings" or (self.field.kind == "choice" and self.field.many)
        return both and (self.field.kind == "text" or (is_list and not self.field.other))

    @property
    def likely(self) -> Pick:
        """What is chosen at first: both where possible, else the side that has something."""
        if self.can_keep_both:
            return "both"
        return "there" if self.here is None else "here"


def overlaid(there: Sending, page: Page) -> Sending:
    """A draft with what one page says; what was not on that page stays as it is."""
    flat = {name: value for name, value in flat_of(there).items() if name not in page.boxes}
    chosen = _from_flat({**flat, **flat_of(page.sending)})
    elsewhere = [key for key in there.narrowed if f"x_{key}" not in page.boxes]
    return replace(
        chosen, keep=there.keep or page.sending.keep, narrowed=(*elsewhere, *page.sending.narrowed)
    )


def differences(turn: Turn, page: Page, there: Sending, role: str) -> list[Difference]:
    """Where a page and a draft differ, in the order of the questions."""
    here, saved = flat_of(page.sending), flat_of(there)
    return [
        Difference(name, label_for(asked.label, role), asked, here.get(name), saved.get(name))
        for name, asked in _boxes(turn)
        if name in page.boxes and here.get(name) != saved.get(name)
    ]


def _boxes(turn: Turn) -> Iterator[tuple[str, Field]]:
    yield "safety", SAFETY
    yield from ((f"x_{asked.key}", asked) for asked in turn.fields)
    yield "consent", CONSENT
    yield from ((f"tail_{asked.key}", asked) for asked in TAIL)


def flat_of(sending: Sending) -> dict[str, Any]:
    """All answers by the names of their boxes."""
    own = {"safety": sending.safe, "consent": sending.consent}
    answers = {f"x_{key}": answer for key, answer in sending.answers.items()}
    tail = {f"tail_{key}": answer for key, answer in sending.tail.items()}
    return {name: value for name, value in (own | answers | tail).items() if value is not None}


def _from_flat(flat: Mapping[str, Any]) -> Sending:
    return Sending(
        answers={name[2:]: value for name, value in flat.items() if name.startswith("x_")},
        safe=flat.get("safety"),
        consent=flat.get("consent"),
        tail={name[5:]: value for name, value in flat.items() if name.startswith("tail_")},
    )


def merged(there: Sending, found: Sequence[Difference], picks: Mapping[str, Pick], page: Page) -> Sending:
    """The version that its writer chose, question by question; whatever one of them kept closer stays closer."""
    flat = flat_of(there)
    for one in found:
        answer = _picked(one, picks.get(one.name, one.likely))
        flat.pop(one.name, None)
        if answer is not None:
            flat[one.name] = answer
    narrowed = tuple(dict.fromkeys([*there.narrowed, *page.sending.narrowed]))
    return replace(_from_flat(flat), keep=there.keep or page.sending.keep, narrowed=narrowed)


def _picked(one: Difference, pick: Pick) -> Any:
    if pick == "both" and one.can_keep_both:
        return _joined(one)
    return one.there if pick == "there" else one.here


def _joined(one: Difference) -> Any:
    """Both answers as one: texts below each other, picks together."""
    if one.field.kind == "text":
        return "\n\n".join(filter(None, (_text_in(one.there), _text_in(one.here))))
    return list(dict.fromkeys([*_picks_in(one.there), *_picks_in(one.here)]))


def _text_in(answer: Any) -> str:
    raw = answer.get("raw", "") if isinstance(answer, dict) else answer
    return raw if isinstance(raw, str) else ""


def _picks_in(answer: Any) -> Collection[str]:
    raw = answer.get("raw", []) if isinstance(answer, dict) else answer
    return [pick for pick in raw if isinstance(pick, str)] if isinstance(raw, list) else []
