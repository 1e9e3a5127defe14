"""Forms of couples: who they are, joining by invitation, what they work on, who works with them."""

from collections.abc import Sequence

from wtforms import BooleanField, Form, PasswordField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, ValidationError

from forms.accounts import ADDRESS, LONGEST_PASSPHRASE, NEEDED, SIGN_IN_NAME
from forms.base import FlaskForm
from forms.bounds import LineField, LinesField, PracticeDate

HOURS = ((1, "An hour"), (4, "Four hours"), (12, "Twelve hours"), (24, "A day"))

ROLES = (
    SelectChoice("injured", "The hurt one"),
    SelectChoice("involved", "The one who is repairing"),
    SelectChoice("mutual", "Both in equal parts"),
)


class CoupleForm(FlaskForm):
    """Two names, what the couple is called on the counselor's pages, and where its clock stands."""

    name_1 = LineField(
        "First partner", [InputRequired(NEEDED), Length(max=80)], description="As they want to be called."
    )
    name_2 = LineField("Second partner", [InputRequired(NEEDED), Length(max=80)])
    alias = LineField(
        "What you call this couple",
        [Length(max=80)],
        description="On your own pages. Left empty: both names.",
    )
    zone = LineField(
        "Time zone", [InputRequired(NEEDED), Length(max=60)], description="For instance America/Chicago."
    )


class InviteForm(FlaskForm):
    """Where the link goes beside the page that shows it, if anywhere."""

    address = LineField(
        "Send the link by e-mail, too",
        ADDRESS,
        description="Only to an address that nobody else reads. It is used for this one mail and then forgotten. The "
        "digits are never in it.",
    )


class SecretForm(FlaskForm):
    """What both ways of joining ask: the six digits that were given in person."""

    secret = LineField(
        "The six digits",
        [InputRequired(NEEDED), Length(max=20)],
        description="Your counselor gave them to you in person.",
    )


class JoinForm(SecretForm):
    """Joining with a sign-in of one's own that is made here."""

    name = LineField("What we call you", [InputRequired(NEEDED), Length(max=80)])
    sign_in_name = LineField(
        "A sign-in name",
        SIGN_IN_NAME,
        description="Anything you will remember. It need not be an address, and your partner never sees it.",
    )
    passphrase = PasswordField(
        "A passphrase", [InputRequired(NEEDED)], description="At least 15 characters, known to nobody else."
    )


class JoinWithForm(SecretForm):
    """Joining with a sign-in that one has already."""

    sign_in_name = LineField("Your sign-in name", [InputRequired(NEEDED), Length(max=200)])
    passphrase = PasswordField("Your passphrase", [InputRequired(NEEDED), Length(max=LONGEST_PASSPHRASE)])


class ConcernForm(FlaskForm):
    """What the couple works on, with the role of each in it."""

    title = LineField(
        "What it is about",
        [InputRequired(NEEDED), Length(max=200)],
        description="In your words; only counselors read it.",
    )
    role_1 = RadioField("", [InputRequired("Please choose one.")], choices=ROLES)
    role_2 = RadioField("", [InputRequired("Please choose one.")], choices=ROLES)

    def name_partners(self, first: str, second: str) -> None:
        """Ask for the roles by name."""
        self.role_1.label.text, self.role_2.label.text = first, second


class SeparateForm(FlaskForm):
    """An act that cannot be undone asks for a tick."""

    is_sure = BooleanField("Yes, separate them now", [InputRequired("Please tick this, or go back.")])


class StaffChoiceForm(FlaskForm):
    """One of the people who work here."""

    member = SelectField("Counselor", [InputRequired("Please choose one.")])

    def offer(self, members: Sequence[tuple[str, str]]) -> None:
        """The (id, name) pairs to choose from."""
        self.member.choices = [SelectChoice("", "Choose one"), *(SelectChoice(*one) for one in members)]


class StandInForm(StaffChoiceForm):
    """Who stands in, and for which days."""

    member = SelectField("Who stands in", [InputRequired("Please choose one.")])
    from_on = PracticeDate("From", [InputRequired("Please pick the first day.")])
    to_on = PracticeDate("To", [InputRequired("Please pick the last day.")])

    def validate_to_on(self, field: PracticeDate) -> None:
        """Days stand in order."""
        if self.from_on.data and field.data and field.data < self.from_on.data:
            raise ValidationError("The last day comes before the first one.")


class EmergencyForm(FlaskForm):
    """Which record, why it cannot wait, and for how long."""

    couple = LineField(
        "Whose record",
        [InputRequired(NEEDED), Length(max=160)],
        description="What the couple is called here, or the name of one of the two.",
    )
    reason = LinesField(
        "Why can it not wait for their counselor?",
        [InputRequired("Say in a sentence why."), Length(max=2_000)],
        description="Their counselors read this sentence on their next visit.",
    )
    hours = RadioField(
        "For how long", coerce=int, choices=[SelectChoice(n, said) for n, said in HOURS], default=4
    )


class FilterForm(Form):
    """Which couples the caseload shows; comes with the address, so it carries no secret."""

    q = LineField("Find a couple", [Length(max=80)])
