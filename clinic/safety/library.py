"""What a counselor asks each partner alone before joint work: our own words, no score, nothing that is decided here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question to ask in a room without the other; `key` is what is kept beside the answer."""

    key: str
    asks: str
    topic: str


QUESTIONS = tuple(
    Question(key, asks, topic)
    for topic, asked in {
        "Speaking freely": {
            "silent": "Do you keep silent at home because of what would follow if you spoke?"
        },
        "Fear": {
            "afraid": "Are there times when you are afraid of your partner?",
            "gives_in": "Do you give in on things because of what might happen if you did not?",
        },
        "Control": {
            "controls": "Does your partner decide whom you see, where you go, or what you spend?",
            "watches": "Does your partner follow where you are, or read your messages against your will?",
        },
        "Harm": {
            "hurt": "Has your partner ever pushed, hit or held you so that you could not get away?",
            "injured": "Were you ever hurt so that it left a mark or needed care?",
            "throat": "Has your partner ever put hands or an arm around your throat?",
        },
        "Threats": {
            "threats": "Has your partner threatened you, the children, somebody else or an animal?",
            "own_life": "Has your partner said that they would harm themselves if you left?",
            "weapon": "Is there a weapon that worries you, at home or within reach?",
        },
        "Sex": {"sex": "Has there been sex that you did not want, or did not dare to refuse?"},
        "The other way round": {"you_did": "Have you yourself hurt, threatened or frightened your partner?"},
        "Children": {"children": "Have children seen or heard any of this, or been hurt?"},
        "Now": {
            "worse": "Has it become worse, or more frequent, in the last months?",
            "self": "Do you think of ending your life, or of harming yourself?",
        },
        "What you want": {
            "joint": "Is there something of this that you do not want raised while the other is in the room?",
            "here": "Could anything that you write or say here be used against you at home?",
        },
    }.items()
    for key, asks in asked.items()
)
"""A yes is something to talk about, and to no question a mark: what it means is the counselor's to judge."""

ANSWERS = {
    "no": "No",
    "yes": "Yes",
    "unsure": "Unsure",
    "unsaid": "Would rather not say",
    "unasked": "Not asked",
}

WAYS = {
    "talk": "In a talk, alone",
    "paper": "On paper in the office, alone",
    "phone": "By telephone, alone as far as known",
}
