"""Settings for the whole suite: the same examples every time, and no clock in a property."""

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")
