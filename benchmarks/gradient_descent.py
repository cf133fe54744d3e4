"""Adam with the exact gradient against bounded least squares, on Gause's mixed culture of two Paramecia.

8,000 steps on the logit scale between the same bounds, from the best three of 300 random starts. Prints the least
weighted sum of squares of each; a minute.
"""

import warnings

import numpy as np
import pandas as pd

import statmodels_x as smx
from statmodels_x.population.fitting.starts import random_starts
from statmodels_x.population.kernels.objective import objective


def gradient(problem, theta, slope):
    """Fill the gradient of half the sum of squares, and return that."""
    return objective(problem, theta, slope, np.empty((len(theta), len(theta))))


def adam(fit, start, steps=8000, rate=0.02):
    """Return the weighted sum of squares along a descent."""
    lower, upper = np.array(fit.machinery.layout.lower), np.array(fit.machinery.layout.upper)
    u = np.log((start - lower) / (upper - start))
    m, v, slope, course = np.zeros_like(u), np.zeros_like(u), np.empty_like(u), np.empty(steps)
    for t in range(steps):
        share = 1 / (1 + np.exp(-u))
        course[t] = 2 * gradient(fit.machinery.problem, lower + (upper - lower) * share, slope)
        g = slope * (upper - lower) * share * (1 - share)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        u = u - rate * (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    return course


def main():
    warnings.simplefilter("ignore", smx.errors.IdentificationWarning)
    data, formula = smx.datasets.load_paramecium(), "aurelia_mixed + caudatum_mixed ~ day"
    fits = {
        "Leslie-Gower, k = 1": smx.LeslieInteraction(formula, data, density="leslie-gower").fit(n_starts=20),
        "linear, k = 2, scalar": smx.LeslieInteraction(formula, data, ages=2).fit(initial=20),
        "linear, k = 3, diagonal": smx.LeslieInteraction(formula, data, ages=3, coupling="diagonal").fit(
            initial=20, n_starts=30
        ),
    }
    rows = {}
    for name, fit in fits.items():
        starts = random_starts(fit.machinery.layout, fit.sample, 300, [1])
        problem = fit.machinery.problem
        starts = sorted(starts, key=lambda start: gradient(problem, start, np.empty_like(start)))[:3]
        ends = np.array([adam(fit, start).min() for start in starts])
        rows[name] = {
            "least squares": fit.wss,
            "Adam, best of 3": ends.min(),
            "Adam, median": np.median(ends),
        }
    print(pd.DataFrame(rows).T.round(2))


if __name__ == "__main__":
    main()
