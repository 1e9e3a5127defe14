"""Gives templates `icon(name)`: a line icon as inline SVG, silent to screen readers unless it is given a label."""

from __future__ import annotations

from functools import cache

from flask import Flask
from lucide.jinja import lucide
from markupsafe import Markup, escape


def icon(name: str, size: int = 20, label: str | None = None) -> Markup:
    """The lucide icon `name` at `size` px; with a label it speaks, without one it only decorates."""
    return _spoken(name, size, label) if label else _silent(name, size)


def _spoken(name: str, size: int, label: str) -> Markup:
    return _drawn(name, size, f'role="img" aria-label="{escape(label)}"')


@cache
def _silent(name: str, size: int) -> Markup:
    return _drawn(name, size, 'aria-hidden="true"')


def _drawn(name: str, size: int, voice: str) -> Markup:
    return Markup(_drawing(name, size).replace("<svg ", f"<svg {voice} ", 1))  # noqa: S704


@cache
def _drawing(name: str, size: int) -> str:
    return str(lucide(name, size=size, stroke_width=1.6, focusable="false", **{"class": "icon"}))


def init_app(app: Flask) -> None:
    app.jinja_env.globals["icon"] = icon
