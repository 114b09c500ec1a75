"""A report says what fails, keeps hypotheses apart from claims, and shows both sides."""

import numpy as np
import pytest

from homolib.bounds.report import Report, Row


def test_slack_and_verdict():
    assert Row("a", 1.0, 3.0).slack == 2
    assert Row("a", 1.0, 1.0).holds
    assert not Row("a", 1.0, 1.0 - 1e-9).holds
    assert not Row("a", np.nan, 1.0).holds
    assert not Row("a", 1.0, np.nan).holds


def test_a_failing_claim_fails_the_report_and_a_failing_hypothesis_does_not():
    claim, hypothesis = Row("claim", 2, 1), Row("assumption", 2, 1, hypothesis=True)
    assert not Report("r", [claim]).holds
    assert Report("r", [claim]).applies
    assert Report("r", [hypothesis]).holds
    assert not Report("r", [hypothesis]).applies


@pytest.mark.parametrize("render", [str, Report._repr_markdown_])
def test_both_sides_are_shown(render):
    text = render(Report("Lemma", [Row("x <= y", 1.25, 7.5), Row("y <= z", 9, 8)]))
    for piece in ("Lemma", "x <= y", "1.25", "7.5", "holds"):
        assert piece in text
    assert "fails" in text.lower()


def test_a_bar_in_a_name_does_not_break_the_table():
    line = Report("r", [Row("|w| <= 1", 0, 1)])._repr_markdown_().splitlines()[-1]
    assert line.count("|") == 7
