"""The data of multi-state models: stays of subjects in states, read from frames of several shapes and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statmodels_x.core.data.events import check_event_times
from statmodels_x.core.data.frames import as_pandas, check_columns, label_column
from statmodels_x.core.data.illness_death import IllnessDeathTimes
from statmodels_x.core.data.surv import column_unit
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_text, is_among, numeric_array, rows_text
from statmodels_x.multistate.reading.aalen_johansen import aalen_johansen
from statmodels_x.multistate.reading.long import checked_stays, long_graph, long_rows
from statmodels_x.multistate.reading.wide import Stays, follow, read_columns, wide_graph
from statmodels_x.multistate.specification import RESERVED, TRANSITION, Graph, arrow


@dataclass(frozen=True, eq=False)
class MultiStateData:
    """Data of a multi-state model: the stays of subjects in states.

    Use :meth:`from_wide`, :meth:`from_long`, :meth:`competing` or :meth:`from_trial` to create it. Printing it shows
    the numbers of each transition. :class:`MultiState` is fitted to it.

    Attributes
    ----------
    rows : DataFrame
        One row for each transition that a stay could have ended with: ``id``, ``from``, ``to``, ``entered`` (when
        the state was entered), ``start`` and ``stop`` (between which the subject was watched in it), ``status``, and
        the covariates. Internal.
    graph : Graph
        States and transitions. Internal.
    time_unit : str or None
        Name of the unit of time.
    dropped : dict of str to int
        Subjects that were left out because a covariate is missing: their number by column, and in all as
        ``"subjects"``.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> data = smx.MultiStateData.from_wide(
    ...     colon,
    ...     {"recurrence": ("time_recur", "status_recur"),
    ...      "dead": ("time_death", "status_death")},
    ...     start="remission", keep=["rx"], ties="half_unit")
    >>> data.counts()["events"].tolist()
    [468, 38, 414]
    """

    rows: pd.DataFrame = field(repr=False)
    graph: Graph
    time_unit: str | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def from_wide(
        cls,
        data: Any,
        states: Mapping[str, tuple[str, str]],
        start: str = "event_free",
        id: str | None = None,
        entry: str | None = None,
        keep: Sequence[str] | None = None,
        transitions: Sequence[Any] | None = None,
        ties: str = "refuse",
        unit: float | None = None,
        time_unit: str | None = None,
    ) -> Self:
        """Read data with one row per subject, and a time and a status for each state.

        Parameters
        ----------
        data : DataFrame
            A pandas, polars or pyarrow data frame, or a mapping of columns.
        states : dict of str to (str, str)
            For each state but the first, the names of two columns. The first column is the time of entry into the
            state, or the end of follow-up if it was not entered. The second is the status: 1 if the state was
            entered, 0 if not.
        start : str
            Name of the state in which all subjects are at time 0.
        id : str, optional
            Column that identifies the subject. By default the rows are numbered.
        entry : str, optional
            Column with the time from which each subject was observed (left truncation). By default it is 0. A
            subject who had left the first state by then is observed from then on in the state reached.
        keep : sequence of str, optional
            Covariates. The default is all columns that are not times, statuses or names.
        transitions : sequence, optional
            Allowed transitions, as pairs of states or texts such as ``"event_free -> dead"``. By default every state
            can lead to each state that comes later in ``states``.
        ties : {"refuse", "half_unit", "death"}
            What to do if a state is entered at the very time of death, of another state or of censoring, so that the
            stay has no length:

            - ``"refuse"``: raise an error;
            - ``"half_unit"``: let the state be entered half a recording unit earlier;
            - ``"death"``: leave out the earlier state.
        unit : float, optional
            The recording unit of time. The default is the smallest difference between two times.
        time_unit : str, optional
            Name of the unit of time. The default is the unit in ``data.attrs["units"]``.

        Returns
        -------
        MultiStateData

        Raises
        ------
        DataError
            If a column cannot be used, or the events contradict the transitions. The message names the rows and says
            what to do.
        """
        frame = as_pandas(data)
        check_columns(frame, [name for name in (id, entry) if name is not None], "data")
        check_text("time_unit", time_unit, "years")
        graph = wide_graph(states, start, transitions)
        times, seen = read_columns(frame, states)
        from_when = np.zeros(len(frame)) if entry is None else _entries(frame, entry, times.max(axis=1))
        stays = follow(graph, list(map(str, states)), times, seen, from_when, ties, unit)
        used = [name for pair in states.values() for name in pair]
        used += [name for name in (id, entry) if name is not None]
        name = next(iter(states.values()))[0]
        unit_name = time_unit or column_unit(frame, name)
        return cls(_expand(frame, stays, graph, id, _kept(frame, keep, used)), graph, unit_name)

    @classmethod
    def from_long(
        cls,
        data: Any,
        id: str = "id",
        origin: str = "from",
        to: str = "to",
        start: str = "start",
        stop: str = "stop",
        status: str = "status",
        entered: str | None = None,
        names: Mapping[Any, str] | None = None,
        first: str | None = None,
        keep: Sequence[str] | None = None,
        time_unit: str | None = None,
    ) -> Self:
        """Read data in the long format of R's mstate.

        The format has one row for each stay of a subject in a state and each transition out of that state.

        Parameters
        ----------
        data : DataFrame
            A pandas, polars or pyarrow data frame, or a mapping of columns.
        id, origin, to, start, stop, status : str
            Names of the columns: the subject, the two states, the times between which the subject was at risk of the
            transition, and whether it happened (1) or not (0).
        entered : str, optional
            Column with the time at which the state was entered. By default it is the start of the stay. The column
            is needed for clocks that are reset, and for subjects who came under observation some time after they had
            entered a state beyond the first.
        names : dict, optional
            Names for the codes of the states, in the order in which states are shown.
        first : str, optional
            The state at time 0. The default is the state that no transition leads to.
        keep : sequence of str, optional
            Covariates. The default is all other columns.
        time_unit : str, optional
            Name of the unit of time. The default is the unit in ``data.attrs["units"]``.

        Returns
        -------
        MultiStateData

        Raises
        ------
        DataError
            If a row of a competing transition is missing or appears twice, stays overlap, or a column cannot be
            used.
        """
        frame = as_pandas(data)
        check_text("time_unit", time_unit, "years")
        columns = {"id": id, "from": origin, "to": to, "start": start, "stop": stop, "status": status}
        if entered is not None:
            columns["entered"] = entered
        rows = long_rows(frame, columns, names)
        graph = long_graph(rows, names, first)
        rows = checked_stays(rows, graph)
        covariates = _kept(frame, keep, list(columns.values()))
        kept = frame[covariates].reset_index(drop=True)
        joined = pd.concat([rows[list(RESERVED)].reset_index(drop=True), kept], axis=1)
        return cls(joined, graph, time_unit or column_unit(frame, stop))

    @classmethod
    def competing(
        cls,
        data: Any,
        time: str,
        event: str,
        censored: Any = 0,
        start: str = "event_free",
        id: str | None = None,
        entry: str | None = None,
        keep: Sequence[str] | None = None,
        time_unit: str | None = None,
    ) -> Self:
        """Read data of competing risks: one time, and one column that says which event ended it.

        Parameters
        ----------
        data : DataFrame
            A pandas, polars or pyarrow data frame, or a mapping of columns, with one row per subject.
        time : str
            Column with the time of the event or of censoring.
        event : str
            Column with the type of event, as numbers or text. Its values are the names of the states.
        censored : object
            The value of ``event`` that means censored.
        start : str
            Name of the state at time 0.
        id, entry, keep, time_unit
            As in :meth:`from_wide`.

        Returns
        -------
        MultiStateData

        Raises
        ------
        DataError
            If a column cannot be used, the event is missing in a row, nobody is censored, or there are more than 20
            types of event.
        """
        frame = as_pandas(data)
        check_columns(frame, [time], "data")
        values = label_column(frame, event, "data")
        check_columns(frame, [name for name in (id, entry) if name is not None], "data")
        if not is_among(censored, [censored]):
            raise DataError(f"MultiStateData: `censored` is {censored!r}; give one value.")
        if values.isna().any():
            raise DataError(f"MultiStateData: '{event}' is missing in {rows_text(values.isna().to_numpy())}.")
        causes = sorted({value for value in values.tolist() if value != censored}, key=str)
        if len(causes) == values.nunique():
            raise DataError(
                f"MultiStateData: no '{event}' is {censored!r}, so that nobody is censored; say which value means "
                f"that with `censored=` (the values are {', '.join(map(repr, causes[:6]))}), or add a row."
            )
        if not causes or len(causes) > 20:
            raise DataError(f"MultiStateData: '{event}' names {len(causes)} kinds of event; give 1 to 20.")
        made = frame.assign(**{f"_{k}": (values == cause).astype(int) for k, cause in enumerate(causes)})
        states = {str(cause): (time, f"_{k}") for k, cause in enumerate(causes)}
        own = [name for name in (time, event, id, entry) if name is not None]
        kept = [name for name in frame.columns if name not in (*own, *RESERVED)] if keep is None else keep
        pairs = [(start, state) for state in states]
        made.attrs = dict(frame.attrs)
        return cls.from_wide(made, states, start, id, entry, kept, pairs, time_unit=time_unit)

    @classmethod
    def from_trial(cls, trial: Any, states: tuple[str, str] = ("progressed", "dead"), **options: Any) -> Self:
        """Read a trial with a surrogate event, from a :class:`SurrogatePTE` or from a data frame.

        Parameters
        ----------
        trial : DataFrame or trial of a SurrogatePTE
            A data frame with the columns ``arm``, ``time``, ``status``, ``surrogate_time`` and ``surrogate_status``,
            as :meth:`IllnessDeathTrial.simulate` returns it. Alternatively ``SurrogatePTE(...).trial``, which holds
            the two events as that model checked them, with ``arm``, ``stratum`` and ``weight`` as covariates.
        states : (str, str)
            Names of the surrogate event and of death.
        **options
            Further arguments of :meth:`from_wide`.

        Returns
        -------
        MultiStateData

        Raises
        ------
        DataError
            As in :meth:`from_wide`.
        """
        events = {states[0]: ("surrogate_time", "surrogate_status"), states[1]: ("time", "status")}
        frame = _trial_frame(trial) if isinstance(trial, IllnessDeathTimes) else trial
        return cls.from_wide(frame, events, **options)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return self.graph.states

    @property
    def transitions(self) -> tuple[str, ...]:
        """Names of the transitions, ``"from -> to"``."""
        return self.graph.names

    @property
    def n(self) -> int:
        """Number of subjects."""
        return int(self.rows["id"].nunique())

    def counts(self) -> pd.DataFrame:
        """Count the subjects at risk, the events and the time at risk of each transition.

        Returns
        -------
        DataFrame
            The columns ``transition``, ``at_risk``, ``events`` and ``time``.
        """
        table = []
        for origin, to in self.graph.transitions:
            part = self.of(origin, to)
            time = float((part["stop"] - part["start"]).sum())
            table.append((arrow(origin, to), part["id"].nunique(), int(part["status"].sum()), time))
        return pd.DataFrame(table, columns=["transition", "at_risk", "events", "time"])

    def aalen_johansen(self, by: str | None = None) -> pd.DataFrame:
        """Estimate state probabilities by the nonparametric Aalen-Johansen estimator.

        Parameters
        ----------
        by : str, optional
            A covariate. The result has one estimate for each of its values.

        Returns
        -------
        DataFrame
            The columns ``by`` (if given) and ``time``, and one column for each state. The probabilities are step
            functions: each row holds from its ``time`` on.
        """
        if by is None:
            return aalen_johansen(self.rows, self.graph)
        label_column(self.rows, by, "aalen_johansen(): by")
        parts = []
        for value, rows in self.rows.groupby(by, observed=True, sort=True):
            part = aalen_johansen(rows, self.graph)
            part.insert(0, by, [value] * len(part))
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def of(self, origin: str, to: str) -> pd.DataFrame:
        """Return the rows of a transition."""
        return self.rows[(self.rows["from"] == origin) & (self.rows["to"] == to)]

    def complete(self, variables: Sequence[str]) -> MultiStateData:
        """Return the subjects without a missing covariate.

        Parameters
        ----------
        variables : sequence of str
            The covariates that must be known.

        Returns
        -------
        MultiStateData

        Raises
        ------
        DataError
            If no subject is left.

        Warns
        -----
        DataWarning
            If subjects are left out.
        """
        wanted = [name for name in variables if name not in (*RESERVED, TRANSITION)]
        check_columns(self.rows, wanted, "data")
        lost = {}
        for name in wanted:
            gone = self.rows.loc[self.rows[name].isna(), "id"].unique()
            if len(gone):
                lost[name] = gone
        if not lost:
            return self
        left_out = np.unique(
            np.concatenate([pd.factorize(self.rows["id"])[1].get_indexer(v) for v in lost.values()])
        )
        codes, ids = pd.factorize(self.rows["id"])
        rows = self.rows[~np.isin(codes, left_out)]
        said = ", ".join(f"{name} {len(gone)}" for name, gone in lost.items())
        warn(f"{len(left_out)} of {len(ids)} subjects were dropped; missing values: {said}", DataWarning)
        if not len(rows):
            raise DataError(f"MultiState: every subject misses a covariate ({said}).")
        counted = {name: len(gone) for name, gone in lost.items()}
        return replace(self, rows=rows, dropped={**counted, "subjects": len(left_out)})

    def __repr__(self) -> str:
        unit = f", time in {self.time_unit}" if self.time_unit else ""
        head = f"MultiStateData({self.n} subjects, {len(self.states)} states{unit})"
        table = self.counts().to_string(index=False, formatters={"time": "{:.4g}".format})
        return f"{head}\n{table}"


def _trial_frame(trial: IllnessDeathTimes) -> pd.DataFrame:
    """Columns of the events of a trial, and what else it knows of each subject."""
    times, seen = trial.columns()
    own = {entry.name for entry in fields(IllnessDeathTimes)}
    more = {
        name: value
        for name, value in vars(trial).items()
        if name not in own and isinstance(value, np.ndarray) and value.ndim == 1
    }
    columns = {
        "time": times[:, 1],
        "status": seen[:, 1],
        "surrogate_time": times[:, 0],
        "surrogate_status": seen[:, 0],
    }
    return pd.DataFrame({**columns, **more})


def _entries(frame: pd.DataFrame, entry: str, last: Array) -> Array:
    check_columns(frame, [entry], "data")
    values = numeric_array(frame[entry], entry, "MultiStateData")
    remedy = "give the time from which the subject was watched, 0 for those watched from the start"
    check_event_times(values, entry, "MultiStateData", missing=remedy, infinite=remedy, negative=remedy)
    late = values >= last
    if late.any():
        raise DataError(
            f"MultiStateData: '{entry}' is not before the end of follow-up in {rows_text(late)}; drop these rows."
        )
    return values


def _kept(frame: pd.DataFrame, keep: Sequence[str] | None, used: Sequence[str]) -> list[str]:
    """Names of the covariates; those that the rows' own columns have are refused."""
    if keep is not None:
        wanted = as_list("keep", keep)
        check_columns(frame, wanted, "data")
    else:
        wanted = [name for name in frame.columns if name not in used and name not in RESERVED]
    for name in wanted:
        if name in (*RESERVED, TRANSITION):
            raise DataError(
                f"MultiStateData: {name!r} is a column that the rows of transitions have themselves; rename the "
                "covariate."
            )
    return wanted


