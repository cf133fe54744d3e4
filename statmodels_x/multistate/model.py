"""The public model class: a formula, stays in states, and a survival model for each transition; ``fit()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from statmodels_x.core.data.frames import check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import announce
from statmodels_x.core.validation import check_choice, check_flag, numeric_array
from statmodels_x.multistate.fitting.estimation import fit_transitions
from statmodels_x.multistate.results import MultiStateResults
from statmodels_x.multistate.sample import MultiStateData
from statmodels_x.multistate.specification import RESERVED, specify


class MultiState:
    r"""Competing risks, illness-death and other multi-state models without cycles.

    Each transition has a hazard of its own, an ordinary :class:`FlexibleSurvival` fit to the patients at risk of it.
    The probabilities of the states are computed from all hazards together.

    Parameters
    ----------
    formula : str
        Right side, ``"~ x + z"``: the covariates of every transition that has no formula of its own. ``entered``
        stands for the time at which the state was entered.
    data : MultiStateData
        Stays in states.
    clock : {"forward", "reset"} or dict
        Whether the time of a transition counts from time 0 or from the entry into its state; a dict gives it by
        transition, and the others go forward.
    distribution : str or Family
        As in :class:`FlexibleSurvival`, or ``"auto"``: the exponential, the Weibull or (with 50 events or more) the
        full family, by AIC among the regular fits of each transition.
    transitions : dict, optional
        By transition a dict of its own ``formula``, ``clock``, ``distribution`` or further options.
    stacked : bool or sequence of str
        Transitions (True: all) that share one fit, so that they can share effects; ``transition`` is then a factor
        for formulas, as in ``"~ transition + arm"``.
    weights : str, optional
        A covariate of the data: case weights of the subjects.
    **options
        Further arguments of :class:`FlexibleSurvival` for all transitions: ``scale``, ``other_scale``, ``power``,
        ``shape``, ``cure``, ...

    Raises
    ------
    FormulaError
        If a formula cannot be read.
    DataError
        If an option is unknown, a covariate is missing, or a clock needs times of entry that are not known.

    Warns
    -----
    DataWarning
        If subjects are dropped because covariates are missing.

    References
    ----------
    Putter, Fiocco and Geskus (2007), Statistics in Medicine 26, 2389-2430.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> data = smx.MultiStateData.from_wide(
    ...     colon,
    ...     {"recurrence": ("time_recur", "status_recur"), "dead": ("time_death", "status_death")},
    ...     start="remission", keep=["rx"], ties="half_unit")
    >>> fit = smx.MultiState("~ rx", data, distribution="weibull", scale="ph").fit()
    >>> [name for name in fit.fits]
    ['remission -> recurrence', 'remission -> dead', 'recurrence -> dead']
    """

    def __init__(
        self,
        formula: str,
        data: MultiStateData,
        clock: str | Mapping[str, str] = "forward",
        distribution: Any = "apgw",
        transitions: Mapping[str, Mapping[str, Any]] | None = None,
        stacked: bool | Sequence[str] = False,
        weights: str | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(data, MultiStateData):
            raise DataError(
                f"MultiState: `data` is a {type(data).__name__}; make it with MultiStateData.from_wide(), from_long() "
                "or competing()."
            )
        self.specification = specify(data.graph, formula, clock, distribution, transitions, stacked, options)
        for name in self.specification.variables:
            if name in RESERVED and name != "entered":
                raise DataError(
                    f"formula: {name!r} is part of the response; only 'entered' may be a covariate."
                )
        self._weights = _checked_weights(data, weights)
        used = [*self.specification.variables, *([weights] if weights else [])]
        self._data = _with_weight(data.complete(used), weights)

    @property
    def data(self) -> MultiStateData:
        """The stays that are used."""
        return self._data

    def fit(
        self, cov_type: str | None = None, tol: float = 1e-10, max_iter: int = 200, keep_data: bool = False
    ) -> MultiStateResults:
        """Maximise the likelihood, which is the product of the transitions'.

        Parameters
        ----------
        cov_type : {"observed", "cluster"}, optional
            Covariance of the estimates: inverse observed information, with which transitions are uncorrelated, or
            the sandwich with scores summed over all rows of a subject. By default ``"cluster"`` with weights that
            are not whole numbers.
        tol, max_iter
            As in :meth:`FlexibleSurvival.fit`.
        keep_data : bool
            Whether a saved or pickled result carries the data.

        Returns
        -------
        MultiStateResults

        Raises
        ------
        DataError
            If a transition cannot be fitted; it is named.

        Warns
        -----
        IdentificationWarning
            If the data do not determine some parameters of a transition, which is named.
        ConvergenceWarning
            If a search ended without a proved maximum.
        """
        if cov_type is None:
            cov_type = "observed" if self._has_counts else "cluster"
        check_choice("cov_type", cov_type, ("observed", "cluster"), "fit()")
        how = {"tol": tol, "max_iter": max_iter, "keep_data": check_flag("keep_data", keep_data)}
        fits = fit_transitions(self._data, self.specification, self._weights, how)
        results = MultiStateResults.of(
            self.specification, self._data, fits, cov_type, self._weights, keep_data
        )
        announce(results.findings)
        return results

    @property
    def _has_counts(self) -> bool:
        if self._weights is None:
            return True
        values = self._data.rows[self._weights].to_numpy(float)
        return bool(np.all(values == np.round(values)))

    def __repr__(self) -> str:
        transitions = len(self._data.transitions)
        return f"MultiState({self.specification.formula!r}, n={self._data.n}, transitions={transitions})"


def _with_weight(data: MultiStateData, weights: str | None) -> MultiStateData:
    """Leave out the subjects of weight 0, who say nothing and are not counted."""
    if weights is None or not (data.rows[weights] == 0).any():
        return data
    return replace(data, rows=data.rows[data.rows[weights] != 0])


def _checked_weights(data: MultiStateData, weights: Any) -> str | None:
    if weights is None:
        return None
    if not isinstance(weights, str):
        raise DataError("MultiState: `weights` must name a covariate of the data; keep it in the container.")
    check_columns(data.rows, [weights], "data")
    values = numeric_array(data.rows[weights], weights, "MultiState")
    spread = data.rows.assign(_w=values).groupby("id")["_w"].nunique()
    if (spread > 1).any():
        raise DataError(f"MultiState: the weight '{weights}' differs between rows of {spread.idxmax()}.")
    return weights
