"""What goes when the words of a partner end, table by table, and then the key that still opens them in every copy.

The same is done for one who asked and for one whose time is over, and again for whatever an old backup brings back.
What was opened to the other lies under the other's key and stays; so does what both agreed on, under the couple's.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select, update

from clinic import audit, shredded, vault
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import (
    CalendarLink,
    CodeApp,
    Contact,
    KeptForm,
    Passkey,
    Person,
    RecoveryCode,
    UserSession,
)
from clinic.appointments.models import AgendaItem
from clinic.consent.models import ConsentSignature
from clinic.couples.models import Concern, Couple, Partner
from clinic.documents.models import Document
from clinic.documents.queries import holds_words_of
from clinic.exercises import answers as shapes
from clinic.extensions import db
from clinic.homework.models import Recipient, RoundEvent, Turn
from clinic.mail import Letter
from clinic.practice import actions as practices
from clinic.practice import queries as practice_reads
from clinic.privacy import queries
from clinic.privacy.models import Disclosure, OwnCopy, RecordsRequest
from clinic.reflections.models import (
    Draft,
    KeptText,
    NoteToCounselor,
    Opening,
    Reflection,
    Reply,
    RoundReview,
    Words,
)
from clinic.safety.models import Clearance, Flag, Screening

ENDED = "A record that has ended"
NOBODY = "–"

GOES: tuple[tuple[Any, str], ...] = (
    (Draft, "partner_id"),
    (KeptText, "partner_id"),
    (NoteToCounselor, "partner_id"),
    (Reply, "to_id"),
    (Letter, "owner_id"),
)
"""Rows under a partner's key that go whole, by whose they are."""

EMPTIED: tuple[tuple[Any, str, str], ...] = (
    (Recipient, "plan", "partner_id"),
    (Disclosure, "told", "owner_id"),
    (ConsentSignature, "name", "partner_id"),
    (ConsentSignature, "pdf", "partner_id"),
)
"""Values that go out of rows which stay: that a paper was signed, and which, the practice must be able to show."""

CARRIED: tuple[tuple[Any, str, str], ...] = (
    (Opening, "answers", "to_id"),
    (Reflection, "readers", "partner_id"),
    (Words, "answers", "owner_id"),
)
"""Values that are not the partner's own words, sealed anew: what the other opened to this one, a fixed sentence, and
of what the other still waits for that it was declined."""


OF_A_PERSON: tuple[Any, ...] = (
    KeptForm,
    CodeApp,
    Passkey,
    RecoveryCode,
    Contact,
    CalendarLink,
)
"""Rows that go whole with a person."""


def shred_partner(partner: Partner, now: datetime) -> None:
    """Let all words go that are this partner's and lie with nobody else; the trail has a line of it."""
    partner.closed_at = partner.closed_at or now
    db.session.flush()
    _delete_documents(Document.couple_id == partner.couple_id, holds_words_of(partner))
    _delete_own(partner)
    with vault.house("shredding"):
        carried = [(row, name, getattr(row, name)) for row, name in _carried(partner.id)]
        _shred([("partner", partner.id)], now)
        for row, name, value in carried:
            setattr(row, name, value)
        db.session.flush()
    audit.record(_house(partner.practice_id), "shred", partner)
    if partner.person_id is not None and not queries.has_another_side(partner.person_id):
        _shred_person(partner.person_id, now)
    if all(queries.is_shredded(one) for one in partner.couple.partners):
        shred_couple(partner.couple, now)


def _delete_own(partner: Partner) -> None:
    for table, owner in GOES:
        db.session.execute(delete(table).where(getattr(table, owner) == partner.id))
    for table, name, owner in EMPTIED:
        mine = update(table).where(getattr(table, owner) == partner.id)
        db.session.execute(mine.values({f"{name}_sealed": None}))
    signed = update(ConsentSignature).where(ConsentSignature.partner_id == partner.id)
    db.session.execute(signed.values(state="none"))  # no certificate is made of them any more
    _forget_consents(partner)
    turns = select(Turn.id).where(Turn.partner_id == partner.id)
    db.session.execute(delete(AgendaItem).where(AgendaItem.turn_id.in_(turns)))
    db.session.execute(delete(OwnCopy).where(OwnCopy.person_id == partner.person_id))
    said = (Words.owner_kind == "partner", Words.owner_id == partner.id, Words.id.not_in(_unsaid(partner)))
    words = select(Words.id).where(*said)
    db.session.execute(update(Opening).where(Opening.words_id.in_(words)).values(words_id=None))
    db.session.execute(delete(Words).where(*said))
    db.session.execute(delete(Reflection).where(Reflection.partner_id == partner.id, *_without_words()))
    db.session.expire_all()


def _unsaid(partner: Partner) -> list[UUID]:
    """What still opens to the other as declined, since its author's words end: there is no word in it."""
    waiting = select(Words).join(Words.reflection).join(Reflection.turn)
    waiting = waiting.where(Turn.awaits_opening, Words.owner_kind == "partner", Words.owner_id == partner.id)
    with vault.house("shredding"):
        found = db.session.scalars(waiting).all()
        return [one.id for one in found if all(map(shapes.is_declined, one.answers.values()))]


