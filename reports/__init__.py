"""Paper: every document is made from a frozen summary, in a process that never sees the database."""
