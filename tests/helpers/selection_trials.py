"""A simulated trial whose true terms are known, and which terms a choice has."""

import numpy as np
import pandas as pd

import statmodels_x as smx

SURV = "Surv(time, status)"
RIGHT = " + ".join(f"x{k}" for k in range(5))
AFT = {"scale": "aft", "other_scale": 1.0}
FIXED = {**AFT, "shape": 0.5}  # the true shape, which few events do not tell


def trial(n=250, seed=1, effect=0.6):
    """x0 acts on both parameters, x1 on the scale, x2 and x3 are noise, x4 acts on the power."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    phi = np.exp(-0.5 + effect * (x[:, 0] - x[:, 1]))
    gamma = np.exp(0.3 + effect * (0.7 * x[:, 0] - 0.7 * x[:, 4]))
    time = smx.APGW(phi, 1.0, gamma, 0.5).rvs(seed=rng)
    end = rng.exponential(8.0, n)
    data = pd.DataFrame(x, columns=[f"x{k}" for k in range(5)])
    data["arm"] = rng.choice(["a", "b", "c"], n)
    return data.assign(time=np.minimum(time, end), status=(time <= end).astype(int))


def chosen(choice):
    table = choice.tidy()
    return set(map(tuple, table.loc[table["selected"], ["parameter", "term"]].to_numpy()))


TRUE = {("aft", "x0"), ("aft", "x1"), ("power", "x0"), ("power", "x4")}
