"""Explorers: one call that is a set of frames on the website and a set of sliders in Jupyter.

The one idea: a figure is a function of its values that returns a drawing and the sentence that says what is to be seen.
"""

from homolib.explore.explorer import explore, show

__all__ = ["explore", "show"]
