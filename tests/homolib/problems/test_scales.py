"""Times so long that log-norms leave the range of floats, at the scale of their data."""

import re

import pytest

from homolib.problems.scales import unit_time


@pytest.mark.parametrize("power", [-20, 0, 300, 980])
def test_the_longest_time_that_a_refusal_names_is_about_the_longest(power):
    with pytest.raises(ValueError, match=r"^t_end: ") as refused:
        unit_time(1e308, power)
    longest = float(re.search(r"at most (\S+):", str(refused.value)).group(1))
    assert unit_time(longest / 4, power)[1] == power
    with pytest.raises(ValueError, match=r"^t_end: "):
        unit_time(longest * 4, power)
