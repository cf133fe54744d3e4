"""The limits of a surface on both sides of a jump: those of the truth, and what is predicted just beside it."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

LOW, STEP = 30.0, 2.0  # far from the middle of the range of scaled responses


def scattered(n_axes):
    rng = np.random.default_rng(0)
    names = ["x", "z", "w"][:n_axes]
    frame = pd.DataFrame(rng.uniform(size=(2500, n_axes)), columns=names)
    y = LOW + STEP * (frame["x"] + 0.3 * frame["z"] > 0.6) + 0.1 * rng.normal(size=2500)
    return smx.FreeDiscontinuity(f"y ~ {' + '.join(names)}", frame.assign(y=y), resolution=10 - n_axes).fit()


def image(pixels):
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:16, :16]
    y = LOW + STEP * (row + 0.4 * column > 11.3) + 0.1 * rng.normal(size=row.shape)
    return smx.FreeDiscontinuity(y).fit(pixels=pixels)


FITS = {
    "points": lambda: scattered(2),
    "image of values": lambda: image("points"),
    "image of averages": lambda: image("averages"),
    "volume": lambda: scattered(3),
}


@pytest.fixture(scope="module", params=FITS)
def fit(request):
    return FITS[request.param]()


def test_limits_are_those_of_the_truth(fit):
    jumps = fit.jumps
    assert len(jumps) > 5
    low, high = np.sort(jumps[["from", "to"]].to_numpy(), axis=1).T
    assert abs(np.median(low) - LOW) < 0.15
    assert abs(np.median(high) - LOW - STEP) < 0.15
    np.testing.assert_allclose(jumps["size"], jumps["to"] - jumps["from"])


def test_limits_are_predicted_beside_the_border(fit):
    jumps, names = fit.jumps, list(fit.domain.names)
    flat = len(names) == 2
    step = 1e-6 if flat else 0.7  # cells; the place of an edge of a volume is not where its border crosses it
    for sign, side in ((-1.0, "from"), (1.0, "to")):
        places = jumps[names].copy()
        for name, width in zip(names, fit.domain.widths, strict=True):
            places.loc[jumps["across"] == name, name] += sign * step * width
        there = fit.predict(places)["estimate"].to_numpy()
        agree = np.abs(there - jumps[side]) < (1e-3 if flat else 0.5)
        assert agree.mean() > (0.999 if flat else 0.9)  # beyond an edge of a volume the border may turn


def test_sizes_elsewhere_have_the_same_limits(fit):
    some = fit.jumps.iloc[[0, 3]]
    told = fit.jump_sizes(some[list(fit.domain.names)])
    np.testing.assert_allclose(
        np.sort(told[["from", "to"]].to_numpy(), axis=1).mean(0), [LOW, LOW + STEP], atol=0.4
    )


def test_sizes_of_both_signs_are_no_step_of_one_size():
    rng = np.random.default_rng(1)
    x, z = rng.uniform(size=(2, 3000))
    # the sides part at the bottom, meet, and part again the other way
    wedge = np.where(x > 0.5, 1.0, -1.0) * (z - 0.5)
    y = 4.0 * wedge + 0.1 * rng.normal(size=3000)
    fit = smx.FreeDiscontinuity("y ~ x + z", pd.DataFrame({"x": x, "z": z, "y": y}), resolution=10).fit()
    said = " ".join(fit.summary().as_text().split())
    both = fit.jumps.groupby("segment")["size"].agg(["min", "max"])
    crossing = (both["min"] < -1.0) & (both["max"] > 1.0)
    assert ("have both signs" in said) == bool(crossing.any())
    assert "have both signs" not in scattered(2).summary().as_text()
