"""The closed door of the renderer: its own fonts at the start and small data: pictures; nothing else, ever."""

from pathlib import Path
from urllib.parse import unquote_to_bytes

from weasyprint.urls import URLFetcher, URLFetcherResponse

ASSET = "asset:"
PICTURES = ("data:image/png", "data:image/jpeg", "data:image/svg+xml")
PICTURE_BYTES = 512 * 1024


class Refused(ValueError):
    """An address that no document of this project may ask for."""


class ClosedFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """Serves the files of one flat folder by `asset:<name>` and small data: pictures.

    WeasyPrint swallows what a fetcher raises, so every refusal is also kept in `refusals`: the job must look there.
    """

    def __init__(self, assets: Path | None = None) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self.refusals: list[str] = []
        self._assets = {path.name: path for path in assets.iterdir()} if assets else {}

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Answer with the asset or the picture, or record the refusal and raise it."""
        if url.startswith(ASSET) and (asset := self._assets.get(url.removeprefix(ASSET))):
            return URLFetcherResponse(url, asset.read_bytes())
        if url.startswith(PICTURES) and len(unquote_to_bytes(url)) <= PICTURE_BYTES * 4 // 3:
            return super().fetch(url, headers)
        # Only the scheme: an address can carry a client's words.
        self.refusals.append(url.partition(":")[0][:20])
        raise Refused("This address is closed to documents.")
