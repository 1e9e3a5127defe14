"""Pages of safety."""

from flask import Blueprint

pages = Blueprint("safety", __name__, url_prefix="/safety")
