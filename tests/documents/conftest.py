"""The renderer of the documents' own tests."""

from tests.reports.conftest import fonts, renderer

__all__ = ["fonts", "renderer"]
