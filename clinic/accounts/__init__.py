"""People who sign in: accounts, staff and roles, sign-ins and devices."""
