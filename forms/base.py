"""The base of every form: what WTForms says of its own accord, in the house's words, each with what to do."""

from typing import Any

import flask_wtf

OWN_WORDS = {
    "This field is required.": "Please fill this in.",
    "Not a valid choice.": "Choose one of those that are offered.",
    "Invalid Choice: could not coerce.": "Choose one of those that are offered.",
    "'%(value)s' is not a valid choice for this field.": "Choose among those that are offered.",
    "Not a valid integer value.": "Write a whole number, for example 50.",
    "Not a valid decimal value.": "Write a number, for example 7.5.",
    "Not a valid float value.": "Write a number, for example 7.5.",
    "Not a valid date value.": "Write a day, for example 2026-03-05.",
    "Not a valid time value.": "Write a time of day, for example 17:30.",
    "Not a valid datetime value.": "Write a day and a time, for example 2026-03-05 17:30.",
    "Field must be at least %(min)d characters long.": "This is too short: at least %(min)d characters.",
    "Field cannot be longer than %(max)d characters.": "This is too long: at most %(max)d characters fit.",
    "Field must be between %(min)d and %(max)d characters long.": "Write %(min)d to %(max)d characters.",
}


class OwnWords:
    """What stands in the place of translations."""

    def gettext(self, text: str) -> str:
        """The house's words for one of WTForms'."""
        return OWN_WORDS.get(text, text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The same where a number decides."""
        return self.gettext(singular if number == 1 and singular in OWN_WORDS else plural)


class FlaskForm(flask_wtf.FlaskForm):
    """A form that is protected against forgery and speaks the house's words."""

    class Meta(flask_wtf.FlaskForm.Meta):
        """How the forms of this house speak."""

        def get_translations(self, _form: Any) -> OwnWords:
            """In place of those that come with the library."""
            return OwnWords()
