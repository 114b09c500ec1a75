"""The neural correlation N_z(w) = sum_i z_i H(x_i; w): its flow, and its KKT points on the sphere.

Chapters: `neural-correlation`, `ncf-flow`.

The one idea: near the origin the residual z has no time to move, so training follows the flow of N. It splits into
neurons; the direction of each moves by itself on the sphere and ends at a KKT point.

`value` is N, `ncf_flow` its flow, `kkt_points` lists where a direction can stop (`kkt_search` looks for some where they
cannot be listed), `kkt_residual` says how nearly a direction is one, and `flow_limit` which of them a start goes to.

Examples
--------
N(u) = 2 max(0, u_1)^2 + max(0, u_2)^2 has a maximum, a point at which it falls through, and an arc of zeros:

>>> import homolib as hl
>>> points = hl.kkt_points(hl.SquaredReLU(neurons=1, inputs=2), [[1, 0], [0, 1]], [2, 1])
>>> [(point.kind, round(point.value, 9)) for point in points]
[('max', 2.0), ('saddle', 1.0), ('flat', 0.0)]
>>> points.complete
True
"""

from homolib.correlation.kkt_planar import kkt_points
from homolib.correlation.kkt_point import KKTPoint, KKTPoints, kkt_residual
from homolib.correlation.kkt_search import kkt_search
from homolib.correlation.limit import FlowLimit, flow_limit, settled_flow
from homolib.correlation.ncf import ncf_flow, value

__all__ = [
    "FlowLimit",
    "KKTPoint",
    "KKTPoints",
    "flow_limit",
    "kkt_points",
    "kkt_residual",
    "kkt_search",
    "ncf_flow",
    "settled_flow",
    "value",
]
