"""Bad input to a selection is refused by name."""

import numpy as np
import pandas as pd
import pytest
from selection_trials import AFT, RIGHT, SURV, trial

import statmodels_x as smx
from statmodels_x.errors import DataError, FormulaError


@pytest.fixture(scope="module")
def data():
    return trial()


@pytest.fixture(scope="module")
def choice(data):
    return smx.select(f"{SURV} ~ {RIGHT} + arm", data, **AFT, power=f"~ {RIGHT}")


BAD = {
    "no candidate": ({"formula": f"{SURV} ~ 1"}, DataError, "there is no candidate"),
    "response": ({"formula": f"{SURV} ~ x0 + time"}, FormulaError, "'time' is part of the response"),
    "constant": ({"formula": f"{SURV} ~ x0 + same"}, DataError, "'same' is 3.0 in every row"),
    "one text": ({"formula": f"{SURV} ~ x0 + word"}, DataError, "'word' is 'a' in every row"),
    "one value": ({"formula": f"{SURV} ~ x0 + once"}, DataError, "'once' has one value that is not missing"),
    "missing": ({"formula": f"{SURV} ~ x0 + gone"}, DataError, "'gone' is missing in every row"),
    "costly": ({"formula": f"{SURV} ~ x0 + rare"}, DataError, "'rare' alone costs"),
    "keep": ({"keep": "age"}, DataError, "`keep` names 'age'"),
    "keep's parameter": ({"keep": {"shape": "x0"}}, DataError, "`keep` names the parameter 'shape'"),
    "keep's term": ({"keep": {"power": "x0"}, "power": "~ x1"}, DataError, "no candidate of power"),
    "keep of a kind": ({"keep": 3}, DataError, "`keep` is 3"),
    "everything kept": ({"formula": f"{SURV} ~ x0", "keep": "x0"}, DataError, "nothing to choose"),
    "criterion": ({"criterion": 0.0}, DataError, "`criterion` is 0.0"),
    "criterion's name": ({"criterion": "cv"}, DataError, "`criterion` is 'cv'"),
    "infinite criterion": ({"criterion": np.inf}, DataError, "`criterion` is inf"),
    "method": ({"method": "lasso"}, DataError, "`method` is 'lasso'"),
    "n": ({"n": 250}, DataError, "`n` is 250"),
    "joint": ({"joint": "yes"}, DataError, "`joint` is 'yes'"),
    "holdout": ({"holdout": 1.0}, DataError, "`holdout` is 1"),
    "seed": ({"seed": -1}, DataError, "`seed` is -1"),
    "interaction": ({"formula": f"{SURV} ~ x0:x1"}, FormulaError, "'x0:x1' stands without 'x0'"),
    "no intercept": ({"formula": f"{SURV} ~ 0 + x0"}, FormulaError, "no intercept"),
    "collinear": ({"formula": f"{SURV} ~ x0 + twice"}, DataError, "linear combination"),
    "dot too wide": ({"formula": f"{SURV} ~ .", "wide": 201}, DataError, "'.' stands for 2.. columns; 200"),
    "too wide": ({"formula": f"{SURV} ~ {' + '.join(f'w{k}' for k in range(120))}", "wide": 120,
                  "power": f"~ {' + '.join(f'w{k}' for k in range(81))}"}, DataError, "201 coefficients"),
    "formula": ({"formula": 3}, FormulaError, "give text"),
    "few events": ({"rows": 9}, DataError, "events among the rows used"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name(data, name):
    given, error, message = BAD[name]
    given = {"formula": f"{SURV} ~ x0 + x1", **given}
    n = len(data)
    some = np.full((3, n), np.nan)
    some[0, 3], some[1, :9] = 1.0, np.arange(9)
    frame = data.assign(same=3.0, word="a", once=some[0], rare=some[1], gone=some[2], twice=2.0 * data["x0"])
    if wide := given.pop("wide", 0):
        noise = np.random.default_rng(0).normal(size=(n, wide))
        frame = pd.concat([frame, pd.DataFrame(noise, frame.index, [f"w{k}" for k in range(wide)])], axis=1)
    if rows := given.pop("rows", 0):
        frame = frame.iloc[:rows]
    with pytest.raises(error, match=message):
        smx.select(data=frame, **given)


def test_a_bad_subsample_is_refused(choice):
    for given, message in (({"n": 0}, "`n`"), ({"fraction": 1.5}, "`fraction`"), ({"seed": -1}, "`seed`")):
        with pytest.raises(DataError, match=message):
            choice.stability(**given)
