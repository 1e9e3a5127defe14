"""Verbs of couples: create, invite, join, confirm, pause, separate."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from clinic import audit, mail, vault
from clinic.access import Viewer
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Account, Person
from clinic.couples import queries, rules, staffing
from clinic.couples.models import Concern, ConcernRole, Couple, Invitation, Partner
from clinic.couples.rules import CoupleError as CoupleError
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.vault import Owner


class NotInvited(CoupleError):
    """The link is not open (any more), or the secret is not the one; the reader learns no more than that."""


@dataclass(frozen=True)
class NewCouple:
    """What the counselor knows at the first meeting. `names` are the partners', position 1 first."""

    names: tuple[str, str]
    zone: str
    alias: str = ""


NO_RECOVERY_KEY = (
    "The recovery key of this practice has not been confirmed. Without it a lost key file would take every record with "
    "it. Whoever runs Goldseam here confirms it with: clinic recovery-key --confirm"
)


def create(viewer: Viewer, new: NewCouple, now: datetime) -> Couple:
    """A new couple with its two partners; whoever creates it works with it."""
    if viewer.practice_id is None or viewer.staff_id is None or "counselor" not in viewer.roles:
        raise CoupleError("Only a counselor creates a couple.")
    if practices.by_id(viewer.practice_id).recovery_kept_at is None:
        raise CoupleError(NO_RECOVERY_KEY)
    _must_be_a_zone(new.zone)
    alias = new.alias or " & ".join(new.names)
    couple = Couple(
        practice_id=viewer.practice_id, alias=alias, zone=new.zone, created_at=now, attention_at=now
    )
    couple.partners = [_partner(couple, position, name) for position, name in enumerate(new.names, start=1)]
    db.session.add(couple)
    audit.record(viewer, "create", couple)
    staffing.assign(viewer, couple, viewer.staff_id, now)
    return couple


def _partner(couple: Couple, position: int, name: str) -> Partner:
    return Partner(practice_id=couple.practice_id, couple_id=couple.id, position=position, name=name)


def describe(viewer: Viewer, couple: Couple, new: NewCouple) -> None:
    """Change the alias, the names or the zone; what was assigned keeps the zone it has."""
    _must_be_a_zone(new.zone)
    couple.alias, couple.zone = new.alias or " & ".join(new.names), new.zone
    for partner, name in zip(couple.partners, new.names, strict=True):
        if partner.name != name:
            partner.name = name
    audit.record(viewer, "describe", couple)


def _must_be_a_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CoupleError(f"{zone} is not the name of a time zone. Try one like Europe/Vienna.") from error


# Invitations


@dataclass(frozen=True)
class Invited:
    """What is shown once: the link's token and the secret that is given in person. Only their hashes are kept."""

    invitation: Invitation
    token: str
    secret: str


def invite(viewer: Viewer, partner: Partner, now: datetime, address: str | None = None) -> Invited:
    """A link for one partner, good for 72 hours and once; an earlier one ends.

    With an address the link goes there, too: without the digits nobody gets in with it. It is used for this one mail.
    """
    if partner.person_id is not None:
        raise CoupleError("Somebody has joined on this side already.")
    withdraw_invitations(viewer, partner, now)
    token, secret = secrets.token_urlsafe(32), rules.new_secret()
    invitation = Invitation(
        partner_id=partner.id,
        token_hash=token_hash(token),
        secret_hash=_secret_hash(token, secret),
        created_at=now,
        expires_at=now + rules.INVITATION_LASTS,
    )
    db.session.add(invitation)
    audit.record(viewer, "invite", invitation, partner=str(partner.id))
    if address is not None:
        _mail_the_link(partner, invitation, address, token, now)
    return Invited(invitation, token, secret)


def _mail_the_link(partner: Partner, invitation: Invitation, address: str, token: str, now: datetime) -> None:
    to: Owner = ("partner", partner.id)
    order = mail.Order(
        partner.practice_id,
        "invitation",
        invitation.id,
        to,
        address,
        invitation.expires_at,
        way=f"/join/{token}",
    )
    mail.post(order, now)


def withdraw_invitations(viewer: Viewer, partner: Partner, now: datetime) -> None:
    """End the links of a partner that nobody used."""
    for row in queries.open_invitations([partner.id], now).values():
        row.revoked_at = now
        _stop_mail(row, now)
        audit.record(viewer, "withdraw invitation", row, partner=str(partner.id))


def _stop_mail(invitation: Invitation, now: datetime) -> None:
    mail.cancel(now, mail.Letter.kind == "invitation", mail.Letter.event_id == invitation.id)


def token_hash(token: str) -> str:
    """What is kept of a link."""
    return sign_ins.hash_of(token)


def _secret_hash(token: str, secret: str) -> str:
    # Keyed, since six digits could be guessed from a stolen table; bound to the link it belongs to.
    return vault.keyed_hash("invitation", f"{token}:{rules.plain_secret(secret)}")


def is_open(invitation: Invitation | None, now: datetime) -> bool:
    """True while somebody can still join by it."""
    if invitation is None or invitation.partner.person_id is not None:
        return False
    return rules.is_open(
        expires_at=invitation.expires_at,
        used_at=invitation.used_at,
        revoked_at=invitation.revoked_at,
        failures=invitation.failures,
        now=now,
    )


def has_secret(invitation: Invitation | None, token: str, secret: str, now: datetime) -> bool:
    """Judge a secret and count it when it is wrong; the fifth wrong one ends the invitation."""
    if invitation is None or not is_open(invitation, now):
        raise NotInvited("This link is not open any more. Your counselor can give you a new one.")
    if compare_digest(invitation.secret_hash, _secret_hash(token, secret)):
        return True
    _count_wrong(invitation, "wrong secret", now)
    return False


