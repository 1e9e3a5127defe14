"""Pages of homework."""

from flask import Blueprint

pages = Blueprint("homework", __name__, url_prefix="/homework")
