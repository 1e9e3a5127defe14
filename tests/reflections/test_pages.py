"""Every page of reflections is sound: valid HTML, one heading, one id a box, labels, nothing inline, no cache."""

import re
from collections import Counter

import html5lib
import pytest

from clinic.reflections import actions
from clinic.reflections.rules import Sending

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)


@pytest.fixture
def pages(work, cast):
    """Addresses of pages with something on them, and who looks."""
    perspective = work.assign("perspective_round")
    speak = work.turn(perspective, "speak", "partner_a")
    work.send("partner_a", speak, {"topic": "Tuesday", "view": "I lay awake."})
    back = work.turn(perspective, "summarize", "partner_b")
    draft = Sending(answers={"summary": "You waited."}, safe="yes")
    work.act("partner_b", back, lambda author, now: actions.settle(author, draft, now))
    pulse = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    work.send(
        "partner_a",
        pulse,
        {**PULSE, "victory": "We laughed."},
        narrowed=("victory",),
        tail={"how_far": "done"},
    )
    log = work.turn(work.assign("feelings_log"), "entry", "partner_b")
    plan = work.turn(work.assign("calm_conversation_plan"), "plan", "partner_b")
    work.act("partner_b", back, lambda author, now: actions.say(author, "too_much", "Not tonight.", now))
    b = [
        f"/reflections/{back}{more}"
        for more in ("?q=1", "?q=2", "?q=3", "?all=1", "/before", "/say", "/rest")
    ]
    a = [
        f"/reflections/{speak}/own",
        f"/reflections/{speak}/sent",
        f"/reflections/{pulse}/own",
        f"/reflections/{pulse}/sent",
    ]
    a += [
        f"/reflections/{pulse}/revise?all=1",
        f"/reflections/{work.turn(perspective, 'confirm', 'partner_a')}",
    ]
    staff = [
        "/reflections/queue",
        f"/reflections/rounds/{work.round(speak)}",
        f"/reflections/rounds/{work.round(pulse)}",
    ]
    forms = [f"/reflections/{log}?all=1", f"/reflections/{plan}?all=1"]
    return {"partner_b": b + forms, "partner_a": a, "counselor": staff, "supervisor": staff}


def test_every_page_is_sound(client_for, pages):
    for who, paths in pages.items():
        for path in paths:
            answer = client_for(who).get(path)
            assert answer.status_code == 200, path
            assert answer.headers["Cache-Control"] == "no-store"
            sound(answer.text, path)


def sound(text, path):
    html5lib.HTMLParser(strict=True).parse(text)
    assert len(re.findall(r"<h1[ >]", text)) == 1, path
    ids = Counter(
        re.findall(r'<[^>]* id="([^"]+)"', re.sub(r"<template.*?</template>", "", text, flags=re.DOTALL))
    )
    assert not [name for name, times in ids.items() if times > 1], path
    assert not re.search(r'style="|<script(?! src)|onclick', text), path
    labelled = set(re.findall(r'<label[^>]* for="([^"]+)"', text))
    boxes = set(re.findall(r'<textarea[^>]* id="([^"]+)"', text))
    assert boxes <= labelled, path
