"""When turns open and when they are over, as far as the turns that were folded so far tell."""

from collections.abc import Collection
from datetime import datetime, timedelta

from clinic.exercises.document import Opens, Turn
from clinic.exercises.history import History
from clinic.exercises.layout import Layout, Place
from clinic.exercises.rounds import PartnerId, TurnId, TurnState, Window


class Moments:
    """The clock of a round; `turns` grows while the fold goes through the places in their order."""

    def __init__(self, layout: Layout, history: History, window: Window) -> None:
        self.layout, self.history, self.window, self.now = layout, history, window, history.now
        self.turns: dict[TurnId, TurnState] = {}
        self._at: dict[tuple[int, str], list[TurnState]] = {}

    def keep(self, one: TurnState) -> None:
        """One more turn is known."""
        self.turns[one.id] = one
        self._at.setdefault((one.id.leg, one.id.key), []).append(one)

    def opens(self, place: Place, attempt: int) -> datetime | None:
        """When an attempt of a turn opens, also a moment to come; None while that is not known."""
        start = self._leg_starts(place.leg)
        if start is None:
            return None
        if attempt > 1 and place.turn is place.loop.turns[0]:
            return self._once_more(place, attempt)
        if place.turn.opens is None:
            return start if attempt == 1 else None
        moment = self.named(place.turn.opens, place.leg, place.actors, attempt)
        return max(start, moment) if moment else None

    def _leg_starts(self, leg: int) -> datetime | None:
        awaited = self.layout.starts_after(leg)
        if awaited is None:
            return self.window.opens_at
        if awaited.turn.reaches_at_once:
            return self.over(awaited)
        return self.history.first_given("opened", (self.layout.legs[leg].author,), awaited.turn.key)

    def _once_more(self, place: Place, attempt: int) -> datetime | None:
        """A loop goes on when its last turn says that it does not fit yet."""
        last = self.turns.get(place.decider(attempt - 1))
        return last.sent_at if last and last.counts_as_sent and not self._fits(last.id) else None

    def _fits(self, id_: TurnId) -> bool:
        return bool(self.history.sending(id_).get("met"))

    def named(
        self, opens: Opens, leg: int, actors: Collection[PartnerId], attempt: int = 1
    ) -> datetime | None:
        """The moment that an `opens` names to those who wait; None while it has not come."""
        if opens.input:
            return self.history.first_given("input_opened", actors, opens.input)
        if opens.answered:
            return self._answered(self.layout.meant(leg, opens.awaited), opens.answered)
        if opens.when == "opened":
            return self.history.first_given("opened", actors, opens.awaited)
        awaited = self.layout.meant(leg, opens.awaited)
        if opens.when == "over":
            return self.over(awaited)
        same = self.turns.get(awaited.id(min(attempt, awaited.loop.attempts)))
        is_own = (
            same is not None and same.status == "sent" and same.sent_by in actors
        )  # kept: the author goes on
        return same.sent_at if same and (same.counts_as_sent or is_own) else None

    def _answered(self, place: Place, reference: str) -> datetime | None:
        """An answered date, also one to come: that of the last answer, once an agreed turn was agreed."""
        told = [one.id for one in self._known(place) if one.counts_as_sent]
        dates = [date for id_ in told if (date := self.history.answered(id_, reference))]
        return dates[-1] if dates else None

    def _known(self, place: Place) -> list[TurnState]:
        return self._at.get((place.leg, place.turn.key), [])

    def over(self, place: Place) -> datetime | None:
        """When a turn was left by any exit; None while it can still be written or still wait."""
        last = self._known(place)[-1] if self._known(place) else None
        if last is None:
            return None
        if not last.counts_as_sent:
            return last.missed_at(self.now) or self._never_comes(place, last)
        attempt = last.id.attempt
        is_through = attempt >= place.loop.attempts or self._fits(place.decider(attempt))
        return last.sent_at if is_through and not place.turn.repeat else self._broken_off(place, attempt)

    def _never_comes(self, place: Place, one: TurnState) -> datetime | None:
        """When a turn that is waited for was missed: what waits for it is over with it."""
        opens = place.turn.opens
        if one.status != "waiting" or opens is None or opens.after is None or opens.when != "sent":
            return None
        awaited = self.layout.meant(place.leg, opens.after)
        known = self._known(awaited)
        return self.over(awaited) if known and not known[-1].counts_as_sent else None

    def _broken_off(self, place: Place, attempt: int) -> datetime | None:
        """When a loop ended because somebody's turn in it was missed."""
        ids = [TurnId(place.leg, turn.key, n) for turn in place.loop.turns for n in (attempt, attempt + 1)]
        times = [self.turns[id_].missed_at(self.now) for id_ in ids if id_ in self.turns]
        return min((at for at in times if at), default=None)

    def ends(self, turn: Turn, since: datetime | None) -> datetime:
        """When a turn that opened at `since` can no longer be written."""
        ends = self.history.closed_at or self.window.closes_at
        if turn.within and since is not None and (self._starts_openly(turn) or not turn.reaches_at_once):
            ends = min(ends, since + timedelta(days=turn.within.days, hours=turn.within.hours))
        return ends

    def _starts_openly(self, turn: Turn) -> bool:
        """True when the other partner knows of the moment too; else its end would tell when a private act was."""
        if turn.opens is None or turn.repeat:
            return not turn.repeat
        awaited = self.layout.turns.get(turn.opens.awaited)
        return turn.opens.when == "opened" or (awaited is not None and awaited.reaches_at_once)
