"""Homework: assignments, recipients, rounds, turns (state and times), recurrence."""
