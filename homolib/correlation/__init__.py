"""The neural correlation N_z(w) = sum_i z_i H(x_i; w): its flow and its KKT points on the sphere. Chapters 6 and 7.

The one idea: near the origin the residual has no time to move, so training follows the flow of N, which splits into
neurons; their directions end at KKT points.
"""
