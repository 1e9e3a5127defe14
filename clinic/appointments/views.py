"""Pages of appointments."""

from flask import Blueprint

pages = Blueprint("appointments", __name__, url_prefix="/appointments")
