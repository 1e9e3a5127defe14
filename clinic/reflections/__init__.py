"""Reflections: drafts, words, openings, release, the counselor's notes and replies."""
