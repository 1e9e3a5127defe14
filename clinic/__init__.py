"""Goldseam: a practice toolkit for counselors who help couples restore trust."""
