"""Safety: clearance of each partner, flags for the counselor, and the one ceiling. The strictest row rule."""