def _forget_consents(partner: Partner) -> None:
    """What was said to a release stands readable in its round, and steers nothing any more."""
    sent = select(RoundEvent).where(RoundEvent.by_id == partner.id, RoundEvent.kind == "sent")
    for event in db.session.scalars(sent).all():
        event.detail = {name: said for name, said in event.detail.items() if name != "consent"}
    db.session.flush()


def _without_words() -> Iterable[Any]:
    """A sending of which nothing is left: neither in the joint record nor with the one to whom it was opened."""
    given = select(Opening.id).where(
        Opening.turn_id == Reflection.turn_id,
        Opening.revision == Reflection.revision,
        Opening.author_id == Reflection.partner_id,
    )
    return ~Reflection.words.any(), ~given.exists()


def _carried(partner_id: UUID) -> Iterable[tuple[Any, str]]:
    for table, name, owner in CARRIED:
        rows: Any = select(table).where(getattr(table, owner) == partner_id)
        yield from ((row, name) for row in db.session.scalars(rows).unique())


def _delete_documents(*which: Any) -> None:
    ids = select(Document.id).where(*which)
    asked = update(RecordsRequest).where(RecordsRequest.document_id.in_(ids))
    db.session.execute(asked.values(document_id=None))
    db.session.execute(delete(Document).where(*which))


def _shred(owners: Collection[vault.Owner], now: datetime) -> None:
    """First the list that outlives this database, then the keys in it."""
    connection = db.session.connection()
    files = current_app.config["SETTINGS"].shredded_files
    shredded.append(files, vault.key_ids(connection, owners), now)
    vault.shred(connection, owners)


def _house(practice_id: UUID) -> Any:
    return practices.house_of(practice_reads.by_id(practice_id))


# The person, when no other couple is left; the couple, when both are gone


def _shred_person(person_id: UUID, now: datetime) -> None:
    """Name and sign-in go, and nobody comes in by it again."""
    person, account = db.session.get_one(Person, person_id), sign_ins.account_of(person_id)
    house = _house(person.practice_id)
    if account is not None:
        accounts.close_account(house, account, now)
        db.session.execute(delete(UserSession).where(UserSession.account_id == account.id))
    for table in OF_A_PERSON:
        db.session.execute(delete(table).where(table.person_id == person_id))
    db.session.execute(delete(Letter).where(Letter.owner_id == person_id))
    _shred([("person", person_id)], now)
    person.name = NOBODY
    if account is not None:
        account.sign_in_name, account.sign_in_hash = NOBODY, secrets.token_hex(32)
        account.password_hash = NOBODY
    audit.record(house, "shred", person)


def shred_couple(couple: Couple, now: datetime) -> None:
    """Nobody is left whose record it is: joint words, names and what the counselors wrote of the two go as well."""
    _delete_documents(Document.couple_id == couple.id)
    sent = select(Reflection.id).where(Reflection.couple_id == couple.id)
    db.session.execute(delete(Opening).where(Opening.couple_id == couple.id))
    db.session.execute(delete(Words).where(Words.reflection_id.in_(sent)))
    db.session.execute(delete(Reflection).where(Reflection.couple_id == couple.id))
    told = update(Disclosure).where(Disclosure.couple_id == couple.id)
    db.session.execute(told.values(told_sealed=None))
    reviews = update(RoundReview).where(RoundReview.couple_id == couple.id)
    db.session.execute(reviews.values(note_sealed=None, quality_sealed=None, meets_sealed=None))
    db.session.execute(delete(Screening).where(Screening.couple_id == couple.id))
    db.session.execute(update(Flag).where(Flag.couple_id == couple.id).values(action_sealed=None))
    db.session.expire_all()
    for row in db.session.scalars(select(Concern).where(Concern.couple_id == couple.id)):
        row.title = NOBODY
    for decision in db.session.scalars(select(Clearance).where(Clearance.couple_id == couple.id)):
        decision.reason = NOBODY
    _shred([("couple", couple.id), *(("partner", one.id) for one in couple.partners)], now)
    couple.alias, couple.closed_at = ENDED, couple.closed_at or now
    for partner in couple.partners:
        partner.name = NOBODY
    audit.record(_house(couple.practice_id), "shred", couple)


# Again


def shred_again(ids: Collection[UUID], now: datetime) -> int:
    """Shred what a database holds of these keys, for it is older than their end; how many there were."""
    found = vault.owners_of(db.session.connection(), ids)
    partners = [id_ for kind, id_ in found if kind == "partner"]
    for row in db.session.scalars(select(Partner).where(Partner.id.in_(partners))).all():
        shred_partner(row, now)
    for kind, id_ in found:
        if kind == "couple" and (couple := db.session.get(Couple, id_)) and _is_there(kind, id_, ids):
            shred_couple(couple, now)
        if kind == "person" and _is_there(kind, id_, ids):
            _shred_person(id_, now)
    return len(found)


def _is_there(kind: vault.OwnerKind, id_: UUID, ids: Collection[UUID]) -> bool:
    """True when the key is one of these still: what was shredded with its partner has another by now."""
    return bool(set(vault.key_ids(db.session.connection(), [(kind, id_)])) & set(ids))
