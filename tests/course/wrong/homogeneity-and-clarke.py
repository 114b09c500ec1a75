"""Plausible wrong answers to the code problems of problem set 1: each loses marks on its own problem only."""

WRONG = {
    "order-of-a-block": {
        "all weights instead of the block": """
def block_order(net, X, w, block):
    h = net.outputs(X, w)
    return float(w @ net.pullback(X, w, h) / (h @ h))
""",
        "hard-coded: every block has the order one": """
def block_order(net, X, w, block):
    return 2.0 if len(block) == net.size else 1.0
""",
        "outputs of both signs cancel": """
def block_order(net, X, w, block):
    ones = np.ones(len(X))
    return float(w[block] @ net.pullback(X, w, ones)[block] / net.outputs(X, w).sum())
""",
        "absolute values of the outputs": """
def block_order(net, X, w, block):
    ones = np.ones(len(X))
    return float(w[block] @ net.pullback(X, w, ones)[block] / np.abs(net.outputs(X, w)).sum())
""",
        "all weights scaled, and not the block": """
def block_order(net, X, w, block):
    return float(np.log2(np.linalg.norm(net.outputs(X, 2 * w)) / np.linalg.norm(net.outputs(X, w))))
""",
    },
    "a-clock-for-every-order": {
        "factor of the order forgotten": """
def clock(order, value, start, end):
    gain, k = math.log(end / start), order - 2
    if gain == 0:
        return 0.0
    if gain * value <= 0:
        return math.inf
    stretch = gain if k == 0 else -np.expm1(-k * gain) / k
    return float(start**-k * stretch / value)
""",
        "order two for all": """
def clock(order, value, start, end):
    gain = math.log(end / start)
    if gain == 0:
        return 0.0
    return gain / (2 * value) if gain * value > 0 else math.inf
""",
        "digits lost near two": """
def clock(order, value, start, end):
    k = order - 2
    if start == end:
        return 0.0
    if (end - start) * value <= 0:
        return math.inf
    if k == 0:
        return math.log(end / start) / (2 * value)
    return (start**-k - end**-k) / (k * order * value)
""",
        "sign of N ignored": """
def clock(order, value, start, end):
    gain, k = math.log(end / start), order - 2
    if gain == 0:
        return 0.0
    stretch = gain if k == 0 else -np.expm1(-k * gain) / k
    return abs(float(start**-k * stretch / (order * value))) if value else math.inf
""",
        "the logarithm near two": """
def clock(order, value, start, end):
    gain, k = math.log(end / start), order - 2
    if gain == 0:
        return 0.0
    if gain * value <= 0:
        return math.inf
    if abs(k) < 1e-4:
        return gain / (order * value)
    return float((start**-k - end**-k) / (k * order * value))
""",
    },
    "two-rates-at-a-kink": {
        "kink ignored": """
def rates(X, z, u, q):
    X, z, u, q = (np.asarray(a, float) for a in (X, z, u, q))
    slope = float(z * (X @ u > 1e-12) @ (X @ q))
    return slope, slope
""",
        "sum of the sets": """
def rates(X, z, u, q):
    X, z, u, q = (np.asarray(a, float) for a in (X, z, u, q))
    kink = np.abs(X @ u) <= 1e-12
    smooth = (z * (X @ q))[(X @ u > 0) & ~kink].sum()
    one_sided = smooth + (z * np.maximum(X @ q, 0))[kink].sum()
    return float(one_sided), float(smooth + np.maximum(z * (X @ q), 0)[kink].sum())
""",
        "the one-sided derivative for both": """
def rates(X, z, u, q):
    X, z, u, q = (np.asarray(a, float) for a in (X, z, u, q))
    kink = np.abs(X @ u) <= 1e-12
    smooth = (z * (X @ q))[(X @ u > 0) & ~kink].sum()
    one_sided = float(smooth + (z * np.maximum(X @ q, 0))[kink].sum())
    return one_sided, one_sided
""",
        "the smallest slope instead of the largest": """
def rates(X, z, u, q):
    X, z, u, q = (np.asarray(a, float) for a in (X, z, u, q))
    net = hl.TwoLayerReLU(1, X.shape[1])
    kink = np.abs(X @ u) <= 1e-12
    smooth = (z * (X @ q))[(X @ u > 0) & ~kink].sum()
    one_sided = smooth + (z * np.maximum(X @ q, 0))[kink].sum()
    S = hl.clarke_subdifferential(net, X, np.append(1.0, u), z)
    return float(one_sided), -S.support(np.append(0.0, -q))
""",
    },
    "safe-slopes": {
        "hard-coded: one half": """
def safe_slopes(X, z, u):
    return 0.5, 0.5
""",
        "sum of the sets: every slope is safe": """
def safe_slopes(X, z, u):
    return 0.0, 1.0
""",
        "all patterns, also those that do not occur": """
def safe_slopes(X, z, u):
    import itertools
    X, z, u = (np.asarray(a, float) for a in (X, z, u))
    kink = np.abs(X @ u) <= 1e-12
    if not kink.any():
        return 0.0, 1.0
    terms = z[kink, None] * X[kink]
    gradients = np.array(list(itertools.product([0, 1], repeat=int(kink.sum())))) @ terms
    equations = np.vstack([np.column_stack([gradients.T, -terms.sum(axis=0)]), np.append(np.ones(len(gradients)), 0)])
    target = np.append(np.zeros(len(gradients)), 1.0)
    right = np.append(np.zeros(X.shape[1]), 1.0)
    ends = [scipy.optimize.linprog(s * target, A_eq=equations, b_eq=right, bounds=(0, 1)).x[-1] for s in (1, -1)]
    return float(ends[0]), float(ends[1])
""",
        "a grid of eleven slopes": """
def safe_slopes(X, z, u):
    X, z, u = (np.asarray(a, float) for a in (X, z, u))
    S = hl.clarke_subdifferential(hl.TwoLayerReLU(1, X.shape[1]), X, np.append(1.0, u), z)
    kink = np.abs(X @ u) <= 1e-12
    base, step = z * ((X @ u > 0) & ~kink) @ X, (z * kink) @ X
    value = float(z @ np.maximum(X @ u, 0))
    c = np.linspace(0, 1, 11)
    safe = [x for x in c if S.contains(np.append(value, base + x * step))]
    return (float(min(safe)), float(max(safe))) if safe else (0.0, 1.0)
""",
    },
}
