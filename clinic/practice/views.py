"""Pages of the practice."""

from flask import Blueprint

pages = Blueprint("practice", __name__, url_prefix="/practice")
