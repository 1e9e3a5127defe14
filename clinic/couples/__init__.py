"""Couples: the two partners, who works with them, invitations, concerns and roles."""