def _expand(
    frame: pd.DataFrame, stays: Stays, graph: Graph, id: str | None, keep: Sequence[str]
) -> pd.DataFrame:
    """One row for each way out of each stay, with the covariates of its subject."""
    names = np.arange(len(frame)) if id is None else _ids(frame, id)
    parts = []
    for origin, to in graph.transitions:
        mine = np.flatnonzero(stays.origin == origin)
        rows = stays.row[mine]
        parts.append(
            pd.DataFrame(
                {
                    "id": names[rows],
                    "from": origin,
                    "to": to,
                    "entered": stays.entered[mine],
                    "start": stays.start[mine],
                    "stop": stays.stop[mine],
                    "status": (stays.to[mine] == to).astype(int),
                    "_row": rows,
                }
            )
        )
    made = pd.concat(parts, ignore_index=True).sort_values(
        ["_row", "start"], kind="stable", ignore_index=True
    )
    taken = frame[list(keep)].iloc[made["_row"].to_numpy()].reset_index(drop=True)
    return pd.concat([made[list(RESERVED)], taken], axis=1)


def _ids(frame: pd.DataFrame, id: str) -> Any:
    labels = label_column(frame, id, "data")
    bad = labels.isna().to_numpy() | labels.duplicated(keep=False).to_numpy()
    if bad.any():
        raise DataError(
            f"MultiStateData: '{id}' is missing or stands twice in {rows_text(bad)}; one row per subject."
        )
    return labels.to_numpy()
