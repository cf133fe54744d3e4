"""What was asked for, checked: the options of the model and of the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_count, check_jobs, check_number, check_seed

TUNES = ("evidence", "sure", "cv")
SOLVERS = ("auto", "primal-dual", "exact", "cvxpy")
LEVELS = 16
TOL = 1e-4
MAX_ITER = 20000
BORDERS = ("auto", "points", "cells")
PIXELS = ("auto", "points", "averages")
SENSITIVITIES = ("strict", "balanced", "sensitive")


@dataclass(frozen=True)
class Specification:
    """Options of the model.

    Attributes
    ----------
    lam, nu : float or None
        Given weights of the energy; None for what is tuned.
    levels : int
    isotropic : bool
    noise : str
        ``"iid"``, ``"correlated"`` or ``"known"``.
    noise_sd : float
        The known standard deviation, in the data's units; NaN otherwise.
    """

    lam: float | None
    nu: float | None
    levels: int
    isotropic: bool
    noise: str
    noise_sd: float


@dataclass(frozen=True)
class Control:
    """Options of the fit."""

    tune: str | None
    sensitivity: str
    solver: str
    tol: float
    max_iter: int
    n_jobs: int
    seed: int
    progress: bool
    border: str = "auto"
    pixels: str = "auto"


def refuse_for_curves(spec: Specification, control: Control, resolution: Any) -> None:
    """Refuse options that a curve does not have.

    Raises
    ------
    DataError
        Naming the first of them.
    """
    given = {
        "resolution": resolution is not None,
        "levels": spec.levels != LEVELS,
        "jump_length": not spec.isotropic,
        "tol": control.tol != TOL,
        "max_iter": control.max_iter != MAX_ITER,
        "n_jobs": control.n_jobs != 1,
    }
    for name, is_given in given.items():
        if is_given:
            raise DataError(
                f"`{name}` is for grids, and a curve is fitted to the observations themselves: leave it out, or ask "
                'for a grid by fit(solver="primal-dual").'
            )


def specify(lam: Any, nu: Any, levels: Any, jump_length: Any, noise: Any) -> Specification:
    """Check the options of the model.

    Raises
    ------
    DataError
        Naming the option that cannot be used.
    """
    lam, nu = (
        value if value is None else check_number(name, value, low=0.0, high=np.inf)
        for name, value in (("lam", lam), ("nu", nu))
    )
    check_choice("jump_length", jump_length, ("isotropic", "anisotropic"), "FreeDiscontinuity()")
    kind, sd = _noise(noise)
    if check_count("levels", levels, 4) > 512:
        raise DataError(f"`levels` is {levels}; 16 are enough as a rule, and 512 the most.")
    return Specification(lam, nu, int(levels), jump_length == "isotropic", kind, sd)


def _noise(noise: Any) -> tuple[str, float]:
    if isinstance(noise, str):
        if noise in ("iid", "correlated"):
            return noise, float("nan")
        raise DataError(f'`noise` is {noise!r}; give "iid", "correlated" or its standard deviation.')
    return "known", check_number("noise", noise, low=0.0, high=np.inf)


def control(
    spec: Specification, n_axes: int, tune: Any, sensitivity: Any, solver: Any, tol: Any, max_iter: Any, n_jobs: Any,
    seed: Any, progress: Any, border: Any = "auto", pixels: Any = "auto",
) -> Control:  # fmt: skip
    """Check the options of the fit against those of the model.

    Raises
    ------
    DataError
        Naming the option that cannot be used.
    """
    given = spec.lam is not None and spec.nu is not None
    if tune is not None:
        check_choice("tune", tune, TUNES, "fit()")
    elif not given:
        raise DataError("fit(): tune=None needs lam=... and nu=... in FreeDiscontinuity().")
    check_choice("sensitivity", sensitivity, SENSITIVITIES, "fit()")
    check_choice("solver", solver, SOLVERS, "fit()")
    if solver == "exact" and n_axes != 1:
        raise DataError(
            'fit(): solver="exact" is for one covariate; use "primal-dual" for surfaces and volumes.'
        )
    check_number("tol", tol, low=0.0, high=0.1)
    max_iter, n_jobs = check_count("max_iter", max_iter, 1), check_jobs(n_jobs)
    seed = check_seed(seed)
    check_choice("border", border, BORDERS, "fit()")
    check_choice("pixels", pixels, PIXELS, "fit()")
    tune = None if given else tune
    return Control(
        tune, sensitivity, solver, float(tol), max_iter, n_jobs, seed, bool(progress), border, pixels
    )
