"""Progress: the counselor's day, one couple on one page, a client's home, and reports for a named audience."""