def count_taken_name(invitation: Invitation | None, now: datetime) -> None:
    """A sign-in name that somebody has is a wrong try, too: who holds the digits must not find out name by name."""
    if invitation is not None and is_open(invitation, now):
        _count_wrong(invitation, "taken name", now)


def _count_wrong(invitation: Invitation, what: str, now: datetime) -> None:
    invitation.failures += 1
    if invitation.failures >= rules.TRIES:
        invitation.revoked_at = now
        _stop_mail(invitation, now)
    audit.record(_nobody_in(invitation), what, invitation, failures=invitation.failures)


def _nobody_in(invitation: Invitation) -> Viewer:
    return Viewer(practice_id=invitation.partner.practice_id)


def join_as_new(invitation: Invitation, name: str, chosen: accounts.NewSignIn, now: datetime) -> Account:
    """Somebody new takes the side: a person and an account of their own. Call after has_secret, in its transaction."""
    person = Person(practice_id=invitation.partner.practice_id, name=name)
    db.session.add(person)
    account = accounts.open_account(person, chosen, now)
    _join(invitation, person, now)
    return account


def join_with(invitation: Invitation, account: Account, now: datetime) -> Account:
    """Somebody who has a sign-in takes the side with it, as in a second couple."""
    partner, person = invitation.partner, account.person
    if person.practice_id != partner.practice_id:
        raise CoupleError("That sign-in belongs to another practice. Please choose a new one for this one.")
    if sign_ins.staff_of_person(person.id) is not None:
        raise CoupleError(
            "That is a sign-in for work. Please join with one of your own that is not for work."
        )
    if any(one.person_id == person.id for one in partner.couple.partners):
        raise CoupleError("That sign-in is the other one's in this couple. Please use your own.")
    _join(invitation, person, now)
    return account


def _join(invitation: Invitation, person: Person, now: datetime) -> None:
    if not is_open(invitation, now):
        raise NotInvited("This link is not open any more. Your counselor can give you a new one.")
    invitation.used_at = now
    _stop_mail(invitation, now)
    partner = invitation.partner
    partner.person_id, partner.joined_at = person.id, now
    partner.couple.attention_at = now
    audit.record(Viewer(person_id=person.id, practice_id=person.practice_id), "join", partner)


def confirm(viewer: Viewer, partner: Partner, now: datetime) -> None:
    """The counselor says that the one who joined is the one who was invited; only then anything opens."""
    if partner.person_id is None:
        raise CoupleError("Nobody has joined on this side yet.")
    if partner.confirmed_at is None:
        partner.confirmed_at, partner.confirmed_by_id = now, viewer.staff_id
        audit.record(viewer, "confirm", partner)


def refuse(viewer: Viewer, partner: Partner, now: datetime) -> None:
    """Somebody else joined: the side is free again, and an account without another side is closed."""
    if partner.person_id is None or partner.confirmed_at is not None:
        raise CoupleError("There is nobody to refuse on this side.")
    person_id, partner.person_id, partner.joined_at = partner.person_id, None, None
    audit.record(viewer, "refuse", partner)
    has_more = db.session.scalar(select(Partner.id).where(Partner.person_id == person_id))
    account = sign_ins.account_of(person_id)
    if account is not None and has_more is None and sign_ins.staff_of_person(person_id) is None:
        accounts.close_account(viewer, account, now)


def resettable(viewer: Viewer, partner: Partner) -> Account | None:
    """The account that gets a new passphrase in person. Who makes it could sign in with it: it may open no more than
    this counselor reads anyhow. What more it opens is not said."""
    account = sign_ins.account_of(partner.person_id) if partner.person_id else None
    if account is not None and not queries.is_within(viewer, account.person_id):
        raise CoupleError(
            "This sign-in opens more than you work with, so no new passphrase is made here. Whoever runs the program"
            " for the practice makes one, with you and your client there: clinic reset-passphrase."
        )
    return account


# Concerns


def name_concern(
    viewer: Viewer, couple: Couple, title: str, roles: Mapping[UUID, str], now: datetime
) -> Concern:
    """What the couple works on, with each partner's role in it. Only the counselors read it."""
    if set(roles.values()) - set(rules.ROLES) or set(roles) != {one.id for one in couple.partners}:
        raise CoupleError("Choose a role for each of the two.")
    concern = Concern(couple_id=couple.id, practice_id=couple.practice_id, title=title, opened_at=now)
    concern.roles = [
        ConcernRole(concern_id=concern.id, partner_id=one, role=role) for one, role in roles.items()
    ]
    db.session.add(concern)
    audit.record(viewer, "name concern", concern)
    return concern


def close_concern(viewer: Viewer, concern: Concern, now: datetime) -> None:
    """The work on this concern is done."""
    if concern.closed_at is None:
        concern.closed_at = now
        audit.record(viewer, "close concern", concern)


# The couple as a whole


def pause(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """Hold everything for both, in one act; drafts stay with their authors."""
    if couple.paused_at is None:
        couple.paused_at = now
        queries.above().weigh(couple.id, now)
        audit.record(viewer, "pause", couple)


def resume(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """Go on after a pause."""
    if couple.paused_at is not None:
        couple.paused_at, couple.resumed_at = None, now
        audit.record(viewer, "resume", couple)


def separate(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """The two are no couple any more: all that they had open closes, and each keeps what could be read today."""
    if couple.separated_at is not None:
        raise CoupleError("This couple has been separated already.")
    couple.separated_at = now
    queries.above().sever(viewer, couple, now)
    queries.above().weigh(couple.id, now)
    audit.record(viewer, "separate", couple)
