"""Plausible wrong answers to the code problems of problem set 2: each loses marks on its own problem only."""

WRONG = {
    "sanded-for-a-while": {
        "kink ignored: the first of the highest alone": """
def sand(x, t):
    x = np.array(x, float)
    x[np.argmax(x)] -= t
    return x
""",
        "level planks fall at the full rate": """
def sand(x, t):
    x = np.asarray(x, float)
    return np.minimum(x, x.max() - t)
""",
        "all planks share the rate from the start": """
def sand(x, t):
    x = np.asarray(x, float)
    return x - t / len(x)
""",
        "unit speed along the kink": """
def sand(x, t):
    x = np.array(x, float)
    while t > 0:
        top = x >= x.max() - 1e-12
        lower = x[~top].max() if (~top).any() else -np.inf
        rate = 1 / np.sqrt(top.sum())
        step = min(t, (x.max() - lower) / rate)
        x[top] -= step * rate
        t -= step
    return x
""",
        "small steps": """
def sand(x, t):
    x = np.array(x, float)
    for _ in range(1000):
        x[np.argmax(x)] -= t / 1000
    return x
""",
    },
    "how-long-did-it-wait": {
        "time since it left, and not the wait": """
def waiting_time(start, end, t):
    (a, b), end = (float(c) for c in start), np.asarray(end, float)
    if b == 0 and a > 0:
        gone = math.asinh(abs(end[1]) / a)
        there = a * np.array([math.cosh(gone), math.copysign(math.sinh(gone), end[1])])
        return gone if gone <= t + 1e-12 and np.allclose(end, there) else math.nan
    there = hl.neuron_flow(*hl.datasets.mirrored(), a, [b], t).at(t)
    return 0.0 if np.allclose(end, there, rtol=1e-9, atol=1e-12) else math.nan
""",
        "norm forgotten: every start is (1, 0)": """
def waiting_time(start, end, t):
    (a, b), end = (float(c) for c in start), np.asarray(end, float)
    if b == 0 and a > 0:
        gone = math.asinh(abs(end[1]))
        if gone > t + 1e-12 or not math.isclose(end[0], math.cosh(gone), rel_tol=1e-9):
            return math.nan
        return max(t - gone, 0.0)
    there = hl.neuron_flow(*hl.datasets.mirrored(), a, [b], t).at(t)
    return 0.0 if np.allclose(end, there, rtol=1e-9, atol=1e-12) else math.nan
""",
        "upwards only": """
def waiting_time(start, end, t):
    (a, b), end = (float(c) for c in start), np.asarray(end, float)
    if b == 0 and a > 0:
        gone = math.asinh(end[1] / a)
        if not -1e-12 <= gone <= t + 1e-12 or not math.isclose(end[0], a * math.cosh(gone), rel_tol=1e-9):
            return math.nan
        return max(t - gone, 0.0)
    there = hl.neuron_flow(*hl.datasets.mirrored(), a, [b], t).at(t)
    return 0.0 if np.allclose(end, there, rtol=1e-9, atol=1e-12) else math.nan
""",
        "the kink lets go at once": """
def waiting_time(start, end, t):
    (a, b), end = (float(c) for c in start), np.asarray(end, float)
    for side in (1, -1) if b == 0 else (math.copysign(1, b),):
        there = a * math.cosh(t) + abs(b) * math.sinh(t), side * (a * math.sinh(t) + abs(b) * math.cosh(t))
        if np.allclose(end, there, rtol=1e-9):
            return 0.0
    return math.nan
""",
        "any point of the hyperbola, whatever the time": """
def waiting_time(start, end, t):
    (a, b), end = (float(c) for c in start), np.asarray(end, float)
    if b == 0 and a > 0:
        if not math.isclose(end[0] ** 2 - end[1] ** 2, a * a, rel_tol=1e-7):
            return math.nan
        return max(t - math.asinh(abs(end[1]) / a), 0.0)
    there = hl.neuron_flow(*hl.datasets.mirrored(), a, [b], t).at(t)
    return 0.0 if np.allclose(end, there, rtol=1e-9, atol=1e-12) else math.nan
""",
    },
    "a-rounded-kink": {
        "limits in the wrong order: epsilon first": """
def rounded(t, epsilon, log_r):
    return math.exp(log_r) + t
""",
        "limits in the wrong order: r first": """
def rounded(t, epsilon, log_r):
    return math.exp(min(log_r + t / epsilon, 700)) if log_r + t / epsilon < math.log(epsilon) else 0.0
""",
        "waits, then leaves: the limit and not the flow": """
def rounded(t, epsilon, log_r):
    wait = epsilon * max(math.log(epsilon) - log_r, 0.0)
    return max(math.exp(log_r), epsilon) + t - wait if t > wait else math.exp(log_r + t / epsilon)
""",
        "a start that underflows": """
def rounded(t, epsilon, log_r):
    r = math.exp(log_r)
    path = scipy.integrate.solve_ivp(lambda t, x: x / np.hypot(x, epsilon), (0, t), [r], rtol=1e-9, atol=1e-12)
    return float(path.y[0, -1])
""",
        "epsilon forgotten in the clock": """
def rounded(t, epsilon, log_r):
    def clock(q):
        root = math.hypot(1.0, math.exp(q))
        return root + q - math.log(1.0 + root)

    low = log_r - math.log(epsilon)
    q = scipy.optimize.brentq(lambda q: clock(q) - clock(low) - t, low, low + t + 1)
    return epsilon * math.exp(q)
""",
    },
}
