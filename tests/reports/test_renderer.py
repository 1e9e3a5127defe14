"""The renderer survives whatever a document does, tells what was wrong, and asks for nothing from outside."""

import signal
import stat
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from clinic.progress.summary import Excerpt, Words
from reports.pdf import ROOT, Renderer, RenderFailed, command
from tests.reports import samples

BOMBS = {
    "colspan": "seconds of computing",
    "uses": "seconds of computing",
    "forever": "seconds of computing",
    "nested": "nested too deeply",
    "size": "could not be laid out",
    "hog": "MB of memory",
    "abort": "broke its renderer",
    "malformed": "not well formed",
}
ASKING = ("file", "web", "import", "background", "attachment", "asset", "inside")


@pytest.mark.parametrize(("kind", "reason"), BOMBS.items())
def test_bomb_ends_its_own_job_and_nothing_else(bombed: Renderer, kind: str, reason: str) -> None:
    before = _parent(bombed)
    with pytest.raises(RenderFailed, match=reason):
        bombed.render("bomb", kind, "A4")
    assert bombed.render("bomb", "none", "A4").startswith(b"%PDF")
    assert _parent(bombed) == before


def test_document_that_takes_too_long_is_stopped_by_the_clock(hasty: Renderer) -> None:
    with pytest.raises(RenderFailed, match="took longer than 3 seconds"):
        hasty.render("bomb", "forever", "A4")


@pytest.mark.parametrize("kind", ASKING)
def test_document_that_asks_for_an_address_fails(bombed: Renderer, kind: str) -> None:
    with pytest.raises(RenderFailed, match="from outside"):
        bombed.render("bomb", kind, "A4")


def test_small_picture_in_the_document_is_fine(bombed: Renderer) -> None:
    assert bombed.render("bomb", "picture", "A4").startswith(b"%PDF")


@pytest.mark.parametrize(
    "text", ["\n" * 20_000 + "end", "x" * 20_000, "<b>&amp;</b>" * 1_500, "\x00\ufffe\u202eend"]
)
def test_hostile_words_are_only_words(renderer: Renderer, text: str) -> None:
    excerpt = Excerpt(prompt=text[:200], words=(Words(by=1, text=text),))
    summary = replace(samples.empty(), excerpts=(excerpt,))
    assert renderer.render("progress", summary, "A4").startswith(b"%PDF")


def test_lone_surrogate_is_refused_with_a_sentence(renderer: Renderer) -> None:
    with pytest.raises(RenderFailed, match="cannot be written down"):
        renderer.render("progress", replace(samples.short(), alias="\ud800"), "A4")


def test_summary_of_another_document_is_refused(renderer: Renderer) -> None:
    with pytest.raises(RenderFailed, match="shape"):
        renderer.render("progress", samples.slip(), "A4")
    with pytest.raises(RenderFailed, match="no such document"):
        renderer.render("nothing", samples.slip(), "A4")


def test_four_requests_at_once_give_the_same_bytes_as_one(renderer: Renderer) -> None:
    summaries = [
        samples.short("couple"),
        samples.short("counselor"),
        samples.empty(),
        samples.short("partner_1"),
    ] * 2
    alone = [renderer.render("progress", summary, "A4") for summary in summaries[:4]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda summary: renderer.render("progress", summary, "A4"), summaries))
    assert together == alone * 2


def test_parent_that_was_killed_is_started_again(fonts: Path) -> None:
    renderer = Renderer(fonts)
    try:
        renderer.render("invitation", samples.slip(), "A4")
        psutil.Process(_parent(renderer)).kill()
        psutil.Process(_parent(renderer)).wait()
        assert renderer.render("invitation", samples.slip(), "A4").startswith(b"%PDF")
    finally:
        renderer.close()


def test_renderer_without_fonts_says_so_at_once(tmp_path: Path) -> None:
    renderer = Renderer(tmp_path)
    start = time.monotonic()
    with pytest.raises(RenderFailed, match="did not answer"):
        renderer.render("invitation", samples.slip(), "A4")
    renderer.close()
    assert time.monotonic() - start < 10


def test_parent_kept_by_serve_answers_at_its_socket_and_ends_on_term(fonts: Path, tmp_path: Path) -> None:
    at = tmp_path / "render.sock"
    with subprocess.Popen(command(fonts, at), cwd=ROOT) as parent:
        renderer = Renderer(fonts, at)
        assert renderer.render("invitation", samples.slip(), "Letter").startswith(b"%PDF")
        assert stat.S_IMODE(at.stat().st_mode) == 0o600
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(timeout=10) == 0
    assert not at.exists()


def test_workers_are_nice_and_leave_the_fonts_alone(bombed: Renderer) -> None:
    bombed.render("bomb", "none", "A4")
    parent = psutil.Process(_parent(bombed))
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(bombed.render, "bomb", "forever", "A4")
        time.sleep(0.5)
        assert [worker.nice() for worker in parent.children()] == [19]
        assert waiting.exception() is not None
    assert parent.nice() < 19


def test_a_worker_asks_no_thread_of_its_parent_for_fonts(fonts: Path) -> None:
    """Newer versions of Pango keep a thread with each font map; forked without it, a worker waited for ever."""
    slip = "msgspec.msgpack.encode(samples.slip())"
    told = f"""
        import os, sys, msgspec
        from pathlib import Path
        from reports.press import Press
        from tests.reports import samples
        press = Press(Path(sys.argv[1]), ["reports.invitation"])
        before, of_parent = press.pdf("invitation", "A4", {slip}), press._fonts.font_map
        if worker := os.fork():
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
        press.begin_anew()
        same = press.pdf("invitation", "A4", {slip}) == before
        os._exit(0 if same and press._fonts.font_map != of_parent else 3)
    """
    words = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(told), str(fonts)]
    assert subprocess.run(words, check=False, cwd=ROOT, timeout=60).returncode == 0


def _parent(renderer: Renderer) -> int:
    if renderer._own is None:
        renderer.render("invitation", samples.slip(), "A4")
    assert renderer._own is not None
    return renderer._own.pid
