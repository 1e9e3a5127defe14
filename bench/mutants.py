"""`make mutants`: small mistakes are made in access and vault, one at a time; their tests must notice each."""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TABLES = "tests/test_database.py::test_the_migrations_make_the_tables_that_the_models_name"
TESTS = {
    "clinic/access.py": ("tests/test_access.py",),
    "clinic/masters.py": ("tests/test_masters.py",),
    "clinic/shredded.py": ("tests/test_shredded.py",),
    "clinic/vault.py": (
        "tests/test_vault.py",
        "tests/test_vault_keys.py",
        "tests/test_vault_reading.py",
        "tests/test_vault_shredding.py",
        "tests/test_masters.py",
        TABLES,
    ),
}
PATIENCE, LATE = 180, -signal.SIGALRM
"""Seconds; a mutant that hangs is noticed, and told, for a machine that is too busy looks the same."""

HOUSE = {"clinic", "tests", "reports", "bench", "__main__"}
PAIRS = (
    *((ast.Eq, ast.NotEq), (ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.In, ast.NotIn), (ast.Is, ast.IsNot)),
    *((ast.And, ast.Or), (ast.Add, ast.Sub), (ast.BitAnd, ast.BitOr)),
)
UNORDERED = (".where", "or_", "and_")
"""Conditions that hold in any order."""
SWAPPED: dict[type[ast.AST], type[Any]] = dict(PAIRS) | {b: a for a, b in PAIRS}


@dataclass(frozen=True)
class Mutant:
    """One mistake: where, what it was, what it is now, and the whole file with it."""

    file: str
    line: int
    was: str
    now: str
    source: str


def values(node: ast.AST) -> Iterator[ast.AST]:
    """Other values that could stand in the place of this one."""
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value) | bytes(value)) if value:
            yield ast.Constant(value[:0])
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield ast.Compare(node.left, [SWAPPED[type(op)]()], node.comparators)
        case ast.BoolOp(op=op):
            yield from (ast.BoolOp(SWAPPED[type(op)](), node.values), node.values[0])
        case ast.BinOp(op=op) if type(op) in SWAPPED:
            yield ast.BinOp(node.left, SWAPPED[type(op)](), node.right)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand


def ways(node: ast.AST) -> Iterator[ast.AST]:
    """Other ways that the program could take here."""
    match node:
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.If():
            yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.Call(func, [first, second, *rest]) if not ast.unparse(func).endswith(UNORDERED):
            yield ast.Call(node.func, [second, first, *rest], node.keywords)


def left_out(tree: ast.Module) -> set[int]:
    """What says nothing to a machine: annotations, words of documentation and of messages, types of casts."""
    found: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            parts = [node.returns, *(one for one in node.decorator_list if "overload" in ast.unparse(one))]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            parts = [node.value]
        elif isinstance(node, ast.Raise):
            parts = list(ast.walk(node.exc)) if node.exc else []
        elif isinstance(node, ast.Assign) and re.search("Literal|TypeVar|ParamSpec", ast.unparse(node.value)):
            parts = [node.value]
        found |= {id(part) for top in parts if top for part in ast.walk(top)}
    return found


def mutants_of(file: str) -> Iterator[Mutant]:
    """Every mistake that can be made in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    silent = left_out(tree)
    for parent in list(ast.walk(tree)):
        for name, value in list(ast.iter_fields(parent)):
            places = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
            for place, node in places:
                if isinstance(node, ast.AST) and id(node) not in silent and hasattr(node, "lineno"):
                    for other in (*values(node), *ways(node)):
                        yield Mutant(
                            file, node.lineno, *_said(node, other), _with(tree, parent, name, place, other)
                        )


def _said(node: ast.AST, other: ast.AST) -> tuple[str, str]:
    return ast.unparse(node).splitlines()[0][:90], ast.unparse(other).splitlines()[0][:90]


def _with(tree: ast.Module, parent: ast.AST, name: str, place: int | None, other: ast.AST) -> str:
    """The source of the file with one node in the place of another; the tree stays as it was."""
    held = getattr(parent, name)
    setattr(parent, name, other if place is None else [*held[:place], other, *held[place + 1 :]])
    changed = ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree)))
    setattr(parent, name, held)
    return changed


def borrow() -> None:
    """Import what the house imports from others, once for all mutants; nothing of the house itself."""
    said = "import sys, tests.conftest; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in done.stdout.split():
        if name.partition(".")[0] not in HOUSE:
            with suppress(ImportError):
                import_module(name)


def tried(house: Path, mutant: Mutant | None, tests: tuple[str, ...]) -> int:
    """Run the tests in a copy of the house, in a process of its own: 0 when they pass, LATE when they take too long."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        result = 1
        try:
            result = _tried(house, mutant, tests)
        finally:  # whatever was raised: the folder is the parent's to delete
            os._exit(result)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _tried(house: Path, mutant: Mutant | None, tests: tuple[str, ...]) -> int:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1), os.dup2(silence, 2)
    os.chdir(house)
    if mutant is not None:
        (house / mutant.file).write_text(mutant.source, encoding="utf-8")
    sys.path.insert(0, str(house))
    import pytest  # in the child: nothing of the house is imported before

    plain = ("-x", "-q", "-n", "0", "--assert=plain")
    without = ("-p", "no:cacheprovider", "-p", "no:playwright", "-p", "no:base_url")
    return int(pytest.main([*plain, *without, *tests]))


def told(sample: list[Mutant], tests: Callable[[str], tuple[str, ...]]) -> list[Mutant]:
    """Try each in the copy and put the file back; those that nobody noticed."""
    alive = []
    with tempfile.TemporaryDirectory(prefix="goldseam-mutants-") as folder:
        house = Path(folder) / "house"
        leave = shutil.ignore_patterns(".venv", ".git", "var", "__pycache__", ".*_cache", "shots")
        shutil.copytree(ROOT, house, ignore=leave)
        for file in {one.file for one in sample}:
            if tried(house, None, tests(file)) != 0:
                raise SystemExit(f"The tests of {file} fail without any mutant.")
        for number, mutant in enumerate(sample, 1):
            if (result := tried(house, mutant, tests(mutant.file))) in {0, LATE}:
                how = "survived" if result == 0 else "too slow"
                print(
                    f"{number}: {how}: {mutant.file}:{mutant.line}  {mutant.was}  →  {mutant.now}", flush=True
                )
            if result == 0:
                alive.append(mutant)
            shutil.copy2(ROOT / mutant.file, house / mutant.file)
    return alive


def main() -> None:
    """Take a sample, try it, print the figure for each file."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sample", type=int, default=80, help="so many of each file; 0 for all")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--file", choices=TESTS, action="append")
    given = words.parse_args()
    sys.dont_write_bytecode = True
    borrow()
    for file in given.file or TESTS:
        every = list(mutants_of(file))
        size = min(given.sample or len(every), len(every))
        sample = random.Random(given.seed).sample(every, size)  # noqa: S311  # the same sample for the same seed
        alive = told(sample, TESTS.__getitem__)
        print(
            f"{file}: {size - len(alive)} of {size} noticed ({1 - len(alive) / size:.0%}), of {len(every)} possible"
        )


if __name__ == "__main__":
    main()
