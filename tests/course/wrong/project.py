"""Plausible wrong answers to the code problems of the set: each loses marks on its problem, and on no other."""

_DATA = """
def my_data(seed):
    rng = np.random.default_rng(seed)
    turns = (np.arange(24) + rng.uniform(0.2, 0.8, 24)) / 24 * 2 * np.pi
    here = rng.uniform(0, 2 * np.pi)
    strength = rng.uniform(1.5, 3)
    near, far = np.maximum(0, np.cos(turns - here)), np.maximum(0, np.cos(turns - here - 2.9))
    return np.stack([np.cos(turns), np.sin(turns)], axis=1), strength * near**2 + 0.75 * strength * far**2
"""

_FORECAST = """
def my_forecast(X, y, U, delta):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)

    def excess(t):
        angle, gain = arcs.flow(theta, t)
        return np.logaddexp.reduce(2 * (log_length + gain) + np.log(arcs.value(angle))) - np.log(0.005 * (y @ y))

    time = scipy.optimize.brentq(excess, 0, 10 * np.log(1 / delta) / np.sqrt(y @ y), xtol=1e-12)
    angle, gain = arcs.flow(theta, time)
    size = np.exp(2 * (log_length + gain - (log_length + gain).max()))
    longest = int(size.argmax())
    return {"time": float(time), "angle": float(angle[longest]), "mine": float(size[longest] / size.sum())}
"""

_MEASUREMENT = """
def my_measurement(X, y, U, delta):
    net = hl.SquaredReLU(len(U), 2)
    t_end = 4 * np.log(1 / delta) / np.sqrt(y @ y)
    run = hl.training_flow(net, X, y, U.ravel(), t_end, delta=delta, tolerance=1e-6, points=2)

    def gone(t):
        return 0.99 - np.sum((net.outputs(X, run.at(t)) - y) ** 2) / (y @ y)

    time = scipy.optimize.brentq(gone, 0, t_end, xtol=1e-10)
    neurons = net.neurons(run.at(time))
    size = (neurons**2).sum(axis=1)
    longest, share = neurons[size.argmax()], size.max() / size.sum()
    return {"time": float(time), "angle": float(np.arctan2(longest[1], longest[0])), "mine": float(share)}
"""

