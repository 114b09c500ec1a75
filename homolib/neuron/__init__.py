"""One neuron, followed exactly from kink to kink.

Chapters: `non-uniqueness`, `non-branching`, `who-branches`.

The one idea: between two kinks the flow of a neuron has a closed form, so the next kink is the root of an equation, and
there is no step size. At a kink a few numbers decide whether the neuron crosses it, slides along it, or may leave it on
either side; then solutions branch.

`neuron_flow` follows a ReLU neuron v sigma(u . x) up to where it branches, `neuron_flows` many of them. `ways_on` lists
the velocities at a kink; `branches` and `branch_tree` follow the solutions that begin with them.
`squared_neuron_flow` is for squared ReLU neurons, `Arcs` their correlation on the circle, and `neuron_ascent` climbs in
steps.

Examples
--------
The correlation v (max(0, u_1) + |u_2|): the neuron meets the kink u_2 = 0, slides along it while v < 0, and where v
changes sign three solutions go on:

>>> import homolib as hl
>>> X, z = [[1, 0], [0, 1], [0, -1]], [1, 1, 1]
>>> path = hl.neuron_flow(X, z, v0=-0.5, u0=[1, 0.05], t_end=2)
>>> [(event.kind, round(float(event.time), 3)) for event in path.events]
[('slide', 0.113), ('flip', 0.546), ('branch', 0.546)]
>>> len(hl.branches(X, z, -0.5, [1, 0.05], t_end=2, waits=[0]))
3
"""

from homolib.neuron.ascent import neuron_ascent
from homolib.neuron.branching import branch_tree, branches, branching_fractions, is_non_branching
from homolib.neuron.circle import Arcs
from homolib.neuron.relu_flow import Fates, neuron_flow, neuron_flows
from homolib.neuron.squared_flow import squared_neuron_flow
from homolib.neuron.ways_on import Undecided

__all__ = [
    "Arcs",
    "Fates",
    "Undecided",
    "branch_tree",
    "branches",
    "branching_fractions",
    "is_non_branching",
    "neuron_ascent",
    "neuron_flow",
    "neuron_flows",
    "squared_neuron_flow",
]
