"""Settings for the whole suite: the same examples every time, and no clock in a property."""

from hypothesis import HealthCheck, settings

settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")
