"""The questions that the engine itself asks beside those of a document: safety, consent to release, the tail."""

from clinic.exercises.document import Field

SAFETY = Field(
    key="safety",
    kind="choice",
    label="Is it all right to talk about this at home?",
    help="Only after “Yes” can your partner see it. Otherwise it goes to your counselor, and your partner is not told.",
    required=True,
    options={"yes": "Yes", "unsure": "I am not sure", "no": "No"},
)
"""Asked first on every turn whose words reach the partner without an act of the counselor."""

CONSENT = Field(
    key="consent",
    kind="choice",
    label="May your counselor pass this on to your partner?",
    help="You can change your mind until it is passed on. Your counselor decides with you when.",
    required=True,
    options={
        "yes": "Yes, when my counselor finds it a good moment",
        "after_appointment": "Only after we have talked about it in an appointment",
        "no": "No, this stays with my counselor",
    },
)
"""Asked on every turn with words that the counselor can release."""

TAIL: tuple[Field, ...] = (
    Field(
        key="how_far",
        kind="choice",
        label="How far did you get?",
        options={"done": "Done", "partly": "Partly", "tried": "I tried", "not_yet": "Not yet"},
    ),
    Field(key="difficulty", kind="scale", label="How hard was it?", ends=["easy", "very hard"]),
    Field(key="usefulness", kind="scale", label="How useful was it?", ends=["not at all", "very useful"]),
    Field(key="in_the_way", kind="text", lines=2, label="What got in the way?"),
    Field(key="note", kind="text", lines=3, label="A note for your counselor"),
)
"""Asked once a round, for the counselor alone, all of it as one likes; the first three in view, the rest folded."""

TAIL_IN_VIEW = 3


def keeps_with_counselor(safety: str | None) -> bool:
    """True when the answer to the question of safety sends the whole turn to the counselor alone."""
    return safety is not None and safety != "yes"
