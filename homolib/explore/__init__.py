"""Explorers: one call that is a set of frames on the website and a set of sliders in Jupyter.

The one idea: a figure is a function of its values that returns a drawing and the sentence that says what is to be seen.

Examples
--------
>>> import homolib as hl
>>> explorer = hl.explore(hl.figures.one_kink, below=[-1.0, 1.0], above=[-1.0, 1.0])
>>> print(explorer.first.sentence)
Speeds -1 below and -1 above, no jump, so no kink: one solution, which crosses.
"""

from homolib.explore.explorer import explore, show

__all__ = ["explore", "show"]
