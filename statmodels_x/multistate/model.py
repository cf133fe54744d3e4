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

    Each transition has its own hazard, which is a :class:`FlexibleSurvival` model fitted to the subjects at risk of
    the transition. State probabilities are computed from all hazards together.

    Parameters
    ----------
    formula : str
        The right side of a formula, such as ``"~ x + z"``: the covariates of every transition that has no formula of
        its own. The name ``entered`` stands for the time at which the state was entered.
    data : MultiStateData
        The stays of the subjects in the states.
    clock : {"forward", "reset"} or dict
        The time scale of a transition: time since time 0 ("clock forward"), or time since entry into its state
        ("clock reset"). A dict gives the clock by transition. Transitions that it does not name go forward.
    distribution : str or Family
        As in :class:`FlexibleSurvival`. With ``"auto"`` each transition uses the exponential, the Weibull or (if it
        has at least 50 events) the full APGW family, whichever regular fit has the lowest AIC.
    transitions : dict, optional
        For each transition a dict of its own options: ``formula``, ``clock``, ``distribution`` or other arguments of
        :class:`FlexibleSurvival`.
    stacked : bool or sequence of str
        Transitions that are fitted together in one model, so that they can share effects. True means all of them. In
        their formula ``transition`` is a factor, as in ``"~ transition + arm"``.
    weights : str, optional
        A covariate of the data with the case weights of the subjects.
    **options
        Further arguments of :class:`FlexibleSurvival` for all transitions, such as ``scale``, ``other_scale``,
        ``power``, ``shape`` or ``cure``.

    Raises
    ------
    FormulaError
        If a formula cannot be read.
    DataError
        If an option is unknown, a covariate is not in the data, or a clock needs times of entry that are not known.

    Warns
    -----
    DataWarning
        If subjects are dropped because a covariate is missing.

    See Also
    --------
    multistate.results.MultiStateResults : The results that :meth:`fit` returns.

    References
    ----------
    Putter, Fiocco and Geskus (2007), Tutorial in biostatistics: competing risks and multi-state models, Statistics
    in Medicine 26, 2389-2430.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> data = smx.MultiStateData.from_wide(
    ...     colon,
    ...     {"recurrence": ("time_recur", "status_recur"),
    ...      "dead": ("time_death", "status_death")},
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
        """The data that the model is fitted to, without subjects that have a missing covariate."""
        return self._data

    def fit(
        self, cov_type: str | None = None, tol: float = 1e-10, max_iter: int = 200, keep_data: bool = False
    ) -> MultiStateResults:
        """Fit the model by maximum likelihood.

        The likelihood is the product of the likelihoods of the transitions.

        Parameters
        ----------
        cov_type : {"observed", "cluster"}, optional
            The covariance of the estimates. ``"observed"`` is the inverse of the observed information; the
            parameters of different transitions are then uncorrelated. ``"cluster"`` is the sandwich estimator, with
            the scores summed over all rows of a subject. The default is ``"cluster"`` if there are weights that are
            not whole numbers, and ``"observed"`` otherwise.
        tol : float
            As in :meth:`FlexibleSurvival.fit`.
        max_iter : int
            As in :meth:`FlexibleSurvival.fit`.
        keep_data : bool
            Whether a saved or pickled result contains the data.

        Returns
        -------
        MultiStateResults

        Raises
        ------
        DataError
            If a transition cannot be fitted. The message names it.

        Warns
        -----
        IdentificationWarning
            If the data do not determine some parameters of a transition. The message names them.
        ConvergenceWarning
            If a search ended before it reached a maximum.
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
