"""Forms of appointments: when, how long, with whom."""

from collections.abc import Sequence
from typing import Any

from wtforms import IntegerField, RadioField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, NumberRange

from forms.base import FlaskForm
from forms.bounds import PracticeDate

JOINT = "joint"


class MoveForm(FlaskForm):
    """Another time; `zones` are the clocks that it may be read on."""

    starts_on = PracticeDate("Day", [InputRequired("Please choose a day.")])
    starts_at = TimeField("Time", [InputRequired("Please choose a time, for instance 16:30.")])
    zone = SelectField("By the clock of")
    minutes = IntegerField(
        "Minutes", [InputRequired("How long?"), NumberRange(10, 480, "Between 10 and 480.")], default=50
    )

    def __init__(self, zones: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zone.choices = [SelectChoice(zone, zone.replace("_", " ")) for zone in zones]
        if len(zones) == 1:
            self.zone.data = zones[0]


class ScheduleForm(MoveForm):
    """A new appointment, with both or with one of them."""

    who = RadioField("With whom", [InputRequired("Please choose.")], default=JOINT)

    def __init__(
        self, zones: Sequence[str] = (), people: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(zones, **kwargs)
        self.who.choices = [SelectChoice(value, label) for value, label in people]
