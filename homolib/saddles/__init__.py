"""Saddles of the training loss, escapes from them, and the staircases they make. Chapters 11 and 12.

The one idea: for the neurons that are zero a saddle is an origin, with the residual in the place of the labels.
"""
