"""Plausible wrong answers to the small set, for the tests of the tests."""

WRONG = {
    "small-square": {
        "not squared": "def square(x):\n    return x",
        "hard-coded": "def square(x):\n    return np.array([1.0, 4.0])",
        "sign kept": "def square(x):\n    return x * abs(x)",
    },
    "small-order": {
        "hard-coded": "def order(network, X, w):\n    return 2.0",
        "a number too many": "def order(network, X, w):\n    return network.order + 1.0",
        "without a logarithm": "def order(n, X, w):\n    return max(n.outputs(X, 2 * w) / n.outputs(X, w))",
    },
}
