"""Forms: one module a domain, and the fields they share. No queries, no current user: choices are handed in."""
