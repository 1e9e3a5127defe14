"""Forms of signing in, of proving who one is, and of taking somebody in."""

from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, PasswordField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional, Regexp

from forms.base import FlaskForm
from forms.bounds import LineField

NEEDED = "Please fill this in."
LONGEST_PASSPHRASE = 200
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
SIGN_IN_NAME = (
    InputRequired(NEEDED),
    Length(3, 64, "Between 3 and 64 characters."),
    Regexp(r"^[\w.@+ -]+$", message="Letters, digits, and . - _ @ + are fine here."),
)


class SignInForm(FlaskForm):
    """A sign-in name and its passphrase."""

    name = LineField("Your sign-in name", [InputRequired(NEEDED), Length(max=200)])
    passphrase = PasswordField("Your passphrase", [InputRequired(NEEDED), Length(max=LONGEST_PASSPHRASE)])


class ProveForm(FlaskForm):
    """The passphrase once more."""

    passphrase = PasswordField("Your passphrase", [InputRequired(NEEDED), Length(max=LONGEST_PASSPHRASE)])


class CodeForm(FlaskForm):
    """A code of an app, or one from the paper."""

    is_confirmation = True  # nothing of it is worth keeping

    code = LineField(
        "Your code",
        [InputRequired(NEEDED), Length(max=60)],
        description="The six digits that your app shows now, or one of your recovery codes.",
    )


class ProveBothForm(ProveForm, CodeForm):
    """Both, for who signs in with both."""


class PasskeyForm(FlaskForm):
    """What a browser says for a passkey; the script of the page fills it in."""

    answer = HiddenField(validators=[InputRequired(NEEDED), Length(max=20_000)])


NAME = LineField("What you call it", [Optional(), Length(max=60)], description="For instance “My phone”.")


class CodeAppForm(FlaskForm):
    """A new code app: it shows that it has the secret."""

    is_confirmation = True  # nothing of it is worth keeping

    code = LineField("The six digits that it shows now", [InputRequired(NEEDED), Length(max=20)])
    name = NAME


class NewPasskeyForm(PasskeyForm):
    """A new passkey and its name."""

    is_confirmation = True  # nothing of it is worth keeping

    name = NAME


class PassphraseForm(FlaskForm):
    """A new passphrase; whether it is good enough is a rule of accounts."""

    passphrase = PasswordField(
        "Your new passphrase",
        [InputRequired(NEEDED)],
        description="At least 15 characters. A few words in a row are easiest to remember.",
    )


ADDRESS = (
    Optional(),
    Length(max=254),
    Regexp(
        r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        message="This does not look like one e-mail address. Letters without accents, one @, no spaces.",
    ),
)
"""One address, and nothing that a mail program could take for two."""


class ForgotForm(FlaskForm):
    """Whose passphrase is to be made anew."""

    name = LineField("Your sign-in name", [InputRequired(NEEDED), Length(max=200)])


class MailForm(FlaskForm):
    """Where and when somebody wants mail."""

    address = LineField(
        "E-mail address",
        ADDRESS,
        description="Best is one that nobody else reads. Leave it empty for no mail at all.",
    )
    has_reminders = BooleanField(
        "Remind me",
        description="One neutral line when something has a day left, and none when it is done.",
    )
    quiet_from = TimeField("Quiet from", [InputRequired(NEEDED)])
    quiet_till = TimeField("Quiet until", [InputRequired(NEEDED)])
    zone = LineField(
        "Your time zone", [InputRequired(NEEDED), Length(max=60)], description="For instance America/Chicago."
    )

    def leave_reminders_out(self) -> None:
        """For who works here: there is nothing to remind them of."""
        for name in ("has_reminders", "quiet_from", "quiet_till", "zone"):
            delattr(self, name)


class CalendarForm(FlaskForm):
    """What a calendar program shows."""

    has_individual = BooleanField(
        "Also the appointments that I have alone",
        description="Think of who else can open this calendar, on every device that shows it.",
    )


class SupervisorForm(FlaskForm):
    """Who reads along with somebody's work from now on."""

    supervisor = SelectField("Supervised by")

    def offer(self, supervisors: Sequence[tuple[str, str]]) -> None:
        """The (id, name) pairs to choose from."""
        self.supervisor.choices = [SelectChoice("", "Nobody"), *(SelectChoice(*one) for one in supervisors)]


class StaffForm(SupervisorForm):
    """Somebody who begins to work here."""

    name = LineField("Name", [InputRequired(NEEDED), Length(max=120)], description="As clients know them.")
    credential = LineField("Credential", [Length(max=120)], description="For instance LMFT 12345.")
    sign_in_name = LineField(
        "Sign-in name", SIGN_IN_NAME, description="They can tell it to you, or you choose one."
    )
    is_counselor = BooleanField("Counselor", default=True, description="Works with couples.")
    is_supervisor = BooleanField(
        "Supervisor", description="Reads along in the couples of those they supervise."
    )
    is_owner = BooleanField(
        "Owner", description="Looks after people, letterhead and policy; reads no couple's words."
    )
