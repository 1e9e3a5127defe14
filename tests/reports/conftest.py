"""One strict renderer for all tests of documents: a warning of the layout fails the document."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic import fonts as house
from reports.pdf import DOCUMENTS, Limits, Renderer


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "fonts"
    house.build(folder)
    return folder


@pytest.fixture(scope="session")
def renderer(fonts: Path) -> Iterator[Renderer]:
    renderer = Renderer(fonts, is_strict=True)
    yield renderer
    renderer.close()


@pytest.fixture(scope="module")
def bombed(fonts: Path) -> Iterator[Renderer]:
    """A renderer with small limits that also knows the document which goes wrong; a busy machine gets time."""
    yield from _with_bombs(fonts, Limits(memory=256 * 1024 * 1024, cpu=3, wall=60))


@pytest.fixture
def hasty(fonts: Path) -> Iterator[Renderer]:
    """The same, but the clock ends a document long before its computing does."""
    yield from _with_bombs(fonts, Limits(cpu=600, wall=3))


def _with_bombs(fonts: Path, limits: Limits) -> Iterator[Renderer]:
    renderer = Renderer(fonts, documents=(*DOCUMENTS, "tests.reports.bombs"), limits=limits)
    yield renderer
    renderer.close()
