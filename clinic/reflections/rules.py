"""Pure rules of writing: what a partner hands in, how it divides by audience, and the sentence about who reads it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise, Field, Flag, Turn
from clinic.exercises.own_questions import keeps_with_counselor
from clinic.exercises.turns import Leg, TurnState

TAIL_GROUP = "tail"
ENGINE_GROUP = "engine"
"""Groups of words that the engine itself asks for; always for the counselor."""

Consent = Literal["yes", "after_appointment", "no"]
CONSENTS = get_args(Consent)


@dataclass(frozen=True)
class Sending:
    """What a partner hands in for one turn, or has in a draft: answers by field key and the engine's own questions."""

    answers: Mapping[str, Any] = field(default_factory=dict)
    safe: str | None = None  # yes | unsure | no: is it all right to talk about this at home?
    consent: Consent | None = None  # may the counselor release it?
    keep: bool = False  # the whole of it stays with the counselor
    narrowed: tuple[str, ...] = ()  # keys of fields that stay with the counselor
    tail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The form in which a draft keeps it."""
        own = {"safe": self.safe, "consent": self.consent, "keep": self.keep, "narrowed": list(self.narrowed)}
        return {"answers": dict(self.answers), **own, "tail": dict(self.tail)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Sending":
        """Back from a draft."""
        return cls(**{**kept, "narrowed": tuple(kept.get("narrowed", ()))})

    @property
    def extras(self) -> dict[str, Any]:
        """The engine's own questions, as the form of a turn wants them."""
        own = {"safety": self.safe, "consent": self.consent}
        given = {name: value for name, value in own.items() if value}
        return {**given, "narrowed": list(self.narrowed), "tail": dict(self.tail)}


def is_kept(turn: Turn, sending: Sending) -> bool:
    """True when the whole turn stays with the counselor: by the author's choice, or for safety."""
    if not turn.reaches_partner and not turn.asks_consent:
        return False
    unsafe = turn.reaches_partner and keeps_with_counselor(sending.safe)
    return sending.keep or unsafe or shapes.narrows(turn, sending.answers)


def stops(turn: Turn, sending: Sending, earlier: Mapping[str, shapes.Answers] | None = None) -> bool:
    """True when an answer says that its writer is not safe: the crisis block is shown at once."""
    flags: list[Flag] = shapes.raised(turn, sending.answers, earlier)
    return (turn.reaches_partner and sending.safe == "no") or any(flag.stop for flag in flags)


def divided(turn: Turn, sending: Sending) -> dict[str, tuple[str, dict[str, Any]]]:
    """The answers by group: group key → (visibility, answers). What was narrowed looks declined in its own group."""
    own: dict[str, Any] = {"safe": sending.safe, "consent": sending.consent}
    if is_kept(turn, sending):
        found: dict[str, tuple[str, dict[str, Any]]] = {"counselor": ("counselor", dict(sending.answers))}
        own["narrowed"] = list(sending.narrowed)  # who gives the rest away later still keeps these
    else:
        found = _by_group(turn, sending)
    if sending.tail:
        found[TAIL_GROUP] = ("counselor", dict(sending.tail))
    found[ENGINE_GROUP] = ("counselor", {name: value for name, value in own.items() if value})
    return {key: group for key, group in found.items() if group[1]}


def _by_group(turn: Turn, sending: Sending) -> dict[str, tuple[str, dict[str, Any]]]:
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    kept, given = _kept_closer(turn, sending), as_given(turn, sending)
    for group in turn.groups:
        for asked in group.fields:
            if asked.key not in sending.answers:
                continue
            if asked.key in kept or asked.key not in given:
                found.setdefault("counselor", ("counselor", {}))[1][asked.key] = sending.answers[asked.key]
            if asked.key in given:
                found.setdefault(group.key, (group.visibility, {}))[1][asked.key] = given[asked.key]
    return found


def as_given(turn: Turn, sending: Sending) -> dict[str, Any]:
    """The answers as others see them: what was narrowed looks declined, and what hangs on it as if not asked."""
    kept = _kept_closer(turn, sending)
    said = {key: dict(shapes.DECLINED) if key in kept else answer for key, answer in sending.answers.items()}
    return shapes.only_shown(turn, said)


def _kept_closer(turn: Turn, sending: Sending) -> set[str]:
    return {one.key for one in turn.fields if one.key in sending.narrowed and shapes.may_narrow(turn, one)}


def still_closed(turn: Turn, one: TurnState) -> list[str]:
    """Keys of fields that their author can still keep for the counselor: the other partner was not given them."""
    fields = [asked for group in one.still_closed for asked in group.fields]
    return [asked.key for asked in fields if shapes.may_narrow(turn, asked)]


def joint_answers(turn: Turn, sending: Sending) -> dict[str, Any]:
    """The part of the answers that both read and agree to."""
    joint = {asked.key for group in turn.groups if group.visibility == "joint" for asked in group.fields}
    return {key: answer for key, answer in as_given(turn, sending).items() if key in joint}


