"""The renderer of the copies' own tests."""

from tests.reports.conftest import fonts, renderer

__all__ = ["fonts", "renderer"]
