"""The thinnest way through: write, look it over, send, read, review."""

import re

SPEAK = {
    "x_topic": "Tuesday",
    "x_view": "I lay awake and listened.",
    "screen": "all",
    "version": "0",
    "safety": "yes",
}


def test_what_one_writes_is_saved_sent_and_read_by_the_other(work, client_for):
    assignment = work.assign("perspective_round")
    turn = work.turn(assignment, "speak", "partner_a")
    mara, jonas = client_for("partner_a"), client_for("partner_b")
    page = mara.get(f"/reflections/{turn}?all=1")
    assert page.status_code == 200
    assert "How is it for you?" in page.text
    saved = mara.post(f"/reflections/{turn}", data={**SPEAK, "do": "before"})
    assert saved.location.endswith("/before")
    before = mara.get(saved.location)
    assert "I lay awake and listened." in before.text
    assert "Ruth Okafor" in before.text
    sent = mara.post(
        f"/reflections/{turn}/before",
        data={"version": "1", "safety": "yes", "reads": "partner", "do": "send"},
    )
    assert sent.location.endswith("/sent"), sent.text
    assert "Your part is done" in mara.get(sent.location).text
    answer = work.turn(assignment, "summarize", "partner_b")
    assert "I lay awake and listened." in jonas.get(f"/reflections/{answer}").text


def test_above_a_step_stand_words_of_its_own_leg_and_of_no_other(work, client_for, ahead):
    """Jonas never told his side: where Mara would say what makes sense about it, her own side does not stand for it."""
    assignment = work.assign("perspective_round")
    steps = (
        ("partner_a", "speak", {"topic": "Tuesday", "view": "I lay awake and listened."}),
        ("partner_b", "summarize", {"summary": "You lay awake."}),
        ("partner_a", "confirm", {"accuracy": "yes"}),
        ("partner_b", "sense", {"sense": "I see why."}),
    )
    for who, key, answers in steps:
        work.send(who, work.turn(assignment, key, who), answers)
    ahead(days=3)
    page = client_for("partner_a").get(f"/reflections/{work.turn(assignment, 'sense', 'partner_a')}").text
    assert "What makes sense" in page
    assert "I lay awake and listened." not in page


def test_the_counselor_finds_it_in_the_queue_and_reads_it_side_by_side(work, client_for):
    assignment = work.assign("perspective_round")
    turn = work.turn(assignment, "speak", "partner_a")
    work.send("partner_a", turn, {"topic": "Tuesday", "view": "I lay awake and listened."})
    ruth = client_for("counselor")
    queue = ruth.get("/reflections/queue")
    assert "</bdi>: Perspective round" in queue.text
    page = ruth.get(f"/reflections/rounds/{work.round(turn)}")
    assert "I lay awake and listened." in page.text
    read = re.findall(r'name="seen" value="([^"]*)"', page.text)
    done = ruth.post(
        f"/reflections/rounds/{work.round(turn)}/review", data={"note": "calm", "do": "done", "seen": read}
    )
    assert done.status_code == 303
    page = ruth.get(f"/reflections/rounds/{work.round(turn)}").text
    assert "Mark as reviewed" not in page
    assert "What else is to read" in page
    assert "Perspective round" not in ruth.get("/reflections/queue").text
