"""What is given: the data, the loss, and the network. Chapter 1.

The one idea: a network has to know two things, its outputs H(x_i; w) and the pullback sum_i z_i dH(x_i; w) of any
numbers z; every flow of the book is made of these.
"""
