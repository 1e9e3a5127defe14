"""What every box for words does with what came: a row of blanks is nothing, and what was typed stays as it was."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form
from wtforms.validators import InputRequired

from forms.bounds import LineField, LinesField

BLANKS = ("   ", "\t", "\r\n\r\n", "\u00a0", "\u200b", "\u202e", "\x00")


class Needed(Form):
    name = LineField(validators=[InputRequired()])
    reason = LinesField(validators=[InputRequired()])


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_blanks_are_neither_a_name_nor_a_reason(blank: str) -> None:
    form = Needed(MultiDict({"name": blank, "reason": blank}))
    assert not form.validate()
    assert set(form.errors) == {"name", "reason"}
    assert (form.name.data, form.reason.data) == ("", "")


@pytest.mark.parametrize("said", [" Ötzi ", "ليلى", "🌙", "-", "a\u200db"])
def test_whatever_can_be_seen_is_something(said: str) -> None:
    form = Needed(MultiDict({"name": said, "reason": said}))
    assert form.validate()
    assert (form.name.data, form.reason.data) == (said, said)
