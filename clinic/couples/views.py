"""Pages of couples."""

from flask import Blueprint

pages = Blueprint("couples", __name__, url_prefix="/couples")
