"""What may not stand in the source: statements, patterns, markup and commands made of what came in."""

import ast
import re
import re._parser as shapes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FILES = sorted(file for part in ("clinic", "forms", "reports") for file in (ROOT / part).rglob("*.py"))
ASKS = {"execute", "exec_driver_sql", "text", "executescript", "scalars", "scalar"}
OWN_WORDS = {
    "clinic/audit.py",  # triggers, from words of its own
    "clinic/extensions.py",  # names of settings, and a bound of our own
    "clinic/backup.py",  # tables that the database names
}
MARKED_UP = {
    "clinic/exercises/prose.py",  # cleaned right there
    "clinic/web.py",  # a drawing of numbers
    "clinic/icons.py",  # drawings of the house
    "clinic/accounts/views/keeping.py",  # with its values escaped
    "reports/invitation.py",  # numbers
}
RUNS = {"eval", "exec", "compile", "__import__", "render_template_string", "from_string", "popen", "system"}
APART = {
    r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z",  # names in files of exercises
    r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",  # an address for mail
}
"""Each turn of the outer repeat begins with a character that the inner one lacks."""
READS_XML = {"reports/press.py"}
"""Our own templates, with words escaped, in which no entity is declared."""
UNSAFE = {
    "pickle",
    "marshal",
    "shelve",
    "yaml",
    "xml",
    "lxml",
    "requests",
    "httpx",
    "urllib.request",
    "ftplib",
}


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """(file, name, call) of every call in the source."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                yield str(file.relative_to(ROOT)), name, node


def is_put_together(node: ast.expr) -> bool:
    """True for a text that is made of parts while the program runs."""
    if isinstance(node, ast.JoinedStr):
        return True
    is_format = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format"
    return is_format or (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add | ast.Mod)
        and any(
            isinstance(one, ast.Constant) and isinstance(one.value, str) for one in (node.left, node.right)
        )
    )


def test_no_statement_is_put_together_from_what_came_in() -> None:
    found = {
        file for file, name, call in calls() if name in ASKS and call.args and is_put_together(call.args[0])
    }
    assert found - {file for file in found if file.startswith("clinic/migrations/")} <= OWN_WORDS
    assert len(list(calls())) > 5000


def test_nothing_that_comes_in_is_run_or_taken_for_markup() -> None:
    assert not [f"{file}: {name}" for file, name, call in calls() if name in RUNS and _is_risky(name, call)]
    assert {file for file, name, _ in calls() if name == "Markup"} <= MARKED_UP
    assert not [file for file, _, call in calls() if any(one.arg == "shell" for one in call.keywords)]


def _is_risky(name: str, call: ast.Call) -> bool:
    """Patterns are compiled, too; those are looked at below."""
    return not (
        name == "compile" and isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "re"
    )


def test_nothing_is_unpacked_fetched_or_read_as_an_object() -> None:
    wrong = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(one in UNSAFE or one.split(".")[0] in UNSAFE for one in names):
                wrong.append(str(file.relative_to(ROOT)))
    assert set(wrong) <= READS_XML


def test_secrets_come_from_the_systems_randomness_and_hashes_are_strong() -> None:
    """Chance for a story is the demo's alone; no hash that is known to be weak has any use."""
    for file in FILES:
        text, place = file.read_text(encoding="utf-8"), str(file.relative_to(ROOT))
        assert not re.search(r"\b(md5|sha1|MD5|SHA1|ECB|DES|RC4)\b", text), place
        assert place.startswith("clinic/demo/") or not re.search(
            r"^(import|from) random\b", text, re.MULTILINE
        ), place


def test_templates_mark_only_our_own_words_as_safe() -> None:
    """What is called safe is a constant of the template, never a value."""
    for file in (ROOT / "templates").rglob("*.html"):
        for before in re.findall(r"(.)\s*\|\s*safe\b", file.read_text(encoding="utf-8")):
            assert before in "\"'", file
        assert "autoescape" not in file.read_text(encoding="utf-8"), file


def patterns() -> list[str]:
    """Every pattern of the house, whether compiled or used at once."""
    found = []
    for _, name, call in calls():
        is_of_re = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "re"
        if (is_of_re or name == "Regexp") and call.args and isinstance(call.args[0], ast.Constant):
            found.append(str(call.args[0].value))
    return found


def repeats(parsed: Any, inside: bool = False) -> Iterator[str]:
    """Repeats without a bound that lie inside another one: on these a pattern can think for ever."""
    for kind, value in parsed:
        if kind in (shapes.MAX_REPEAT, shapes.MIN_REPEAT):
            is_endless = value[1] is shapes.MAXREPEAT
            if is_endless and inside:
                yield str(value)
            yield from repeats(value[2], inside or is_endless)
        elif kind is shapes.SUBPATTERN:
            yield from repeats(value[3], inside)
        elif kind is shapes.BRANCH:
            for branch in value[1]:
                yield from repeats(branch, inside)


def test_no_pattern_of_the_house_repeats_what_repeats() -> None:
    found = patterns()
    assert len(found) > 8
    wrong = [one for one in found if list(repeats(shapes.parse(one)))]
    assert not [one for one in wrong if one not in APART], wrong
    assert list(repeats(shapes.parse(r"(a+)+b")))
    assert list(repeats(shapes.parse(r"(x|y*)*z")))
