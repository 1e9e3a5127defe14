"""What is said to a browser about passkeys, and what to make of its answer; the library is loaded when first needed."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

SITE_NAME = "Notes"
"""As on the pages of clients: the list of passkeys on a device tells nobody more than that."""


class NoPasskey(Exception):
    """What the browser sent is not the answer of a passkey that belongs here."""


@dataclass(frozen=True)
class Site:
    """The name a passkey is bound to, and the origin at which it may be used."""

    host: str
    origin: str

    @property
    def takes_passkeys(self) -> bool:
        """Browsers bind them to a name, never to a bare address."""
        try:
            ip_address(self.host)
        except ValueError:
            return True
        return False


@dataclass(frozen=True)
class Held:
    """What the practice keeps of a passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def to_add(site: Site, handle: bytes, name: str, challenge: bytes, known: Iterable[bytes]) -> str:
    """What a browser is asked to make a passkey with (JSON); it always wants a finger, a face or a PIN."""
    import webauthn
    from webauthn.helpers import structs

    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=SITE_NAME,
            user_id=handle,
            user_name=name,
            challenge=challenge,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
        )
    )


def to_use(site: Site, challenge: bytes, known: Iterable[bytes]) -> str:
    """What a browser is asked to answer with a passkey (JSON); with none known it offers what it has."""
    import webauthn
    from webauthn.helpers import structs

    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site.host,
            challenge=challenge,
            allow_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in known],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def added(site: Site, answer: str, challenge: bytes) -> Held:
    """The new passkey; NoPasskey when the answer is anything else."""
    import webauthn

    found = _judged(
        webauthn.verify_registration_response,
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=site.host,
        expected_origin=site.origin,
        require_user_verification=True,
    )
    return Held(found.credential_id, found.credential_public_key, found.sign_count)


def named(answer: str) -> bytes:
    """The id of the passkey that an answer says it is of; nothing is proved by that."""
    from webauthn.helpers import parse_authentication_credential_json

    found = _judged(parse_authentication_credential_json, answer)
    return bytes(found.raw_id)


def used(site: Site, answer: str, challenge: bytes, held: Held) -> int:
    """The new count of a passkey that signed this challenge; NoPasskey when it did not."""
    import webauthn

    found = _judged(
        webauthn.verify_authentication_response,
        credential=answer,
        expected_challenge=challenge,
        expected_rp_id=site.host,
        expected_origin=site.origin,
        credential_public_key=held.public_key,
        credential_current_sign_count=held.sign_count,
        require_user_verification=True,
    )
    return int(found.new_sign_count)


def _judged(judge: Any, *args: Any, **named: Any) -> Any:
    """Whatever the library stumbles over was sent by a stranger: it is no passkey, and no error of ours."""
    try:
        return judge(*args, **named)
    except Exception as error:
        raise NoPasskey from error
