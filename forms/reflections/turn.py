"""The form of a turn, made from the document: its questions, the ways to say less, and what the engine asks itself.

Every box holds what was typed, as text; `clinic.exercises.reading` alone decides what is an answer. So a draft keeps
everything, and a form, a draft and a sheet of paper are read by the same rules.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from wtforms import BooleanField, Form, FormField, StringField, TextAreaField
from wtforms.fields import Field as Input

from clinic.exercises import answers as shapes
from clinic.exercises.document import Column, Field, Turn, label_for
from clinic.exercises.own_questions import CONSENT, SAFETY, TAIL, TAIL_IN_VIEW
from clinic.exercises.reading import RowLabels, raw_of
from forms import fields as boxes
from forms.base import FlaskForm
from forms.fields import Question

Answers = dict[str, Any]


class TurnForm(FlaskForm):
    """The form of one turn for one person; made by `form_for`."""

    turn: ClassVar[Turn]
    role: ClassVar[str]
    attempt: ClassVar[int]
    asked: ClassVar[tuple[Field, ...]]
    rows: ClassVar[Mapping[str, RowLabels]]

    @property
    def questions(self) -> list[Question]:
        """The document's questions with their boxes, in order."""
        return [
            Question(
                field,
                self[f"x_{field.key}"],
                self.rows.get(field.key, ()),
                self._box(f"x_{field.key}__other"),
                self._box(f"decline_{field.key}"),
                self._box(f"narrow_{field.key}"),
            )
            for field in self.asked
        ]

    @property
    def own(self) -> list[Question]:
        """What the engine asks itself here: safety first, then consent, then the tail."""
        named = [("safety", SAFETY), ("consent", CONSENT), *((f"tail_{field.key}", field) for field in TAIL)]
        return [Question(field, self[name]) for name, field in named if name in self]

    @property
    def tail_in_view(self) -> list[Input]:
        """The first questions of the tail."""
        return self._tail(TAIL[:TAIL_IN_VIEW])

    @property
    def tail_folded(self) -> list[Input]:
        """The questions of the tail that are folded."""
        return self._tail(TAIL[TAIL_IN_VIEW:])

    def _tail(self, fields: Sequence[Field]) -> list[Input]:
        return [self[f"tail_{field.key}"] for field in fields if f"tail_{field.key}" in self]

    def _box(self, name: str) -> Input | None:
        box: Input | None = self._fields.get(name)
        return box

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """For sending: every answer readable, every required one given or declined. Drafts are not validated."""
        fine: bool = super().validate(extra_validators)
        problems = list(self._problems())
        for box, message in problems:
            box.errors = [*box.errors, message]
        return fine and not problems

    def _problems(self) -> Iterator[tuple[Input, str]]:
        given = answers_from(self, self.turn)
        absent = {
            field.key for field in shapes.missing(self.turn, given, role=self.role, attempt=self.attempt)
        }
        for question in self.questions:
            field = question.field
            message = "" if shapes.is_declined(given.get(field.key)) else question.answer()[1]
            if message and shapes.is_shown(field, given):
                yield question.input, message
            elif field.key in absent:
                yield question.input, _please(self.turn, field)
        for question in self.own:
            answer, message = question.answer()
            if message or (question.field.required and answer is None):
                yield question.input, message or "Please choose one."


def _please(turn: Turn, field: Field) -> str:
    least = field.rows.least if field.rows else 0
    what = f"Please fill in at least {least}" if least > 1 else "Please answer this one"
    return f"{what}, or choose “I’d rather not say”." if shapes.may_decline(turn, field) else f"{what}."


def form_for(
    turn: Turn,
    *,
    role: str = "mutual",
    attempt: int = 1,
    rows: Mapping[str, RowLabels] | None = None,
    with_tail: bool = False,
    with_safety: bool | None = None,
    with_consent: bool | None = None,
    only: Collection[str] | None = None,
) -> type[TurnForm]:
    """The form of a turn. `rows` are the rows of each `rows` field (see `answers.rows_of`); safety and consent are
    asked where the turn needs them unless said otherwise; `only` keeps to some fields, for one question a screen."""
    asked = tuple(f for f in shapes.asked(turn, role, attempt) if only is None or f.key in only)
    labels = {
        field.key: tuple((rows or {}).get(field.key) or _own_rows(field)) for field in asked if field.rows
    }
    attributes: dict[str, Any] = {
        "turn": turn,
        "role": role,
        "attempt": attempt,
        "asked": asked,
        "rows": labels,
    }
    if turn.reaches_partner if with_safety is None else with_safety:
        attributes["safety"] = _box(SAFETY, role)
    for field in asked:
        attributes.update(_boxes(turn, field, role, labels.get(field.key, ())))
    if turn.asks_consent if with_consent is None else with_consent:
        attributes["consent"] = _box(CONSENT, role, default=turn.consent)
    if with_tail:
        attributes.update({f"tail_{field.key}": _box(field, role) for field in TAIL})
    return type("TurnForm", (TurnForm,), attributes)