def is_met(turn: Turn, answers: Mapping[str, Any]) -> bool:
    """True when the fixed answers that a loop waits for were given."""
    return turn.again is not None and all(
        shapes.matches(answers.get(key), wanted) for key, wanted in turn.again.until.items()
    )


def bound_hash(answers: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of a proposal: what is confirmed is exactly what was read."""
    return hashlib.sha256(json.dumps(answers, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def unreadable(turn: Turn, answers: Mapping[str, Any], *, role: str, attempt: int) -> list[Field]:
    """Questions with something in the box that is no answer yet; it must not get lost by sending."""
    asked = shapes.asked(turn, role, attempt)
    return [one for one in asked if shapes.is_shown(one, answers) and shapes.is_raw(answers.get(one.key))]


def asks_tail(document: Exercise, legs: Sequence[Leg], turn: Turn, leg: int, partner: Any) -> bool:
    """True for the last turn that a partner does in a round: there the engine asks how it went."""
    mine = [
        (index, one.key)
        for index, of in enumerate(legs)
        for one in document.parts[of.part].turns
        if partner in {"author": (of.author,), "other": (of.other,), "either": (of.author, of.other)}[one.by]
    ]
    return bool(mine) and mine[-1] == (leg, turn.key)


def content_hash(sending: Sending) -> str:
    """SHA-256 (hex) of the words alone, without the choices that are made at the last look."""
    return bound_hash({"a": sending.answers, "n": list(sending.narrowed), "t": sending.tail})


# The sentence about readers


@dataclass(frozen=True)
class Readers:
    """Who can read today, by name: counselors of the couple, who supervises or stands in, the other partner."""

    counselors: Sequence[str]
    supervisors: Sequence[str]
    partner: str | None
    policy: str = ""

    @property
    def staff(self) -> str:
        """The names on the counselor's side, as a sentence has them."""
        return _joined([*self.counselors, *(f"{name} (supervision)" for name in self.supervisors)])


OPENS = {
    "both_answered": "once you have both answered",
    "appointment": "at your next appointment, if you have both answered",
    "counselor": "when your counselor opens it, if you have both answered",
}


def readers_sentence(turn: Turn, readers: Readers, opening: str, *, kept: bool = False) -> str:
    """Who reads what is written in this turn, computed from who can read it today; stored with the reflection.

    After a blank line stands what the practice says that it does with it: the policy in force.
    """
    return _with_policy(_who_reads(turn, readers, opening, kept=kept), readers)


def addition_sentence(readers: Readers) -> str:
    """Who reads a line that is added below words that have opened; stored with it, and the policy with it, too."""
    if readers.partner is None:
        return _with_policy(f"When you add it, {readers.staff} can read it.", readers)
    said = f"{readers.partner} can read the line as soon as you add it, and so can {readers.staff}."
    return _with_policy(said, readers)


def note_sentence(readers: Readers) -> str:
    """Who reads a word to the counselor beside the answers."""
    said = f"{readers.staff} can read it."
    return f"{said} The app does not show it to {readers.partner}." if readers.partner else said


def _with_policy(said: str, readers: Readers) -> str:
    return "\n\n".join(part for part in (said, readers.policy.strip()) if part)


def policy_in(sentence: str) -> str:
    """What the practice said that it does with it, as it was stored with the words: no later policy takes its place."""
    return sentence.partition("\n\n")[2]


def _who_reads(turn: Turn, readers: Readers, opening: str, *, kept: bool) -> str:
    kinds = {group.visibility for group in turn.groups}
    staff = f"When you send it, {readers.staff} can read it."
    if readers.partner is None:
        return staff
    if kept or kinds == {"counselor"}:
        return f"{staff} The app does not show it to {readers.partner}."
    act = "propose" if "joint" in kinds else "send"
    both = f"When you {act} it, {readers.partner} can read it, and so can {readers.staff}."
    later = [_kind_said(kind, readers.partner, opening) for kind in ("sealed", "release") if kind in kinds]
    first = both if kinds & {"partner", "joint"} else staff
    return " ".join([first, *later, *_exceptions(turn)])


def _kind_said(kind: str, partner: str, opening: str) -> str:
    return {
        "sealed": f"{partner} reads it {OPENS[opening]}, and not before.",
        "release": f"{partner} reads it if you agree and your counselor releases it.",
    }[kind]


def _exceptions(turn: Turn) -> Iterator[str]:
    """What of a turn goes another way than the rest of it."""
    if any(group.visibility == "partner" and group.opens for group in turn.groups):
        yield "Where a question says so, your partner sees the answer later in the round."
    if any(group.visibility == "counselor" for group in turn.groups):
        yield "What is marked “for your counselor”, the app does not show to your partner."


def _joined(names: Sequence[str]) -> str:
    if not names:
        return "Your counselor"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
