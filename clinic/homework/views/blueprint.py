"""The blueprint of homework and what its pages share: how an opening is said, and the page of a client."""

from typing import Any

from flask import Blueprint

from clinic.couples.models import Partner
from clinic.exercises.answers import sample_rows
from clinic.exercises.document import Exercise
from clinic.exercises.turns import Leg
from clinic.homework import rules
from forms.reflections import form_for

pages = Blueprint("homework", __name__, url_prefix="/homework")

OPENINGS = {
    "both_answered": "As soon as both have answered",
    "appointment": "At the next appointment, if both have answered",
    "counselor": "When I open it, if both have answered",
}


def seen_by(partner: Partner, document: Exercise, legs: list[Leg], plan: Any, opening: str) -> dict[str, Any]:
    """Everything with which the client's own pages draw it."""
    turns = rules.turns_for(document, legs, partner.id)
    forms = [
        (
            turn,
            form_for(turn, role=role, rows=sample_rows(document, turn))(
                prefix=f"p{partner.position}-{turn.key}-", formdata=None, meta={"csrf": False}
            ),
        )
        for turn, role in turns
    ]
    return {"partner": partner, "turns": turns, "forms": forms, "plan": plan, "opening": opening}