def _own_rows(field: Field) -> list[tuple[str, str]]:
    """The rows that a field names itself; those from another field are handed in."""
    if field.rows and field.rows.fixed:
        return list(field.rows.fixed.items())
    free = field.rows.free if field.rows else None
    return [(str(number), "") for number in range(1, (free or 0) + 1)]


def _boxes(turn: Turn, field: Field, role: str, rows: RowLabels) -> Iterator[tuple[str, Any]]:
    """The boxes of one question, by name."""
    yield f"x_{field.key}", _box(field, role, rows)
    if field.other:
        yield f"x_{field.key}__other", StringField("Something else")
    if shapes.may_decline(turn, field):
        yield f"decline_{field.key}", BooleanField("I’d rather not say")
    if shapes.may_narrow(turn, field):
        yield f"narrow_{field.key}", BooleanField("Keep it for my counselor")


def _box(field: Field | Column, role: str, rows: RowLabels = (), default: str | None = None) -> Any:
    """The box for a field or a column of rows, by its kind."""
    label = label_for(field.label, role)
    said: dict[str, Any] = {"description": field.help if isinstance(field, Field) else "", "default": default}
    options = tuple((field.options or {}).items())
    match field.kind:
        case "scale":
            return boxes.ScaleField(label, ends=field.ends, **said)
        case "choice":
            many = isinstance(field, Field) and field.many
            return (boxes.ManyField if many else boxes.OneField)(label, options=options, **said)
        case "feelings":
            return boxes.FeelingsField(label, **said)
        case "ranked" | "rows":
            return _list_box(field, label, rows, said["description"])
        case "number" | "date" | "time" | "datetime":
            return BOXES[field.kind](label, **said)
    one_line = isinstance(field, Column) or field.lines == 1
    return StringField(label, **said) if one_line else TextAreaField(label, **said)


BOXES: dict[str, Any] = {
    "number": boxes.DecimalBox,
    "date": boxes.DateBox,
    "time": boxes.TimeBox,
    "datetime": boxes.DateTimeBox,
}


def _list_box(field: Field | Column, label: str, rows: RowLabels, said: Any) -> Any:
    """Selects for places, or a small form for each row."""
    if field.kind == "ranked" and isinstance(field, Field):
        places = [(str(place), "") for place in range(1, int(field.most or 1) + 1)]
        pick = boxes.picker(label, tuple((field.options or {}).items()))
        return boxes.RankedField(label, entry=pick, rows=places, description=said)
    columns = field.rows.columns if isinstance(field, Field) and field.rows else []
    row = type("Row", (Form,), {f"x_{column.key}": _box(column, "") for column in columns})
    return boxes.RowsField(label, entry=FormField(row), rows=rows, description=said)


# Between boxes and answers


def answers_from(form: TurnForm, turn: Turn) -> Answers:
    """The answers by field key, for sending: declined ones without their words, unreadable ones as `{"raw": ...}`."""
    del turn  # the form was made for it
    return {key: answer for key, answer in _answers(form) if answer is not None}


def draft_from(form: TurnForm) -> Answers:
    """The answers for a draft: as for sending, and with whatever else is in the boxes, so that nothing is lost."""
    kept = answers_from(form, form.turn)
    for question in form.questions:
        if shapes.is_declined(kept.get(question.field.key)) and _is_something(question.raw):
            kept[question.field.key] = {**shapes.DECLINED, "raw": question.raw}
    return kept


def _answers(form: TurnForm) -> Iterator[tuple[str, Any]]:
    for question in form.questions:
        declined = question.decline is not None and question.decline.data
        yield question.field.key, dict(shapes.DECLINED) if declined else question.answer()[0]


def _is_something(raw: Any) -> bool:
    if isinstance(raw, dict):
        return any(_is_something(part) for part in raw.values())
    return any(_is_something(part) for part in raw) if isinstance(raw, list) else bool(raw)


def extras_from(form: TurnForm) -> Answers:
    """What the engine asked itself, as far as given: `safety`, `consent`, `narrowed` (field keys), `tail` (answers)."""
    found: Answers = {
        "narrowed": [q.field.key for q in form.questions if q.narrow is not None and q.narrow.data]
    }
    tail = {}
    for question in form.own:
        answer = question.answer()[0]
        if answer is not None and question.field in TAIL:
            tail[question.field.key] = answer
        elif answer is not None:
            found[question.field.key] = answer
    return {**found, "tail": tail} if tail else found


def fill(form: TurnForm, answers: Mapping[str, Any], extras: Mapping[str, Any] | None = None) -> None:
    """Put answers, of a draft or of a sent turn, into a form that was not posted."""
    extras = extras or {}
    for question in form.questions:
        answer = answers.get(question.field.key)
        if question.decline is not None:
            question.decline.data = shapes.is_declined(answer)
        if question.narrow is not None:
            question.narrow.data = question.field.key in extras.get("narrowed", ())
        if answer is not None and not (shapes.is_declined(answer) and "raw" not in answer):
            question.put(raw_of(question.field, answer))
    given = {**extras, **extras.get("tail", {})}
    for question in form.own:
        if question.field.key in given:
            question.put(raw_of(question.field, given[question.field.key]))
