"""What every test shares."""

from hypothesis import settings

# The same examples on every machine, and no deadline: a shared core is slow now and then, which is not a mistake.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
