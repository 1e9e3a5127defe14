"""Rights of people in their record: a copy of what is theirs."""
