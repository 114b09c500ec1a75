"""Clarke subdifferentials as finite sets: polytopes with all their vertices. Chapter 3.

The one idea: a piecewise linear function has one gradient on each piece, and its Clarke subdifferential at a kink is
the convex hull of those of the pieces that meet there.
"""
