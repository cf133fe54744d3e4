"""A thin scikit-learn estimator around :class:`FlexibleSurvival`.

scikit-learn itself is not needed: the class follows its conventions (``get_params``, ``set_params``, ``fit``,
``predict``, ``score``), so that it can be cloned, put in a pipeline and searched over.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.survival.background.sources import source_of
from statmodels_x.survival.model import FlexibleSurvival
from statmodels_x.survival.specification import ANCHOR, SCALE

_TIME, _EVENT = "_time", "_event"
_PAIRS = 5_000_000  # compared at a time


class FlexibleSurvivalRegressor:
    """Flexible parametric survival regression with the interface of scikit-learn.

    It can be used in pipelines, cross-validation and grid searches. scikit-learn itself need not be installed.

    Parameters
    ----------
    terms : str
        Right side of the formula. ``"."`` takes every column of ``X``.
    distribution, scale, other_scale, power, shape, cure, cure_kind, background, background_factor
        As in :class:`FlexibleSurvival`. A background reads columns of ``X``, and ``"."`` leaves these columns out of
        the terms. The predicted risk and survival are then for death from all causes. External counts and priors are
        available in :class:`FlexibleSurvival` only.

    Attributes
    ----------
    results_ : FlexibleSurvivalResults
        The fit.
    feature_names_in_ : ndarray of str
        Names of the columns of ``X``.
    n_features_in_ : int
        Number of columns of ``X``.

    Examples
    --------
    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_melanoma()
    >>> y = np.array(list(zip(data["status"] == 1, data["time"])),
    ...              dtype=[("event", "?"), ("time", "f8")])
    >>> model = smx.FlexibleSurvivalRegressor().fit(data[["treatment", "age"]], y)
    >>> model.predict(data[["treatment", "age"]]).shape
    (284,)
    """

    def __init__(
        self,
        terms: str = ".",
        distribution: str = "apgw",
        scale: str = SCALE,
        other_scale: str | float = ANCHOR,
        power: str | float = "~ 1",
        shape: str | float = "~ 1",
        cure: str | None = None,
        cure_kind: str = "mixture",
        background: Any = None,
        background_factor: str | None = None,
    ) -> None:
        self.terms = terms
        self.distribution = distribution
        self.scale = scale
        self.other_scale = other_scale
        self.power = power
        self.shape = shape
        self.cure = cure
        self.cure_kind = cure_kind
        self.background = background
        self.background_factor = background_factor

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor.

        Parameters
        ----------
        deep : bool
            Accepted for scikit-learn, and without effect.

        Returns
        -------
        dict of str to object
        """
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> FlexibleSurvivalRegressor:
        """Change arguments of the constructor.

        Parameters
        ----------
        **params
            Arguments and their new values.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If there is no argument of that name.
        """
        for name, value in params.items():
            if name not in self._names():
                raise DataError(
                    f"set_params: there is no parameter {name!r}; they are {', '.join(self._names())}."
                )
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Describe the estimator to scikit-learn 1.6 and later."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=True))

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> FlexibleSurvivalRegressor:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or array_like of shape (n, k)
            Covariates. The columns of an array are named ``x0``, ``x1``, ...
        y : structured array, DataFrame with two columns, or array_like of shape (n, 2)
            Events and times. A structured array has a boolean field (event) and a numeric field (time), as in
            scikit-survival. In other forms the time comes first and the status second.
        sample_weight : array_like of shape (n,), optional
            Case weights, as ``weights`` in :class:`FlexibleSurvival`.

        Returns
        -------
        self

        Raises
        ------
        DataError
            If ``X``, ``y`` or an argument of the model cannot be used.
        """
        frame = _covariates(X)
        time, event = _outcome(y, X)
        if len(time) != len(frame):
            raise DataError(f"fit: `y` has {len(time)} rows and `X` has {len(frame)}.")
        source = source_of(self.background)
        outside = set() if source is None else set(source.columns.values())
        names = [f"`{name}`" for name in frame.columns if name not in outside]
        terms = " + ".join(names) if self.terms.strip() == "." else self.terms
        if isinstance(sample_weight, pd.Series):
            labels = X.index if isinstance(X, pd.DataFrame) else frame.index
            sample_weight = by_row(sample_weight, labels, "sample_weight")
        data = frame.assign(**{_TIME: time, _EVENT: event})
        arguments = {name: value for name, value in self.get_params().items() if name != "terms"}
        model = FlexibleSurvival(
            f"Surv({_TIME}, {_EVENT}) ~ {terms}", data, weights=sample_weight, **arguments
        )
        self.results_ = model.fit()
        self.feature_names_in_ = np.array(frame.columns, dtype=object)
        self.n_features_in_ = frame.shape[1]
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict the risk of each row.

        Parameters
        ----------
        X : DataFrame or array_like of shape (n, k)
            Covariates.

        Returns
        -------
        ndarray of shape (n,)
            The cumulative hazard at the last event time of the fit. A larger value means a higher risk.
        """
        at = self._fitted().facts.last_event
        return self.results_.predict(_covariates(X), "cumulative_hazard", at=at)["estimate"].to_numpy()

    def predict_survival(self, X: Any, times: ArrayLike) -> NDArray[np.float64]:
        """Predict survival probabilities.

        Parameters
        ----------
        X : DataFrame or array_like of shape (n, k)
            Covariates.
        times : array_like of shape (m,)
            Times in the unit of the data.

        Returns
        -------
        ndarray of shape (n, m)
        """
        rows = _covariates(X)
        table = self._fitted().predict(rows, "survival", at=times)
        return table["estimate"].to_numpy().reshape(len(rows), -1)

    def score(self, X: Any, y: Any) -> float:
        """Harrell's concordance index of the predicted risk.

        Parameters
        ----------
        X : DataFrame or array_like of shape (n, k)
            Covariates.
        y : structured array, DataFrame with two columns, or array_like of shape (n, 2)
            Events and times, as in :meth:`fit`.

        Returns
        -------
        float
            0.5 if the predictions carry no information, and 1 if they order the events perfectly.
        """
        time, event = _outcome(y, X)
        return _concordance(np.asarray(time, float), np.asarray(event, bool), self.predict(X))

    def _fitted(self) -> Any:
        if not hasattr(self, "results_"):
            raise DataError("the estimator is not fitted: call fit(X, y) first.")
        return self.results_

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if v != defaults[k].default]
        return f"FlexibleSurvivalRegressor({', '.join(changed)})"


