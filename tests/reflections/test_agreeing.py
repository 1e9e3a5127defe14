"""A plan that both agree on: what was agreed stands above the next form, not what one of them had in mind besides."""

import re
from dataclasses import replace

import pytest

from clinic.reflections import actions, queries, rules
from clinic.reflections.rules import Sending
from tests.rules.answering import answers_for


def propose(work, who, turn, topic, **more):
    def act(author, at):
        answers = {**answers_for(author, "words of"), "topic": topic}
        return actions.send(author, Sending(answers, safe="yes", **more), at).reflection.id

    work.act(who, turn, act)


def agree(author, at):
    actions.confirm(author, rules.bound_hash(queries.proposed(author.turn)), at)


@pytest.fixture
def plan(work):
    return work.assign("calm_conversation_plan")


def test_an_own_version_that_was_kept_does_not_stand_for_the_agreed_one(work, plan, client_for, ahead):
    turn = work.turn(plan, "plan", "partner_a")
    propose(work, "partner_a", turn, "the agreed one")
    propose(work, "partner_b", turn, "kept with the counselor", keep=True)
    work.act("partner_b", turn, agree)
    ahead(days=4)
    for who in ("partner_a", "partner_b"):
        page = client_for(who).get(f"/reflections/{work.turn(plan, 'after', who)}").text
        assert "the agreed one" in page
        assert "kept with the counselor" not in page


def test_an_own_proposal_that_was_changed_does_not_stand_for_the_agreed_one(work, plan, client_for, ahead):
    turn = work.turn(plan, "plan", "partner_a")
    propose(work, "partner_a", turn, "what Mara had in mind")
    propose(work, "partner_b", turn, "the agreed one")
    work.act("partner_a", turn, agree)
    ahead(days=4)
    page = client_for("partner_a").get(f"/reflections/{work.turn(plan, 'after', 'partner_a')}").text
    assert "the agreed one" in page
    assert "what Mara had in mind" not in page


def test_an_own_version_that_was_kept_is_kept_again_unless_its_author_says_otherwise(work, plan, client_for):
    """The form of its next version begins with the choice that was made, not with the wider one."""
    turn = work.turn(plan, "plan", "partner_a")
    propose(work, "partner_a", turn, "kept with the counselor", keep=True)

    def change(author, at):
        actions.settle(author, replace(actions.standing(author), safe="yes"), at)

    work.act("partner_a", turn, change)
    before = client_for("partner_a").get(f"/reflections/{turn}/before").text
    chosen = re.findall(r'<input[^>]*name="reads"[^>]*>', before)
    assert [re.search(r'value="(\w+)"', one)[1] for one in chosen if "checked" in one] == ["counselor"]


def test_what_was_kept_of_a_plan_was_sent_and_cannot_be_recalled(work, plan, client_for):
    turn = work.turn(plan, "plan", "partner_a")
    propose(work, "partner_a", turn, "kept with the counselor", keep=True)
    ruth = client_for("counselor")
    assert "Recall it" not in ruth.get(f"/homework/{plan}").text
    assert "already sent" in ruth.get(ruth.post(f"/homework/{plan}/recall").location).text
    assert "kept with the counselor" in client_for("partner_a").get(f"/reflections/{turn}/own").text
