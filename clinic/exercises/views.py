"""Pages of the library of exercises."""

from flask import Blueprint

pages = Blueprint("exercises", __name__, url_prefix="/exercises")
