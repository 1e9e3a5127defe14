"""The practice: letterhead, secrets policy, crisis resources."""
