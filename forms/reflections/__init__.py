"""Forms of reflections: the one made from a document, what is asked around it, and the counselor's."""

from forms.reflections.around import AdditionForm, BeforeForm, NoteForm, choices_between
from forms.reflections.review import AloudForm, ReleaseForm, ReplyForm, ReturnForm, review_form
from forms.reflections.turn import TurnForm, answers_from, draft_from, extras_from, fill, form_for

__all__ = [
    "AdditionForm",
    "AloudForm",
    "BeforeForm",
    "NoteForm",
    "ReleaseForm",
    "ReplyForm",
    "ReturnForm",
    "TurnForm",
    "answers_from",
    "choices_between",
    "draft_from",
    "extras_from",
    "fill",
    "form_for",
    "review_form",
]
