"""Cells of notebooks, run by nbval, say nothing on standard error: a warning there is a failure, as in any test."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Look through what the cell has put out."""
    yield
    said = [output.text for output in getattr(item, "test_outputs", None) or [] if output.get("name") == "stderr"]
    if said:
        pytest.fail("the cell says on standard error:\n" + "".join(said), pytrace=False)
