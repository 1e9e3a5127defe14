"""Appointments: when, where in time, with whom, held or not, and what is to be brought up."""
