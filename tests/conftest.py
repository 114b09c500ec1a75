"""Settings for the whole suite: the same examples every time, no clock in a property, and what runs beside what."""

import re

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")

LONGEST = ("test_take_home", "test_sets", "test_end_to_end", "test_bad_input", "test_self_check", "test_scales")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The tests of a file keep together, as with --dist loadfile; but those of pages, half of the time, by page."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrPage(LoadFileScheduling):
        def _split_scope(self, nodeid):
            page = re.search(r"/test_pages\.py::\w+\[(.+)\]$", nodeid)
            return page[1] if page else super()._split_scope(nodeid)

    return ByFileOrPage(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items):
    """The longest files begin first, and pages, each a small piece, come last: so no core waits for the other."""
    order = {name: place - len(LONGEST) for place, name in enumerate(LONGEST)} | {"test_pages": 1}
    items.sort(key=lambda item: order.get(item.path.stem, 0))
