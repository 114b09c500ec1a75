"""The one flow of the book, dw/dt in sum_i z_i dH(x_i; w), with z frozen or following the training loss. Chapter 4.

The one idea: each neuron is carried as a direction and a log-norm, so that no start is too small.
"""