def _concordance(time: Array, died: NDArray[np.bool_], risk: Array) -> float:
    """Share of pairs, a death and who outlives it, in which the dead had the higher risk; ties of risk count half."""
    pairs, agreeing = 0.0, 0.0
    for block in np.array_split(np.flatnonzero(died), max(1, len(time) * int(died.sum()) // _PAIRS)):
        outlives = (time > time[block, None]) | ((time == time[block, None]) & ~died)
        higher = (risk < risk[block, None]) + 0.5 * (risk == risk[block, None])
        pairs, agreeing = pairs + outlives.sum(), agreeing + float(higher[outlives].sum())
    if pairs == 0.0:
        raise DataError("score(): nobody outlives a death, so that no pair can be compared.")
    return float(agreeing / pairs)


def _covariates(X: Any) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        frame = X.reset_index(drop=True)
        # as scikit-learn does, numbers are no names: those of an array's columns are made for them
        return frame if any(isinstance(name, str) for name in X) else frame.add_prefix("x", axis=1)
    if hasattr(X, "columns"):
        from statmodels_x.core.data.frames import as_pandas

        return as_pandas(X)
    values = np.asarray(X)
    if values.ndim != 2:
        raise DataError("`X` must be a data frame or an array of two dimensions.")
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(values.shape[1])])


def _outcome(y: Any, X: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read times and events: a structured array holds a boolean and a number, other forms time first."""
    if isinstance(y, np.ndarray) and y.dtype.names:
        kinds = {y.dtype[name].kind: y[name] for name in y.dtype.names}
        if len(y.dtype.names) != 2 or "b" not in kinds or len(kinds) != 2:
            raise DataError("`y`: a structured array needs one boolean field (event) and one number (time).")
        time = next(values for kind, values in kinds.items() if kind != "b")
        return np.asarray(time, float), np.asarray(kinds["b"], bool)
    if isinstance(y, pd.DataFrame) and isinstance(X, pd.DataFrame) and len(y) == len(X):
        y = y.iloc[by_row(pd.Series(np.arange(len(y)), y.index), X.index, "y")]
    values = np.asarray(y)
    if values.ndim != 2 or values.shape[1] != 2:
        raise DataError("`y` must be a structured array (event, time) or have two columns, time and event.")
    return values[:, 0].astype(float), values[:, 1].astype(float)
