"""Settings for the whole suite: the same examples every time, no clock in a property, and what runs beside what."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")

LONGEST = ("test_take_home", "test_sets", "test_end_to_end", "test_bad_input", "test_self_check", "test_scales")


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items):
    """With --dist loadgroup: the tests of a file keep together, but those of pages by page; the longest begin first."""
    for item in items:
        page = getattr(item, "callspec", None) and item.callspec.params.get("page")
        by_page = item.path.stem == "test_pages" and page
        item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}-{page}" if by_page else str(item.path)))
    order = {name: place - len(LONGEST) for place, name in enumerate(LONGEST)} | {"test_pages": 1}
    items.sort(key=lambda item: order.get(item.path.stem, 0))
