"""What the pages of a report would be made of, for each of those who may get one, as plain values."""

from typing import Any

import msgspec

from clinic.progress import actions as progress
from clinic.progress import overview, queries, rules
from clinic.progress.summary import Audience, Period
from tests.rules.stage import Stage


def on_paper(stage: Stage, audience: Audience, period: Period | None = None) -> Any:
    """All that it could hold: every passage, the days that are usual for its readers unless others are named."""
    with stage.act("counselor") as viewer:
        couple = stage.couple("couple")
        usual = overview.usual_period(couple, audience, stage.now)
        period = period or Period(starts_on=usual[0], ends_on=usual[1])
        passages = rules.passages(queries.words_for(viewer, couple, audience, period))
        chosen = progress.Chosen(audience, period, "A4", excerpts=tuple(one.key for one in passages))
        summary = msgspec.to_builtins(progress.summarize(viewer, couple, chosen, stage.now))
        # Prompts of one day stand in the order of random ids, which tell nothing.
        return {**summary, "excerpts": sorted(summary["excerpts"], key=str)}
