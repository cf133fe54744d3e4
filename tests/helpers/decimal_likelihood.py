"""The likelihood of one row in decimals, and its derivatives."""

from decimal import Decimal, localcontext

import numpy as np

from statmodels_x import Surv
from statmodels_x.survival.kernels.likelihood import sample_arrays

RIGHT, EXACT, LEFT, INTERVAL = 0, 1, 2, 3
NONE, MIXTURE, PROMOTION = 0, 1, 2
WIDE = np.full(5, 1e3)

# log(kappa + 1) in every branch of the family
SHAPES = {
    "near_minus_one": np.log(0.01),
    "negative": np.log(0.55),
    "below_zero": -1e-7,
    "zero": 0.0,
    "above_zero": 1e-7,
    "between": np.log(1.4),
    "one": np.log(2.0),
    "next_to_one": np.log(2.0) + 1e-9,
    "above_one": np.log(2.3),
    "two": np.log(3.0),
    "seven": np.log(8.0),
    "thousand": np.log(1001.0),
    "million": np.log(1e6 + 1.0),
}


def decimal_terms(t, eta):
    """Cumulative hazard and log hazard of the uncured, all arguments Decimal; nu may be None for kappa = inf."""
    tau, beta, alpha, nu = eta[:4]
    one = Decimal(1)
    q = alpha.exp() * (t.ln() + tau)
    z = q.exp()
    log_hazard = beta + alpha + q - t.ln()
    if nu is None:
        return beta.exp() * (z.exp() - one), log_hazard + z
    k1 = nu.exp()
    kappa, length = k1 - one, (one + z / k1).ln()
    base = length if kappa == 0 else k1 / kappa * ((kappa * length).exp() - one)
    return beta.exp() * base, log_hazard + (kappa - one) * length


def decimal_loglik(kind, eta, lower, upper, entry, cure=NONE):
    """Log-likelihood of one row from the definition."""
    c, one = eta[4], Decimal(1)

    def survival(t):
        alive = (-decimal_terms(t, eta)[0]).exp()
        if cure == MIXTURE:
            p = one / (one + (-c).exp())
            return p + (one - p) * alive
        return (-c.exp() * (one - alive)).exp() if cure == PROMOTION else alive

    def log_survival(t):
        return -decimal_terms(t, eta)[0] if cure == NONE else survival(t).ln()

    if kind == EXACT:
        cumulative, log_hazard = decimal_terms(lower, eta)
        own = {NONE: 0, MIXTURE: -(one + c.exp()).ln(), PROMOTION: c + log_survival(lower)}
        total = log_hazard - cumulative + own[cure]
    elif kind == RIGHT:
        total = log_survival(lower)
    else:
        total = ((survival(lower) if kind == INTERVAL else one) - survival(upper)).ln()
    return total - (log_survival(entry) if entry else 0)


def decimal_derivatives(kind, eta, lower, upper, entry, digits=110, cure=NONE):
    """Value, gradient and Hessian in the linear predictors; differences with a step of 1e-25 lose nothing.

    Those in an infinite nu, and in c without a cured fraction, are 0.
    """
    eta = (*eta, 0.0)[:5]
    with localcontext(prec=digits):
        point = [Decimal(float(x)) if np.isfinite(x) else None for x in eta]
        times = [None if t is None else Decimal(float(t)) for t in (lower, upper, entry)]
        step = Decimal(10) ** -25
        moving = [0, 1, 2, *([3] if np.isfinite(eta[3]) else []), *([4] if cure else [])]

        def at(*shifts):
            moved = list(point)
            for j, sign in shifts:
                moved[j] = moved[j] + sign * step
            return decimal_loglik(kind, moved, *times, cure)

        value = at()
        gradient, hessian = np.zeros(5), np.zeros((5, 5))
        bend = {}
        for j in moving:
            up, down = at((j, 1)), at((j, -1))
            gradient[j] = float((up - down) / (2 * step))
            bend[j] = up - 2 * value + down
            hessian[j, j] = float(bend[j] / step**2)
            for k in moving[: moving.index(j)]:  # along the diagonal: f(1, 1) - 2 f(0, 0) + f(-1, -1)
                both = at((j, 1), (k, 1)) - 2 * value + at((j, -1), (k, -1))
                hessian[j, k] = hessian[k, j] = float((both - bend[j] - bend[k]) / (2 * step**2))
        return float(value), gradient, hessian


def one_row(kind, lower, upper, entry, nu_fixed=None, cure=NONE):
    """One observation, with an intercept for each free parameter: theta are the linear predictors."""
    if kind in (EXACT, RIGHT):
        response = Surv([entry or 0.0], [lower], [kind == EXACT], type="counting")
    else:
        response = Surv([lower or 0.0], [upper], type="interval2", entry=[entry or 0.0])
    assert response.code[0] == kind
    one = np.ones((1, 1))
    designs = (one, one, one, one if nu_fixed is None else None, one if cure else None)
    return sample_arrays(response, None, designs, (0.0, 0.0, 0.0, nu_fixed or 0.0, 0.0), -WIDE, WIDE, cure)
