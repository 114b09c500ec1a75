"""Plausible wrong answers to the code problems of problem set 3: each loses marks on its own problem only."""

WRONG = {
    "labels-for-a-direction": {
        "ReLU, and not its square": """
def labels_for(X, u):
    A = (X * (X @ u > 0)[:, None]).T
    z = np.linalg.lstsq(A, u, rcond=1e-10)[0]
    return z if np.linalg.norm(A @ z - u) < 1e-8 else None
""",
        "kink ignored: inactive inputs counted": """
def labels_for(X, u):
    A = (X * (X @ u)[:, None]).T
    z = np.linalg.lstsq(A, u, rcond=1e-10)[0]
    return z if np.linalg.norm(A @ z - u) < 1e-8 else None
""",
        "norm forgotten: unit labels instead of the value one": """
def labels_for(X, u):
    A = (X * np.maximum(X @ u, 0)[:, None]).T
    z = np.linalg.lstsq(A, u, rcond=1e-10)[0]
    return z / np.linalg.norm(z) if np.linalg.norm(A @ z - u) < 1e-8 else None
""",
        "some labels, and not the shortest": """
def labels_for(X, u):
    A = (X * np.maximum(X @ u, 0)[:, None]).T
    active = np.flatnonzero(X @ u > 0)[: len(u)]
    z = np.zeros(len(X))
    z[active] = np.linalg.lstsq(A[:, active], u, rcond=1e-10)[0]
    return z if np.linalg.norm(A @ z - u) < 1e-8 else None
""",
        "never None": """
def labels_for(X, u):
    return np.linalg.lstsq((X * np.maximum(X @ u, 0)[:, None]).T, u, rcond=1e-10)[0]
""",
        "factor two: the value one half": """
def labels_for(X, u):
    A = 2 * (X * np.maximum(X @ u, 0)[:, None]).T
    z = np.linalg.lstsq(A, u, rcond=1e-10)[0]
    return z if np.linalg.norm(A @ z - u) < 1e-8 else None
""",
    },
    "name-every-fate": {
        "the sign of N at the start decides": """
def fate(x, z, v, u):
    N = v * (np.asarray(z) @ np.maximum(np.asarray(x) * u, 0))
    return "grows" if N > 0 else "dies out" if N < 0 else "settles"
""",
        "kink ignored: it never crosses": """
def fate(x, z, v, u):
    x, z = np.asarray(x, float), np.asarray(z, float)
    p, q = z @ np.maximum(x, 0), z @ np.maximum(-x, 0)
    if u == 0:
        right, left = v * p, -v * q
        if right > 0 or left < 0:
            return "open" if right * left <= 0 else "grows"
        return "settles"
    here = p if u > 0 else q
    if here == 0:
        return "settles"
    total = v * np.sign(here) + abs(u)
    return "grows" if total > 0 else "dies out" if total == 0 else "settles"
""",
        "a program at the kink: it rests": """
def fate(x, z, v, u):
    x, z = np.asarray(x, float), np.asarray(z, float)
    p, q = z @ np.maximum(x, 0), z @ np.maximum(-x, 0)
    if u == 0:
        return "settles"
    here, beyond = (p, q) if u > 0 else (q, p)
    if here == 0:
        return "settles"
    total = v * np.sign(here) + abs(u)
    if total == 0:
        return "dies out"
    return "grows" if total > 0 or here * beyond < 0 else "settles"
""",
        "sign flipped: labels taken for positive": """
def fate(x, z, v, u):
    x, z = np.asarray(x, float), np.asarray(z, float)
    p, q = z @ np.maximum(x, 0), z @ np.maximum(-x, 0)
    if u == 0:
        right, left = v * p, -v * q
        if right > 0 or left < 0:
            return "open" if right * left <= 0 else "grows"
        return "settles"
    here, beyond = (p, q) if u > 0 else (q, p)
    if here == 0:
        return "settles"
    total = v + abs(u)
    if total == 0:
        return "dies out"
    return "grows" if total > 0 or here * beyond < 0 else "settles"
""",
        "every kink is open": """
def fate(x, z, v, u):
    x, z = np.asarray(x, float), np.asarray(z, float)
    p, q = z @ np.maximum(x, 0), z @ np.maximum(-x, 0)
    if u == 0:
        return "open"
    here, beyond = (p, q) if u > 0 else (q, p)
    if here == 0:
        return "settles"
    total = v * np.sign(here) + abs(u)
    if total == 0:
        return "dies out"
    return "grows" if total > 0 or here * beyond < 0 else "settles"
""",
    },
    "who-survives": {
        "only neurons that agree with the labels at the start": """
def survival(X, z):
    angle = 2 * np.pi * (np.arange(100_000) + 0.5) / 100_000
    g = np.maximum(np.stack([np.cos(angle), np.sin(angle)], 1) @ np.asarray(X).T, 0) @ np.asarray(z)
    return float(((g > 1e-9).mean() + (g < -1e-9).mean()) / 2)
""",
        "negative output weights never grow": """
def survival(X, z):
    turn, entries = 2 * np.pi, hl.Arcs(X, z, order=1).critical_points()
    ends = sorted((p.arc if p.arc else (p.angle, p.angle)) + (p.value,) for p in entries)
    pairs = zip(ends, ends[1:] + ends[:1])
    return float(sum((b[0] - a[1]) % turn * (max(a[2], b[2]) > 0) for a, b in pairs) / turn / 2)
""",
        "kink ignored: smooth entries only": """
def survival(X, z):
    turn, entries = 2 * np.pi, [p for p in hl.Arcs(X, z, order=1).critical_points() if p.smooth]
    ends = sorted((p.arc if p.arc else (p.angle, p.angle)) + (p.value,) for p in entries)
    grown = 0.0
    for (_, start, one), (stop, _, other) in zip(ends, ends[1:] + ends[:1]):
        grown += (stop - start) % turn * ((max(one, other) > 0) + (min(one, other) < 0)) / 2
    return float(grown / turn)
""",
        "sign flipped: all neurons turn uphill": """
def survival(X, z):
    turn, entries = 2 * np.pi, hl.Arcs(X, z, order=1).critical_points()
    ends = sorted((p.arc if p.arc else (p.angle, p.angle)) + (p.value,) for p in entries)
    grown = 0.0
    for (_, start, one), (stop, _, other) in zip(ends, ends[1:] + ends[:1]):
        top = max(one, other)
        grown += (stop - start) % turn * ((top > 0) + (top < 0)) / 2
    return float(grown / turn)
""",
        "hard-coded: whoever sees something grows": """
def survival(X, z):
    angle = 2 * np.pi * (np.arange(100_000) + 0.5) / 100_000
    sees = (np.stack([np.cos(angle), np.sin(angle)], 1) @ np.asarray(X).T > 0).any(axis=1)
    return float(sees.mean() / 2)
""",
    },
}
