"""docs/security.md and the program tell the same: how long a sign-in lasts, which keys, how packages stay new."""

import re
from datetime import timedelta
from pathlib import Path

from argon2 import Type

from clinic.accounts import actions, rules
from clinic.accounts.views import signing
from clinic.vault import VERSION

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ")
]


def said(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60} hours" if minutes >= 120 else f"{minutes} minutes"


def test_the_page_says_how_long_a_sign_in_lasts() -> None:
    for who, kind in (("somebody who works here", "staff"), ("a client", "client")):
        row = [who, said(rules.IDLE[kind]), said(rules.ABSOLUTE[kind]), said(rules.PROOF_LASTS)]
        assert row in ROWS
    assert set(rules.IDLE) == set(rules.ABSOLUTE) == {"staff", "client"}
    assert f"known again for {signing.DEVICE_LASTS // 86400} days" in PAGE


def test_nobody_lasts_longer_than_the_standard_allows() -> None:
    assert max(rules.IDLE.values()) <= timedelta(hours=1)
    assert max(rules.ABSOLUTE.values()) <= timedelta(hours=24)


def test_the_inventory_names_every_algorithm_that_stands_in_the_source() -> None:
    told = next(row for row in ROWS if row[0] == "passphrases")[-1]
    hasher = actions._argon2
    assert hasher.type is Type.ID
    assert told == f"Argon2id, {hasher.memory_cost // 1024} MiB, {hasher.time_cost} rounds"
    assert VERSION == b"\x01", "another envelope: tell of it on the page"
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "clinic").rglob("*.py"))
    found = set(re.findall(r"\b(AESGCM|HKDF|PasswordHasher|pyrage|pyotp|webauthn)\b", source))
    found |= {f"hazmat.{one}" for one in re.findall(r"hazmat\.primitives\.([\w.]+)", source)}
    names = {
        "AESGCM": "AES-256-GCM",
        "HKDF": "HKDF",
        "PasswordHasher": "Argon2id",
        "pyrage": "age",
        "pyotp": "TOTP",
        "webauthn": "WebAuthn",
        "hazmat.ciphers.aead": "AES-256-GCM",
        "hazmat.hashes": "SHA-256",
        "hazmat.kdf.hkdf": "HKDF",
    }
    assert found == set(names), "a primitive that the page does not know"
    assert all(name in PAGE for name in names.values())


def test_the_inventory_has_every_owner_of_a_key() -> None:
    owners = re.search(
        r"OwnerKind = Literal\[(.*?)\]", (ROOT / "clinic" / "vault.py").read_text(encoding="utf-8")
    )
    assert owners
    row = next(row[0] for row in ROWS if row[0].startswith("key of an owner"))
    assert {one.strip() for one in row.partition(":")[2].split(",")} == set(re.findall(r"\w+", owners[1]))


def test_the_page_says_how_soon_packages_are_renewed_and_the_way_is_there() -> None:
    assert "UPGRADE=1" in PAGE
    assert "--upgrade" in (ROOT / "Makefile").read_text(encoding="utf-8")
    days = [int(one) for one in re.findall(r"(?:within|every) (\d+) days", PAGE)]
    assert days == sorted(days)
    assert len(days) == 3
