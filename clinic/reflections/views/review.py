"""The counselor's review."""
