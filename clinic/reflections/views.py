"""Pages of what people write."""

from flask import Blueprint

pages = Blueprint("reflections", __name__, url_prefix="/reflections")
