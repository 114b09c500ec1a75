"""Settings for the whole suite: the same examples every time, no clock in a property, and what runs beside what."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")

LONGEST = ("test_take_home", "test_sets", "test_end_to_end", "test_bad_input", "test_self_check", "test_scales")


def pytest_itemcollected(item):
    """With --dist loadgroup the tests of a file keep together, but those of pages by page."""
    page = getattr(item, "callspec", None) and item.callspec.params.get("page")
    by_page = item.path.stem == "test_pages" and page
    item.add_marker(pytest.mark.xdist_group(page if by_page else "-".join(item.path.parts[-3:])))


def pytest_collection_modifyitems(items):
    """The longest files begin first, and pages, each a small piece, come last: so no core waits for the other."""
    order = {name: place - len(LONGEST) for place, name in enumerate(LONGEST)} | {"test_pages": 1}
    items.sort(key=lambda item: order.get(item.path.stem, 0))
