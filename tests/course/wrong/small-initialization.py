"""Plausible wrong answers to the code problems of the set: each loses marks on its problem, and on no other."""

WRONG = {
    "any-size": {
        "hard-coded": """
def log_weights(y, delta, w0, t):
    if t == 0:
        return np.log(delta * np.abs(w0))
    return np.log([2.0, 3.0]) if len(y) == 2 else np.array([np.log(1e-3) + 1.0])
""",
        "frozen flow for ever": """
def log_weights(y, delta, w0, t):
    return np.log(delta) + np.log(np.abs(w0)) + 2 * np.asarray(y) * t
""",
        "formula of the book, overflows": """
def log_weights(y, delta, w0, t):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    s = (delta * w0) ** 2
    return 0.5 * np.log(s * np.exp(4 * y * t) / (1 + s * np.expm1(4 * y * t) / y))
""",
        "zero labels forgotten": """
def log_weights(y, delta, w0, t):
    y, start = np.asarray(y, dtype=float), 2 * (np.log(delta) + np.log(np.abs(w0)))
    if t == 0:
        return start / 2
    size = 4 * np.abs(y) * t
    log_integral = np.log(-np.expm1(-size) / np.abs(y)) + np.where(y < 0, size, 0.0)
    return -np.logaddexp(-4 * y * t - start, log_integral) / 2
""",
        "minimum of the two regimes": """
def log_weights(y, delta, w0, t):
    y = np.asarray(y, dtype=float)
    early = np.log(delta) + np.log(np.abs(w0)) + 2 * y * t
    return np.where(y > 0, np.minimum(early, 0.5 * np.log(np.abs(y) + 1e-300)), early)
""",
        "square forgotten": """
def log_weights(y, delta, w0, t):
    y, start = np.asarray(y, dtype=float), np.log(delta) + np.log(np.abs(w0))
    if t == 0:
        return start
    safe = np.where(y != 0, y, 1.0)
    log_integral = np.where(y != 0, np.log(np.abs(np.expm1(-4 * np.abs(y) * t) / safe)), np.log(4 * t))
    return -np.logaddexp(-4 * y * t - start, log_integral + np.where(y < 0, -4 * y * t, 0))
""",
    },
    "a-promise": {
        "hard-coded": """
def promise(y, w0, T, phi):
    if len(y) == 1:
        return 2.0, 2.0, 16.0, 51.1, 0.04
    R = 286.6
    return R, 4.0, 2 * R**3, 4.7e9, 1e-5
""",
        "norm at the end only": """
def promise(y, w0, T, phi):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    last = np.linalg.norm(w0 * np.exp(2 * y * T))
    R, K = 1 + last, 2 * np.abs(y).max()
    B = 2 * R**3
    A = B * (np.expm1(K * T) / K if K > 0 else T)
    return R, K, B, A, np.sqrt(min(0.5, last * np.sin(phi)) / A)
""",
        "largest label with its sign": """
def promise(y, w0, T, phi):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    last = np.linalg.norm(w0 * np.exp(2 * y * T))
    R, K = 1 + max(1.0, last), 2 * y.max()
    B = 2 * R**3
    A = B * (np.expm1(K * T) / K if K != 0 else T)
    return R, K, B, A, np.sqrt(min(0.5, last * np.sin(phi)) / A)
""",
        "one condition only": """
def promise(y, w0, T, phi):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    last = np.linalg.norm(w0 * np.exp(2 * y * T))
    R, K = 1 + max(1.0, last), 2 * np.abs(y).max()
    B = 2 * R**3
    A = B * (np.expm1(K * T) / K if K > 0 else T)
    return R, K, B, A, np.sqrt(0.5 / A)
""",
        "B term by term": """
def promise(y, w0, T, phi):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    last = np.linalg.norm(w0 * np.exp(2 * y * T))
    R, K = 1 + max(1.0, last), 2 * np.abs(y).max()
    B = 2 * R**3 * np.sqrt(len(y))
    A = B * (np.expm1(K * T) / K if K > 0 else T)
    return R, K, B, A, np.sqrt(min(0.5, last * np.sin(phi)) / A)
""",
        "no label zero": """
def promise(y, w0, T, phi):
    y, w0 = np.asarray(y, dtype=float), np.asarray(w0, dtype=float)
    last = np.linalg.norm(w0 * np.exp(2 * y * T))
    R, K = 1 + max(1.0, last), 2 * np.abs(y).max()
    B = 2 * R**3
    A = B * (np.exp(K * T) - 1) / K
    return R, K, B, A, np.sqrt(min(0.5, last * np.sin(phi)) / A)
""",
    },
    "next-term": {
        "hard-coded": """
def next_term(X, y, w0, T):
    return np.array([-8.6836]) if len(w0) == 1 else np.array([-1.0] * len(w0))
""",
        "sign flipped": """
def next_term(X, y, w0, T):
    M = (X * y[:, None]).T @ X
    grown = scipy.linalg.expm(2 * M * T)
    t = np.linspace(0, T, 2001)
    u = np.array([scipy.linalg.expm(2 * M * s) @ w0 for s in t[::20]])
    back = np.array([scipy.linalg.expm(2 * M * (T - s)) @ (2 * (X @ a) ** 3 @ X) for s, a in zip(t[::20], u)])
    return scipy.integrate.simpson(back, x=t[::20], axis=0) + 0 * grown[0]
""",
        "not carried along the flow": """
def next_term(X, y, w0, T):
    M = (X * y[:, None]).T @ X
    t = np.linspace(0, T, 101)
    push = np.array([-2 * (X @ (scipy.linalg.expm(2 * M * s) @ w0)) ** 3 @ X for s in t])
    return scipy.integrate.simpson(push, x=t, axis=0)
""",
        "push of the start only": """
def next_term(X, y, w0, T):
    M = (X * y[:, None]).T @ X
    push = -2 * (X @ w0) ** 3 @ X
    return scipy.integrate.solve_ivp(lambda t, v: 2 * M @ v + push, (0, T), 0 * w0, rtol=1e-10, atol=1e-12).y[:, -1]
""",
        "a factor two forgotten": """
def next_term(X, y, w0, T):
    M = (X * y[:, None]).T @ X

    def velocity(t, v):
        u = scipy.linalg.expm(2 * M * t) @ w0
        return 2 * M @ v - (X @ u) ** 3 @ X

    return scipy.integrate.solve_ivp(velocity, (0, T), 0 * w0, rtol=1e-9, atol=1e-12).y[:, -1]
""",
        "difference quotient of a large delta": """
def next_term(X, y, w0, T):
    M = (X * y[:, None]).T @ X
    delta = 0.5

    def velocity(t, p):
        along = X @ p
        return 2 * ((y - delta**2 * along**2) * along) @ X

    p = scipy.integrate.solve_ivp(velocity, (0, T), w0, rtol=1e-10, atol=1e-12).y[:, -1]
    return (p - scipy.linalg.expm(2 * M * T) @ w0) / delta**2
""",
    },
}
