import os
from pathlib import Path

import pandas as pd
import pytest

import statmodels_x as smx

EVENTS = {"progressed": ("pfs", "prog"), "dead": ("os", "died")}


def trial(n=480, seed=1):
    """An illness-death trial of two arms, without ties."""
    process = smx.IllnessDeathTrial(smx.IllnessDeath(1.0, 0.1, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.12)
    frame = process.simulate(n=n // 2, seed=seed)
    names = {"surrogate_time": "pfs", "surrogate_status": "prog", "time": "os", "status": "died"}
    return frame.rename(columns=names)


@pytest.fixture(scope="session")
def frame():
    return trial()


@pytest.fixture(scope="session")
def data(frame):
    return smx.MultiStateData.from_wide(frame, EVENTS)


@pytest.fixture(scope="session", params=["forward", "reset"])
def fit(request, data):
    clock = {"progressed -> dead": request.param}
    return smx.MultiState("~ arm", data, clock, "weibull", scale="ph").fit()


@pytest.fixture(scope="session")
def bosms3():
    extra = os.environ.get("STATMODELS_X_EXTRA")
    if not extra:
        pytest.skip("the transplant data are not part of the package: set STATMODELS_X_EXTRA")
    rows = pd.read_csv(Path(extra) / "data" / "acceptance" / "bosms3.csv")
    return smx.MultiStateData.from_long(
        rows, start="Tstart", stop="Tstop", names={1: "transplant", 2: "BOS", 3: "dead"}, keep=[]
    )


@pytest.fixture(scope="session")
def colon():
    frame = smx.datasets.load_colon()
    frame = frame.assign(recur=frame["time_recur"] / 365.25, death=frame["time_death"] / 365.25)
    states = {"recurrence": ("recur", "status_recur"), "dead": ("death", "status_death")}
    return smx.MultiStateData.from_wide(frame, states, start="remission", keep=["rx"], ties="half_unit")
