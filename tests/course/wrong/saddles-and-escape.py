"""Plausible wrong answers to the code problems of the set: each loses marks on its problem, and on no other."""

WRONG = {
    "wrong-direction": {
        "hard-coded": """
def clock(M, w0, delta):
    if M[0, 0] < 0:
        return None
    direction = np.array([1.0, 0.0]) if w0[0] > 0 else np.array([0.0, -1.0])
    return direction, 8.0, -np.log(2) / 2, 1.195
""",
        "always the leading eigenvector": """
def clock(M, w0, delta):
    values, vectors = np.linalg.eigh(M)
    if values[-1] <= 0:
        return None
    part = vectors[:, -1] @ w0
    size = np.abs(part)
    time = -(np.log(delta) + np.log(size)) / (2 * values[-1])
    return np.sign(part) * vectors[:, -1], 2 * values[-1], np.log(size), time
""",
        "one eigenvector of several": """
def clock(M, w0, delta):
    values, vectors = np.linalg.eigh(M)
    for top, vector in zip(values[::-1], vectors.T[::-1]):
        part = vector @ w0
        if abs(part) > 1e-9:
            if top <= 1e-9:
                return None
            return np.sign(part) * vector, 2 * top, np.log(abs(part)), -np.log(delta * abs(part)) / (2 * top)
""",
        "sign of ln A flipped": """
def clock(M, w0, delta):
    values, vectors = np.linalg.eigh(M)
    for top in values[::-1]:
        basis = vectors[:, np.abs(values - top) < 1e-9]
        part = basis @ (basis.T @ w0)
        size = np.linalg.norm(part)
        if size > 1e-9:
            if top <= 1e-9:
                return None
            return part / size, 2 * top, -np.log(size), -(np.log(delta) - np.log(size)) / (2 * top)
""",
        "turning costs nothing": """
def clock(M, w0, delta):
    values, vectors = np.linalg.eigh(M)
    for top in values[::-1]:
        basis = vectors[:, np.abs(values - top) < 1e-9]
        part = basis @ (basis.T @ w0)
        size = np.linalg.norm(part)
        if size > 1e-9:
            return (part / size, 2 * top, 0.0, -np.log(delta) / (2 * top)) if top > 1e-9 else None
""",
        "eigenvalue for its double": """
def clock(M, w0, delta):
    values, vectors = np.linalg.eigh(M)
    for top in values[::-1]:
        basis = vectors[:, np.abs(values - top) < 1e-9]
        part = basis @ (basis.T @ w0)
        size = np.linalg.norm(part)
        if size > 1e-9:
            if top <= 1e-9:
                return None
            return part / size, top, np.log(size), -(np.log(delta) + np.log(size)) / top
""",
    },
    "no-bad-valley": {
        "hard-coded": """
def verdict(X, y, a, b):
    if not a.any() and not b.any():
        return "saddle", 2.0
    return {2.0: ("saddle", 1.0), 3.0: ("minimum", 0.0)}.get(float(a[0]), ("moving", 0.0))
""",
        "positive pulls only": """
def verdict(X, y, a, b):
    pull = X.T @ (y - X @ (a * b))
    if max(np.abs(pull * a).max(), np.abs(pull * b).max()) > 1e-7:
        return "moving", 0.0
    return ("saddle", float(pull.max())) if pull.max() > 1e-7 else ("minimum", 0.0)
""",
        "zero gradient is a minimum": """
def verdict(X, y, a, b):
    pull = X.T @ (y - X @ (a * b))
    if max(np.abs(pull * a).max(), np.abs(pull * b).max()) > 1e-7:
        return "moving", 0.0
    return "minimum", 0.0
""",
        "a residual means a saddle": """
def verdict(X, y, a, b):
    residual = y - X @ (a * b)
    pull = X.T @ residual
    if max(np.abs(pull * a).max(), np.abs(pull * b).max()) > 1e-7:
        return "moving", 0.0
    return ("saddle", float(np.abs(pull).max())) if np.abs(residual).max() > 1e-7 else ("minimum", 0.0)
""",
        "dormant means a saddle": """
def verdict(X, y, a, b):
    pull = X.T @ (y - X @ (a * b))
    if max(np.abs(pull * a).max(), np.abs(pull * b).max()) > 1e-7:
        return "moving", 0.0
    dormant = (a == 0) & (b == 0)
    return ("saddle", float(np.abs(pull[dormant]).max())) if dormant.any() else ("minimum", 0.0)
""",
        "rate doubled": """
def verdict(X, y, a, b):
    pull = X.T @ (y - X @ (a * b))
    if max(np.abs(pull * a).max(), np.abs(pull * b).max()) > 1e-7:
        return "moving", 0.0
    rate = 2 * np.abs(pull).max()
    return ("saddle", float(rate)) if rate > 1e-7 else ("minimum", 0.0)
""",
        "gradient in a only": """
def verdict(X, y, a, b):
    pull = X.T @ (y - X @ (a * b))
    if np.abs(pull * a).max() > 1e-7:
        return "moving", 0.0
    rate = np.abs(pull).max()
    return ("saddle", float(rate)) if rate > 1e-7 else ("minimum", 0.0)
""",
    },
    "how-near": {
        "hard-coded": """
def nearest(y, w0, delta, k):
    if delta == 1e-3:
        return 1.3436, -4.5081
    return 1.3436, -2 / 3 * np.log(1 / delta)
""",
        "plain subtraction": """
def nearest(y, w0, delta, k):
    t = np.linspace(0, np.log(1 / delta) / y[k] + 5 / y[k], 200_001)[:, None]
    q = (delta * w0) ** 2 / y * np.exp(np.minimum(4 * y * t, 600))
    w = np.sqrt(y * q / (1 + q))
    apart = np.linalg.norm(w - np.where(np.arange(len(y)) < k, np.sqrt(y), 0), axis=1)
    return float(t[apart.argmin(), 0]), float(np.log(apart.min() + 1e-300))
""",
        "leading order": """
def nearest(y, w0, delta, k):
    one, two, log = y[k - 1], y[k], np.log(1 / delta)
    return 3 * log / (4 * one + 2 * two), -2 * (one - two) / (2 * one + two) * log
""",
        "where the loss has its plateau": """
def nearest(y, w0, delta, k):
    time = np.log(1 / delta) * (1 / (2 * y[k - 1]) + 1 / (2 * y[k])) / 2
    came = 1.5 * np.log(y[k - 1]) - np.log(2) - 2 * np.log(delta * w0[k - 1]) - 4 * y[k - 1] * time
    goes = np.log(delta * w0[k]) + 2 * y[k] * time
    return float(time), float(np.logaddexp(2 * came, 2 * goes) / 2)
""",
        "one saddle too late": """
def nearest(y, w0, delta, k):
    k = min(k, len(y) - 2) if k > 1 else k - 1
    one, two = y[max(k - 1, 0)], y[k]
    came, goes = 1.5 * np.log(one) - np.log(2) - 2 * np.log(delta * w0[max(k - 1, 0)]), np.log(delta * w0[k])
    time = (2 * came - 2 * goes + np.log(2 * one / two)) / (8 * one + 4 * two)
    return float(time), float(np.logaddexp(2 * (came - 4 * one * time), 2 * (goes + 2 * two * time)) / 2)
""",
        "squared distance": """
def nearest(y, w0, delta, k):
    one, two = y[k - 1], y[k]
    came, goes = 1.5 * np.log(one) - np.log(2) - 2 * np.log(delta * w0[k - 1]), np.log(delta * w0[k])
    time = (2 * came - 2 * goes + np.log(2 * one / two)) / (8 * one + 4 * two)
    return float(time), float(np.logaddexp(2 * (came - 4 * one * time), 2 * (goes + 2 * two * time)))
""",
    },
}
