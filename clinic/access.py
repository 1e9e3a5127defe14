"""Who somebody is, and the marks by which every route says whom it admits. Nothing is admitted without a mark."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from uuid import UUID

Mark = Literal[
    "public", "halfway", "enrolling", "signed_in", "clients", "staff", "counselors", "supervisors", "owners"
]
StaffRole = Literal["owner", "counselor", "supervisor", "emergency"]
Awaited = Literal["", "factor", "new factor", "passphrase"]
"""What somebody owes before anything opens: the second step, to set one up, or an own passphrase, in this order."""
OPEN_TO_WHO_OWES: dict[Mark, set[Awaited]] = {
    "halfway": {"factor", "new factor", "passphrase"},
    "enrolling": {"new factor"},
    "signed_in": {"passphrase"},
}
"""Who owes something reaches nothing but the pages on which it is settled."""
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class OwnSide:
    """A client's side of one couple: the partner row, the couple, and whether that couple is still open to it."""

    partner_id: UUID
    couple_id: UUID
    is_confirmed: bool = True


@dataclass(frozen=True)
class Viewer:
    """The one who looks or acts, as plain values; `NOBODY` for a visitor, `SYSTEM` for the house itself."""

    person_id: UUID | None = None
    practice_id: UUID | None = None
    session_id: UUID | None = None
    name: str = ""
    staff_id: UUID | None = None
    roles: frozenset[StaffRole] = frozenset()
    sides: tuple[OwnSide, ...] = ()
    is_system: bool = False
    awaits: Awaited = ""
    has_fresh_proof: bool = field(default=False, compare=False)

    @property
    def is_staff(self) -> bool:
        return self.staff_id is not None

    @property
    def is_client(self) -> bool:
        """Never of one who works here: joining asks for another sign-in, and a side only takes rights from staff."""
        return bool(self.sides) and not self.is_staff

    @property
    def is_nobody(self) -> bool:
        return self.person_id is None and not self.is_system

    @property
    def partner_ids(self) -> frozenset[UUID]:
        """Sides that are open: nothing private or conjoint opens before the counselor confirmed who joined."""
        return frozenset(side.partner_id for side in self.sides if side.is_confirmed)

    @property
    def couple_ids(self) -> frozenset[UUID]:
        """The couples of those sides."""
        return frozenset(side.couple_id for side in self.sides if side.is_confirmed)

    def holds(self, owner_kind: str, owner_id: UUID) -> bool:
        """True when this viewer may open words sealed under that key at all.

        A client's ring holds the own keys and the couple's, not the other partner's nor the counselors': a filter
        that somebody forgot yields nothing. Which couples staff may read is the row rule's matter.
        """
        if self.is_system or self.is_staff:
            return True
        own: dict[str, frozenset[UUID | None]] = {
            "partner": frozenset(self.partner_ids),
            "couple": frozenset(self.couple_ids),
            "person": frozenset({self.person_id}),
        }
        return owner_id in own.get(owner_kind, frozenset())

    def admitted(self, mark: Mark) -> bool:
        """True when a route with that mark lets this viewer in, before any row is fetched."""
        match mark:
            case "public":
                return True
            case "halfway" | "enrolling" | "signed_in":
                return not self.is_nobody and (not self.awaits or self.awaits in OPEN_TO_WHO_OWES[mark])
            case "clients":
                return self.is_client
            case "staff":
                return self.is_staff
            case "counselors":
                return bool(self.roles & {"counselor", "supervisor", "emergency"})
            case "supervisors":
                return "supervisor" in self.roles
            case "owners":
                return "owner" in self.roles


NOBODY = Viewer()
SYSTEM = Viewer(is_system=True, name="system")


def _marked(mark: Mark) -> Callable[[View], View]:
    def put(view: View) -> View:
        view.access_mark = mark  # type: ignore[attr-defined]  # functions carry attributes
        return view

    return put


public = _marked("public")
halfway = _marked("halfway")
enrolling = _marked("enrolling")
signed_in = _marked("signed_in")
clients = _marked("clients")
staff = _marked("staff")
counselors = _marked("counselors")
supervisors = _marked("supervisors")
owners = _marked("owners")


def fresh_proof(view: View) -> View:
    """Ask for the password again unless it was given within the last five minutes."""
    view.needs_fresh_proof = True  # type: ignore[attr-defined]
    return view


def fresh_proof_then(page: str) -> Callable[[View], View]:
    """The same for an act without a page of its own: its endpoint is where one goes on from after the proof."""

    def put(view: View) -> View:
        view.goes_on_from = page  # type: ignore[attr-defined]
        return fresh_proof(view)

    return put


def mark_of(view: Callable[..., Any]) -> Mark | None:
    """The mark that a view carries; None is a mistake that stops the start."""
    return getattr(view, "access_mark", None)
