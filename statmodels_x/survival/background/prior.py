"""What is known of coefficients, or of survival at a time, before the data are seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import as_list, check_choice, check_number

_WHERE = "Prior()"
_KINDS = ("survival", "net_survival")


@dataclass(frozen=True)
class Prior:
    """A normal prior distribution of a coefficient, on the scale of ``params``.

    Pass it as ``prior=`` to :class:`FlexibleSurvival`. The fit is then penalised: it maximises the product of the
    likelihood and the prior densities, and its covariance is the inverse of the sum of both informations. Use
    :meth:`survival` for prior knowledge about survival itself.

    Parameters
    ----------
    coefficient : str or dict of str to float
        Parameter and term joined by a dot, such as ``"power.treatment"``. A dict gives a linear combination by the
        weights of its coefficients, such as ``{"ph.a": 1, "ph.b": -1}``.
    mean : float
        Mean of the prior.
    sd : float
        Standard deviation of the prior, positive.

    Raises
    ------
    DataError
        If the standard deviation is not positive, or an argument is not a number.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> smx.Prior("power.treatment", mean=0, sd=0.5)
    Prior('power.treatment', mean=0, sd=0.5)
    >>> smx.Prior.survival(at=5, median=0.30, interval=(0.20, 0.40),
    ...                    who={"treatment": "control"})
    SurvivalPrior(survival at 5 of treatment = 'control': 0.3, 95 % from 0.203 to 0.403)
    """

    coefficient: str | Mapping[str, float]
    mean: float
    sd: float

    def __post_init__(self) -> None:
        for name in self.weights:
            if not isinstance(name, str):
                raise DataError(
                    f"{_WHERE}: `coefficient` is {self.coefficient!r}; give a name such as 'ph.treatment', or a dict "
                    "of names to weights."
                )
        for name, value in self.weights.items():
            check_number(f"the weight of {name}", value, low=-np.inf, high=np.inf)
        if not any(self.weights.values()):
            raise DataError(f"{_WHERE}: `coefficient` is {self.coefficient!r}: every weight is 0.")
        check_number("mean", self.mean, low=-np.inf, high=np.inf)
        check_number("sd", self.sd, low=0.0, high=np.inf)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each coefficient."""
        own = self.coefficient
        return dict(own) if isinstance(own, Mapping) else {own: 1.0}

    @property
    def text(self) -> str:
        """The prior in words."""
        parts = (name if w == 1.0 else f"{w:g} * {name}" for name, w in self.weights.items())
        return f"{' + '.join(parts)}: mean {self.mean:g}, sd {self.sd:g}"

    @staticmethod
    def survival(
        at: float,
        median: float,
        interval: tuple[float, float],
        who: Mapping[str, Any] | None = None,
        kind: str = "survival",
        level: float = 0.95,
    ) -> SurvivalPrior:
        """Return a prior of survival at a time, from an expert's median and interval.

        The prior is normal for the logarithm of the cumulative hazard. It has the given median, and on this scale
        the width of the given interval. The interval for survival that follows is printed, and can differ slightly
        from the one given.

        Parameters
        ----------
        at : float
            The time, in the unit of the response.
        median : float
            Median of survival, between 0 and 1.
        interval : (float, float)
            Lower and upper limit of survival, on either side of the median.
        who : dict, optional
            Values of the covariates, and of the columns of a life table.
        kind : {"survival", "net_survival"}
            Whether the prior is about survival from all causes or about net survival. They are the same without a
            background.
        level : float
            Probability of the interval.

        Returns
        -------
        SurvivalPrior
            A value for ``FlexibleSurvival(..., prior=)``.

        Raises
        ------
        DataError
            If the median does not lie within the interval, or an argument is out of range.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> known = smx.Prior.survival(
        ...     at=20, median=0.3, interval=(0.2, 0.4), who={"treatment": 0})
        >>> known
        SurvivalPrior(survival at 20 of treatment = 0: 0.3, 95 % from 0.203 to 0.403)
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, prior=known).fit()
        >>> round(fit.llf, 2), round(fit.llf_penalised, 2)
        (-368.36, -369.2)
        """
        return SurvivalPrior.of(at, median, interval, {} if who is None else who, kind, level)

    def __repr__(self) -> str:
        return f"Prior({self.coefficient!r}, mean={self.mean:g}, sd={self.sd:g})"


@dataclass(frozen=True)
class SurvivalPrior:
    """A normal prior of the logarithm of a cumulative hazard at a time; made by :meth:`Prior.survival`.

    Attributes
    ----------
    at : float
    mean, sd : float
        Of log(-log survival).
    who : dict
        Values of the columns that the model reads.
    kind : str
    """

    at: float
    mean: float
    sd: float
    who: Mapping[str, Any]
    kind: str

    @classmethod
    def of(cls, at: float, median: float, interval: Any, who: Any, kind: str, level: float) -> SurvivalPrior:
        """Turn a median and an interval of survival into a mean and a standard deviation."""
        where = "Prior.survival()"
        check_choice("kind", kind, _KINDS, where)
        time = check_number("at", at, low=0.0, high=np.inf)
        share = check_number("level", level, low=0.0, high=1.0)
        middle = check_number("median", median, low=0.0, high=1.0)
        limits = as_list("interval", interval)
        if len(limits) != 2:
            raise DataError(f"{where}: `interval` is {interval!r}; give its two limits.")
        low, high = (check_number("interval", limit, low=0.0, high=1.0) for limit in limits)
        if not low < middle < high:
            raise DataError(
                f"{where}: `median` is {middle:g}, which is not within the interval {low:g} to {high:g}."
            )
        if not isinstance(who, Mapping) or not all(isinstance(name, str) for name in who):
            raise DataError(f"{where}: `who` is {who!r}; give a value for each covariate.")
        width = math.log(-math.log(low)) - math.log(-math.log(high))
        sd = width / (2.0 * float(ndtri(0.5 + 0.5 * share)))
        return cls(time, math.log(-math.log(middle)), sd, dict(who), kind)

    @property
    def text(self) -> str:
        """Say what it is."""
        reach = 1.959963984540054 * self.sd
        median, high, low = (math.exp(-math.exp(self.mean + move)) for move in (0.0, -reach, reach))
        who = ", ".join(f"{name} = {value!r}" for name, value in self.who.items())
        about = f" of {who}" if who else ""
        kind = self.kind.replace("_", " ")
        return f"{kind} at {self.at:g}{about}: {median:.3g}, 95 % from {low:.3g} to {high:.3g}"

    def __repr__(self) -> str:
        return f"SurvivalPrior({self.text})"


AnyPrior = Prior | SurvivalPrior


def priors_of(value: Any) -> tuple[AnyPrior, ...]:
    """Return the argument ``prior`` of a model; DataError unless it holds priors."""
    if value is None:
        return ()
    found = [value] if isinstance(value, AnyPrior) else as_list("prior", value)
    for one in found:
        if not isinstance(one, AnyPrior):
            raise DataError(
                f"`prior` holds a {type(one).__name__}; give smx.Prior(coefficient, mean=, sd=), "
                "smx.Prior.survival(at=, median=, interval=, who=), or a list of them."
            )
    return tuple(found)
