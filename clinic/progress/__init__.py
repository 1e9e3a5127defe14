"""Progress: what is to do and what has changed, for the counselor (Today, reports) and for clients (Now, Ours, Mine)."""
