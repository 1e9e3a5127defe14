"""What the library of forms says of its own accord is said in the house's words."""

from pathlib import Path

import pytest
import wtforms
from flask import Flask
from wtforms import IntegerField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forms import base

SOURCE = "\n".join(file.read_text() for file in Path(wtforms.__file__).parent.rglob("*.py"))


class Asked(base.FlaskForm):
    name = StringField(validators=[InputRequired(), Length(max=3)])
    many = IntegerField()
    at = TimeField()
    kind = SelectField(choices=[SelectChoice("a", "A")])


@pytest.mark.parametrize("said", base.OWN_WORDS)
def test_the_library_still_says_it(said: str) -> None:
    assert said in SOURCE


def test_errors_say_what_to_do(app: Flask) -> None:
    typed = {"name": "four", "many": "few", "at": "noon", "kind": "z"}
    with app.test_request_context(method="POST", data=typed):
        form = Asked(meta={"csrf": False})
        assert not form.validate()
        assert form.errors == {
            "name": ["This is too long: at most 3 characters fit."],
            "many": ["Write a whole number, for example 50."],
            "at": ["Write a time of day, for example 17:30."],
            "kind": ["Choose one of those that are offered."],
        }
    with app.test_request_context(method="POST", data={}):
        form = Asked(meta={"csrf": False})
        assert not form.validate()
        assert form.name.errors == ["Please fill this in."]
