"""`python -m bench [pdf|chromium|pages|writes ...] [--large]`: the table of targets, as ratios within one run."""

import argparse
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import chrome, pages, pdf, people, table, writes
from clinic import fonts, vault

NAMES = ("pages", "writes", "chromium", "pdf")
FEW, MANY, LARGE = 2_000, 20_000, 200_000


def main() -> None:
    """Measure what is named, or everything, and print the table."""
    asked = _asked()
    wanted = set(asked.names or NAMES)
    print(
        f"Python {platform.python_version()}, {platform.machine()}; ratios of one run count, single times do not."
    )
    with tempfile.TemporaryDirectory(prefix="goldseam-bench-") as name:
        folder = Path(name)
        fonts.build(folder / "fonts")
        for key, measure in _measures(folder, LARGE if asked.large else MANY).items():
            if key in wanted:
                start = time.monotonic()
                print(f"\n{table.shown(measure())}")
                print(f"{key}: measured in {time.monotonic() - start:.0f} s", flush=True)
    peak = (
        max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        // 1024
    )
    print(f"\npeak memory of the largest process of this run: {peak} MB")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What pages, writes and documents cost."
    )
    parser.add_argument("names", nargs="*", type=_known, help=f"some of {', '.join(NAMES)}; all without")
    parser.add_argument(
        "--large", action="store_true", help=f"{LARGE:,} couples instead of {MANY:,}; takes minutes"
    )
    return parser.parse_args()


def _known(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(NAMES)}")
    return name


def _measures(folder: Path, many: int) -> dict[str, Callable[[], list[table.Row]]]:
    """What can be measured; a practice is filled when the first one wants it."""
    houses: dict[int, people.House] = {}

    def house(couples: int) -> people.House:
        if couples not in houses:
            key_file = folder / "master.key"
            if not key_file.exists():
                vault.new_master_key(key_file)
            houses[couples] = people.fill(folder / str(couples), couples, key_file, folder / "fonts")
        return houses[couples]

    return {
        "pages": lambda: pages.rows(house(FEW), house(many), folder / "fonts"),
        "writes": lambda: writes.rows(house(FEW)),
        "chromium": lambda: chrome.rows(folder / "fonts"),
        "pdf": pdf.rows,
    }


if __name__ == "__main__":
    main()
