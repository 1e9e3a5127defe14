"""What we build on: locked by hash, and none of it older than the holes that are known of it."""

import re
from pathlib import Path

import pytest
from packaging.version import Version

FOLDER = Path(__file__).parent.parent / "requirements"
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
AT_LEAST = {
    "weasyprint": "69.0",  # redirects around the fetcher, attachments, styles by hints
    "flask": "3.1.1",  # order of fallback keys
    "werkzeug": "3.1.4",  # names of devices, parts of forms
    "jinja2": "3.1.6",  # out of the sandbox by attr
    "cryptography": "44.0.1",
    "pydyf": "0.11",
    "urllib3": "2.5",
    "pillow": "11.3",
    "brotli": "1.2",  # bombs
    "fonttools": "4.60.2",  # writing anywhere by designspace
}


@pytest.mark.parametrize("name", ["run", "dev", "browser"])
def test_every_package_is_locked_by_hash(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text()
    entries = re.split(r"\n(?=\S)", text)
    packages = [one for one in entries if not one.startswith("#")]
    assert len(packages) > 20
    assert not [one.splitlines()[0] for one in packages if "--hash=sha256:" not in one or "==" not in one]
    assert "--index-url" not in text
    assert "://" not in text
    assert "--require-hashes" in (FOLDER / "install.sh").read_text()


def test_no_package_is_older_than_its_known_holes() -> None:
    found = {name: Version(version) for name, version in LOCKED.findall((FOLDER / "run.txt").read_text())}
    assert {"weasyprint", "flask", "werkzeug", "jinja2", "cryptography"} <= set(found)
    old = {
        name: str(found[name])
        for name, least in AT_LEAST.items()
        if found.get(name, Version("9999")) < Version(least)
    }
    assert not old