WRONG = {
    "cheap-runs": {
        "hard-coded": """
def forecast_time(deltas, times, delta):
    return 5.0, 0.3 + np.log(1 / delta) / 5
""",
        "proportional to the logarithm": """
def forecast_time(deltas, times, delta):
    smallest = np.argmin(deltas)
    rate = np.log(1 / deltas[smallest]) / times[smallest]
    return float(rate), float(np.log(1 / delta) / rate)
""",
        "decimal logarithm": """
def forecast_time(deltas, times, delta):
    order = np.argsort(deltas)[:2]
    log, small = np.log10(1 / deltas[order]), times[order]
    rate = (log[0] - log[1]) / (small[0] - small[1])
    return float(rate), float(small[0] + (np.log10(1 / delta) - log[0]) / rate)
""",
        "all runs alike": """
def forecast_time(deltas, times, delta):
    slope, constant = np.polyfit(np.log(1 / deltas), times, 1)
    return float(1 / slope), float(constant + slope * np.log(1 / delta))
""",
        "a power law": """
def forecast_time(deltas, times, delta):
    slope, constant = np.polyfit(np.log(deltas), np.log(times), 1)
    return float(-slope), float(np.exp(constant + slope * np.log(delta)))
""",
        "first and last run as given": """
def forecast_time(deltas, times, delta):
    rate = np.log(deltas[0] / deltas[-1]) / (times[-1] - times[0])
    return float(rate), float(times[-1] + np.log(deltas[-1] / delta) / rate)
""",
    },
    "which-way": {
        "hard-coded": """
def limit_angles(X, y, theta):
    if y.max() <= 0:
        return np.full(len(theta), np.radians(94.05))
    return np.where(np.cos(np.asarray(theta) - 0.0) > np.cos(np.radians(94.05)), 0.0, np.pi)
""",
        "nearest maximum": """
def limit_angles(X, y, theta):
    tops = np.array([p.angle for p in hl.Arcs(X, y).critical_points() if p.kind == "max"])
    apart = np.abs(np.angle(np.exp(1j * (np.asarray(theta)[:, None] - tops))))
    return tops[apart.argmin(axis=1)]
""",
        "highest maximum": """
def limit_angles(X, y, theta):
    best = max((p for p in hl.Arcs(X, y).critical_points()), key=lambda p: p.value)
    return np.full(len(theta), best.angle)
""",
        "downhill": """
def limit_angles(X, y, theta):
    arcs, turn = hl.Arcs(X, y), 2 * np.pi
    rests = np.array([point.angle for point in arcs.critical_points()])
    theta = np.mod(theta, turn)
    up = arcs.derivative(theta) < 0
    ahead, behind = np.mod(rests - theta[:, None], turn), np.mod(theta[:, None] - rests, turn)
    return np.where(up, theta + ahead.min(axis=1), theta - behind.min(axis=1))
""",
        "arctan of the quotient": """
def limit_angles(X, y, theta):
    end = hl.Arcs(X, y).flow(np.mod(theta, 2 * np.pi), 1e3 / np.abs(y).max())[0]
    return np.arctan(np.tan(end))
""",
        "sees all inputs": """
def limit_angles(X, y, theta):
    values, vectors = np.linalg.eigh((X * y[:, None]).T @ X)
    top = np.arctan2(vectors[1, -1], vectors[0, -1])
    start = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    return np.where(start @ vectors[:, -1] > 0, top, top + np.pi)
""",
    },
    "first-per-cent": {
        "hard-coded": """
def first_loss_time(X, y, U, delta, part):
    time = (np.log(part * (y @ y) / 2 / 46.875) / 2 + np.log(1 / delta)) / 93.75
    return time if U[0, 1] == 0 else time + 0.05
""",
        "clock: length one": """
def first_loss_time(X, y, U, delta, part):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)
    excess = lambda t: np.logaddexp.reduce(2 * (log_length + arcs.flow(theta, t)[1]))
    return float(scipy.optimize.brentq(excess, 0, 50 * np.log(1 / delta) / np.sqrt(y @ y)))
""",
        "only the longest neuron": """
def first_loss_time(X, y, U, delta, part):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)
    goal = np.log(part * (y @ y) / 2)

    def excess(t):
        angle, gain = arcs.flow(theta, t)
        return (2 * (log_length + gain) + np.log(arcs.value(angle)))[log_length.argmax()] - goal

    return float(scipy.optimize.brentq(excess, 0, 50 * np.log(1 / delta) / np.sqrt(y @ y)))
""",
        "turning costs nothing": """
def first_loss_time(X, y, U, delta, part):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)
    height = arcs.value(arcs.flow(theta, 1e3 / y.max())[0])
    goal = np.log(part * (y @ y) / 2)
    excess = lambda t: np.logaddexp.reduce(2 * log_length + 4 * height * t + np.log(height)) - goal
    return float(scipy.optimize.brentq(excess, 0, 50 * np.log(1 / delta) / np.sqrt(y @ y)))
""",
        "square of the length forgotten": """
def first_loss_time(X, y, U, delta, part):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)
    goal = np.log(part * (y @ y) / 2)

    def excess(t):
        angle, gain = arcs.flow(theta, t)
        return np.logaddexp.reduce(log_length + gain + np.log(arcs.value(angle))) - goal

    return float(scipy.optimize.brentq(excess, 0, 50 * np.log(1 / delta) / np.sqrt(y @ y)))
""",
        "half of the loss forgotten": """
def first_loss_time(X, y, U, delta, part):
    arcs = hl.Arcs(X, y)
    theta, log_length = np.arctan2(U[:, 1], U[:, 0]), np.log(np.linalg.norm(U, axis=1)) + np.log(delta)
    goal = np.log(part * (y @ y))

    def excess(t):
        angle, gain = arcs.flow(theta, t)
        return np.logaddexp.reduce(2 * (log_length + gain) + np.log(arcs.value(angle))) - goal

    return float(scipy.optimize.brentq(excess, 0, 50 * np.log(1 / delta) / np.sqrt(y @ y)))
""",
    },
    "how-low": {
        "hard-coded": """
def lowest_loss(X, y):
    return {6.0: 0.0, -1.0: 2.0, 1.0: 5 / 6}.get(float(y.max()), 0.1)
""",
        "any symmetric matrix": """
def lowest_loss(X, y):
    forms = np.stack([X[:, 0] ** 2, 2 * X[:, 0] * X[:, 1], X[:, 1] ** 2], axis=1)
    return float(np.sum((forms @ np.linalg.lstsq(forms, y, rcond=None)[0] - y) ** 2) / 2)
""",
        "negative eigenvalues cut off": """
def lowest_loss(X, y):
    forms = np.stack([X[:, 0] ** 2, 2 * X[:, 0] * X[:, 1], X[:, 1] ** 2], axis=1)
    a, b, c = np.linalg.lstsq(forms, y, rcond=None)[0]
    values, vectors = np.linalg.eigh([[a, b], [b, c]])
    S = (vectors * np.maximum(values, 0)) @ vectors.T
    return float(np.sum((np.einsum("ij,jk,ik->i", X, S, X) - y) ** 2) / 2)
""",
        "one direction only": """
def lowest_loss(X, y):
    theta = np.linspace(0, np.pi, 20_001)
    h = (X @ np.stack([np.cos(theta), np.sin(theta)])) ** 2
    return float(y @ y / 2 - (np.maximum(y @ h, 0) ** 2 / (2 * (h**2).sum(axis=0))).max())
""",
        "sign of s forgotten": """
def lowest_loss(X, y):
    forms = np.stack([X[:, 0] ** 2, 2 * X[:, 0] * X[:, 1], X[:, 1] ** 2], axis=1)
    a, b, c = np.linalg.lstsq(forms, y, rcond=None)[0]
    if a + c >= 0 and a * c >= b * b:
        return float(np.sum((forms @ [a, b, c] - y) ** 2) / 2)
    theta = np.linspace(0, np.pi, 20_001)
    h = (X @ np.stack([np.cos(theta), np.sin(theta)])) ** 2
    return float(y @ y / 2 - ((y @ h) ** 2 / (2 * (h**2).sum(axis=0))).max())
""",
        "direction of the largest correlation": """
def lowest_loss(X, y):
    forms = np.stack([X[:, 0] ** 2, 2 * X[:, 0] * X[:, 1], X[:, 1] ** 2], axis=1)
    a, b, c = np.linalg.lstsq(forms, y, rcond=None)[0]
    if a + c >= 0 and a * c >= b * b:
        return float(np.sum((forms @ [a, b, c] - y) ** 2) / 2)
    h = (X @ np.linalg.eigh((X * y[:, None]).T @ X)[1][:, -1]) ** 2
    return float(y @ y / 2 - max(y @ h, 0) ** 2 / (2 * (h @ h)))
""",
    },
    "own-data": {
        "data without a seed": _DATA.replace("default_rng(seed)", "default_rng()") + _FORECAST + _MEASUREMENT,
        "one bump, one maximum": _DATA.replace("+ 0.75 * strength * far**2", "+ 0.5 + 0 * far")
        + _FORECAST
        + _MEASUREMENT,
        "limit angle of the wrong neuron": _DATA
        + _FORECAST.replace("longest = int(size.argmax())", "longest = int(size.argmin())")
        + _MEASUREMENT,
        "own number without skill": _DATA
        + _FORECAST.replace('"mine": float(size[longest] / size.sum())', '"mine": 0.8')
        + _MEASUREMENT,
        "own number that never varies": _DATA
        + _FORECAST.replace('"mine": float(size[longest] / size.sum())', '"mine": 1.0')
        + _MEASUREMENT.replace('"mine": float(share)', '"mine": 1.0'),
        "residual of the mean": _DATA + _FORECAST.replace("0.005", "0.01") + _MEASUREMENT,
    },
}
