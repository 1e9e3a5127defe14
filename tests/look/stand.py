"""A stand for the look: a throw-away app that draws every macro and the reference screens, with invented people."""

from __future__ import annotations

import pathlib
from types import SimpleNamespace
from uuid import uuid4

import jinja2
from flask import Flask, render_template
from markupsafe import Markup
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    FieldList,
    FileField,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice as C

from clinic import icons
from clinic.access import Viewer
from clinic.couples.views.caseload import Line, rounds_seen

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
ENDPOINTS = [
    "accounts.leave",
    "accounts.sign_out",
    "accounts.devices",
    "practice.show",
    "progress.today",
    "progress.now",
    "progress.ours",
    "progress.mine",
    "couples.caseload",
    "exercises.library",
    "documents.index",
    "consent.index",
]
CLIENT = SimpleNamespace(is_client=True, is_staff=False, name="Jonas")
COUNSELOR = Viewer(staff_id=uuid4(), name="Ruth Okafor", roles=frozenset({"counselor"}))
PAGES = sorted(path.stem for path in (HERE / "pages").glob("[a-z]*.html"))
ERRORS = sorted(path.stem for path in (ROOT / "templates" / "errors").glob("*.html"))


FEELINGS = [("Hurt", "let down"), ("Hurt", "lonely"), ("Afraid", "uneasy"), ("Afraid", "on guard")]


def picks(*words: str) -> list[C]:
    return [C(word.lower().replace(" ", "_"), word) for word in words]


class ScaleField(RadioField):
    """Named like the real one, so that the door to every field kind finds it."""


class Commitment(Form):
    what = StringField("What")
    kept = BooleanField("Kept")


class Everything(Form):
    why = TextAreaField("Why this, why now", description="In your words; they read it first.")
    heard = TextAreaField("What did you hear Mara say?")
    guess = StringField("What do you think she felt?")
    whom = RadioField("For whom", choices=picks("Both", "Mara", "Jonas"))
    reads = RadioField("Who may read it", choices=picks("Mara too", "Between me and my counselor for now"))
    safe = RadioField("Is it all right to talk about this at home?", choices=picks("Yes", "Not sure", "No"))
    keep = RadioField(
        "Which one stays?", choices=picks("This one", "The saved one", "Both, one below the other")
    )
    sure = ScaleField("How sure are they that it will happen?", choices=[C(str(n)) for n in range(11)])
    short = ScaleField("How often this week?", choices=[C(str(n)) for n in range(5)])
    feels = SelectMultipleField(
        "What did you feel?",
        choices=[C(word, word, optgroup=family) for family, word in FEELINGS],
    )
    many = SelectMultipleField("What got in the way?", choices=picks("Time", "A quarrel", "Nothing"))
    order = FieldList(
        SelectField("Place", choices=picks("Telling early", "Being reachable")), "Your order", min_entries=3
    )
    rows = FieldList(FormField(Commitment), "Commitments", min_entries=2)
    by = DateField("Good by")
    at = TimeField("At")
    meet = DateTimeLocalField("When you meet")
    paper = FileField("A scan")
    minutes = IntegerField("How long")
    cadence = SelectField("How often", choices=picks("Once", "Every week"))
    agree = BooleanField("I have read this", description="It stays here; you can read it again.")
    quiet = BooleanField("I’d rather not say")
    mine = BooleanField("Keep this one between me and my counselor")
    name = StringField("Your sign-in name")
    secret = PasswordField("Your passphrase")
    code = StringField("The six digits")
    signed = StringField("Your full name")
    thought = RadioField("How far did this get?", choices=picks("little", "some", "far"))


def filled() -> Everything:
    return Everything(
        data={
            "why": "On Thursday you both noticed that the talk was over long before it ended. "
            "This gives you a way out of the room and a sure way back into it.",
            "heard": "What hurt was finding out at the door. You would have been all right with late, "
            "if I had told you. Not hearing it from me felt like",
            "guess": "alone, and not important enough to tell",
            "whom": "both",
            "reads": "mara_too",
            "safe": "yes",
            "sure": "6",
            "feels": ["lonely"],
            "name": "jonas.w",
            "thought": "some",
        }
    )


def broken() -> Everything:
    form = filled()
    for field, said in (
        (form.heard, "This is 12 characters over. Shorten it when you like."),
        (form.safe, "Please choose one."),
    ):
        field.errors = [said]
    form.rows[0].form.what.errors = ["Please say what it is."]
    form.form_errors = ["Two of these contradict each other."]
    return form


def couples(n: int = 12) -> list[Line]:
    first = ("done", "partly", "done", "tried", "done", "done", "past", "open")
    seen = rounds_seen((first, ("done",) * 6), (True, False, True, True, False, True))  # type: ignore[arg-type]
    row = Line("/c", "Mara & Jonas", "", "Mara", "Jonas", seen, "Read Jonas; release check-in", "Today 5:30")
    new = Line("/c", "Rafi & Ana", "Paused", "Rafi", "Ana", rounds_seen(((), ()), ()), "", "May 25")
    return [row] * (n - 1) + [new]


def stand() -> Flask:
    app = Flask(
        "look", static_folder=str(ROOT / "clinic" / "static"), template_folder=str(ROOT / "templates")
    )
    app.config.update(SECRET_KEY="look", TESTING=True)
    app.jinja_options = {"undefined": jinja2.StrictUndefined}
    app.jinja_loader = jinja2.FileSystemLoader([ROOT / "templates", HERE / "pages"])
    app.jinja_env.globals["csrf_token"] = lambda: "token"
    app.jinja_env.globals["carried_by"] = lambda *_, **__: ""
    icons.init_app(app)
    for endpoint in ENDPOINTS:
        app.add_url_rule("/" + endpoint.replace(".", "/"), endpoint, lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/page/<who>/<path:name>", "page", draw)
    return app


def draw(who: str, name: str) -> str:
    viewer = {"client": CLIENT, "counselor": COUNSELOR}.get(who)
    return render_template(
        f"{name}.html",
        viewer=viewer,
        place="Linden",
        form=filled(),
        broken=broken(),
        couples=couples(),
        Markup=Markup,
    )


def who_for(page: str) -> str:
    return "counselor" if page[0] in "efghis" else "nobody" if page.startswith("j") else "client"


# Where a macro may be drawn: the screens of this stand, the other macros, the base page and the error pages.
FEATURES = [*(HERE / "pages").glob("*.html"), *(ROOT / "templates" / "_macros").glob("*.html")]
FEATURES += [ROOT / "templates" / "base.html", *(ROOT / "templates" / "errors").glob("*.html")]
