"""Documents as issued: sealed with the frozen summary that they were made from and its hash."""
