"""The six practices of restoring trust and the points of each: what an exercise can say that it serves."""

from typing import NamedTuple

from clinic.exercises.document import TrustPractice


class Practice(NamedTuple):
    """One of the six: the name on the page, the prefix of its points, how many points it has."""

    title: str
    prefix: str
    size: int

    @property
    def points(self) -> tuple[str, ...]:
        """Its points: P1.1, P1.2, ..."""
        return tuple(f"{self.prefix}.{number}" for number in range(1, self.size + 1))


TRUST_PRACTICES: dict[TrustPractice, Practice] = {
    "open_communication": Practice("Open the lines of communication", "P1", 6),
    "acknowledge_feelings": Practice("Acknowledge feelings", "P2", 5),
    "set_expectations": Practice("Set honest expectations", "P3", 7),
    "patience": Practice("Be patient with the process", "P4", 5),
    "professional_guidance": Practice("Seek professional guidance", "P5", 4),
    "celebrate_victories": Practice("Celebrate small victories", "P6", 4),
}

FRAME = (Practice("Trust is the foundation", "P0", 2), Practice("Closing thought", "P7", 2))

POINTS: tuple[str, ...] = tuple(
    sorted(point for practice in (*FRAME, *TRUST_PRACTICES.values()) for point in practice.points)
)

PLANNED: frozenset[str] = frozenset(
    {
        "calm_conversation_plan",
        "perspective_round",
        "pause_plan",
        "feelings_log",
        "impact_statement",
        "validation_reply",
        "responsibility_statement",
        "trust_definitions",
        "boundaries_map",
        "shared_agreement",
        "transparency_log",
        "weekly_checkin",
        "concern_reassurance",
        "setback_map",
        "commitment_letter",
        "session_prep",
        "session_takeaway",
        "goals_supports",
        "victories_log",
        "gratitude_note",
        "caring_actions",
        "closing_plan",
    }
)
"""The whole set of exercises; one may lead to another that is not shipped yet."""
