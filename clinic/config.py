"""Settings from the environment, all with the prefix CLINIC_, read once and frozen."""

import os
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from clinic.shredded import BESIDE_BACKUPS

PREFIX = "CLINIC_"
PASSWORD = re.compile(r"(?<=\w):[^/@]*@")


class UnsafeSettings(ValueError):
    """The settings do not allow a safe start; the message names the setting and the cure."""


@dataclass(frozen=True)
class Settings:
    """What the outside decides. Paths are absolute; `database_url` defaults to a file in `data_dir`."""

    data_dir: Path
    database_url: str = ""
    key_file: Path = Path()
    base_url: str = "http://localhost:8000"
    trusted_hosts: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    web_workers: int = 2
    proxies: int = (
        0  # how many proxies of the practice's own stand in front; their word on the caller is taken
    )
    anchor_file: Path = Path()
    shredded_file: Path = Path()
    backup_dir: Path = Path()
    backup_hours: int = 24  # a backup is made so often; 0: none by itself
    backup_keep: int = 14
    smtp_url: str = ""  # where mail goes, see mail.py; empty: no mail is sent
    mail_from: str = ""  # the address that mail comes from
    demo: bool = False
    testing: bool = False

    @classmethod
    def from_environment(cls, **overrides: object) -> Self:
        """Read CLINIC_DATA_DIR, CLINIC_DATABASE_URL, CLINIC_KEY_FILE and so on; overrides win."""
        found: dict[str, object] = {}
        for field in fields(cls):
            raw = os.environ.get(PREFIX + field.name.upper())
            if raw is not None:
                found[field.name] = _parse(field.name, raw)
        found.update(overrides)
        data_dir = Path(str(found.get("data_dir", "var/practice"))).absolute()
        found["data_dir"] = data_dir
        found.setdefault("database_url", f"sqlite:///{data_dir / 'clinic.sqlite'}")
        found["key_file"] = key_file = Path(str(found.get("key_file", data_dir / "master.key"))).absolute()
        beside = key_file.with_suffix(".anchor")  # apart from the database, as the key is
        found["anchor_file"] = Path(str(found.get("anchor_file", beside))).absolute()
        gone = key_file.with_suffix(".shredded")
        found["shredded_file"] = Path(str(found.get("shredded_file", gone))).absolute()
        found["backup_dir"] = Path(str(found.get("backup_dir", data_dir / "backups"))).absolute()
        base = urlsplit(str(found.get("base_url", cls.base_url))).hostname or "localhost"
        found.setdefault("trusted_hosts", (base, "localhost", "127.0.0.1"))
        return cls(**found)  # type: ignore[arg-type]  # every value was parsed by its field's name above

    @property
    def is_https(self) -> bool:
        """True when people reach the practice over TLS; cookies are marked Secure then."""
        return self.base_url.startswith("https://")

    @property
    def staff_need_factor(self) -> bool:
        """True when nobody works here with a passphrase alone; only the invented people of a demo do."""
        return not self.demo

    @property
    def sends_mail(self) -> bool:
        """True when mail goes out from here; without it no page offers any."""
        return bool(self.smtp_url)

    @property
    def origin(self) -> str:
        """Where browsers see the practice: what a passkey is bound to, with the host alone as its name."""
        base = urlsplit(self.base_url)
        return f"{base.scheme}://{base.netloc}"

    @property
    def site_host(self) -> str:
        """The name of that place."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def backs_up(self) -> bool:
        """True when backups are made by themselves; a demo is made anew instead."""
        return bool(self.backup_hours) and not (self.demo or self.testing)

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database; None for a database with backups of its own."""
        start = "sqlite:///"
        return Path(self.database_url.removeprefix(start)) if self.database_url.startswith(start) else None

    @property
    def shredded_files(self) -> tuple[Path, Path]:
        """The list of shredded keys: apart from the database, and once more beside the backups."""
        return self.shredded_file, self.backup_dir / BESIDE_BACKUPS

    @property
    def fonts_dir(self) -> Path:
        """Where the subset fonts lie, made at set-up."""
        return self.data_dir / "fonts"

    def shown(self, name: str) -> str:
        """A setting as it may stand on a screen: without the password of the mail server."""
        return PASSWORD.sub(":***@", str(getattr(self, name)))

    def sources(self) -> dict[str, str]:
        """For each setting where its value comes from: `environment` or `default`."""
        return {
            f.name: "environment" if PREFIX + f.name.upper() in os.environ else "default"
            for f in fields(self)
        }


def _parse(name: str, raw: str) -> object:
    """One setting's text as its type; a mistake names the setting and what is allowed."""
    if name in {"port", "web_workers", "proxies", "backup_hours", "backup_keep"}:
        if not raw.isdigit():
            raise UnsafeSettings(f"{PREFIX}{name.upper()} is {raw!r}; a whole number is needed.")
        return int(raw)
    if name in {"demo", "testing"}:
        return raw.lower() in {"1", "true", "yes"}
    if name == "trusted_hosts":
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    return raw
