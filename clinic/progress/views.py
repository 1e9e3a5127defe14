"""Pages of progress: Today, the couple, and a client's home."""

from flask import Blueprint

pages = Blueprint("progress", __name__, url_prefix="/progress")
