"""Consent: each partner's own signatures on the practice's papers, and what they are worth today."""
