"""A couple at work, as in the tests of reflections."""

from tests.reflections.conftest import ahead, work

__all__ = ["ahead", "work"]
