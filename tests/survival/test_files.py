"""Results as files: an old file is read, and a file outlives the formula library that wrote it."""

import io
import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.data import stored
from statmodels_x.core.fits.files import saving
from statmodels_x.errors import DataError, DataWarning

GOLDEN = Path(__file__).parent / "golden" / "veteran.smx"
FORMULA = "Surv(time, status) ~ celltype + bs(karno, df=4) + offset(0.01 * age)"
PAPER = {"scale": "aft", "other_scale": 1.0}  # the default of the version that wrote the file
NEWDATA = pd.DataFrame(
    {
        "celltype": ["large", "squamous"],
        "karno": [50.0, 80.0],
        "age": [60.0, 45.0],
        "treatment": ["standard", "test"],
    }
)


@pytest.fixture(scope="module")
def fit():
    found = smx.FlexibleSurvival(FORMULA, smx.datasets.load_veteran(), power="~ treatment", **PAPER).fit()
    found.summary()  # so that the effects go along with a stored fit
    return found


@pytest.mark.filterwarnings("ignore:load")  # of the version that wrote it
def test_an_old_file_gives_the_numbers_of_a_new_fit(fit):
    old = smx.load(GOLDEN, trust=True)
    assert_allclose(old.params, fit.params, atol=1e-6)
    assert_allclose(old.cov_params(), fit.cov_params(), rtol=1e-5, atol=1e-9)
    columns = ["estimate", "std_error", "lower", "upper"]
    for kind, at in (("survival", [50, 200]), ("median", None)):
        ours, theirs = (f.predict(NEWDATA, kind=kind, at=at)[columns] for f in (old, fit))
        assert_allclose(ours, theirs, rtol=1e-5)
    assert "Flexible survival regression" in old.summary().as_text()


@pytest.mark.filterwarnings("ignore:load")
def test_an_old_file_tells_what_the_fit_found():
    """The fit of make_golden.py runs to kappa = infinity: its finding is read from the form that 0.1 gave it."""
    old = smx.load(GOLDEN.with_name("ridge.smx"), trust=True)
    assert not old.is_regular
    assert old.glance()["note"].iloc[0] == "kappa_inf"
    assert old.warnings[0].startswith("Not identified: shape: the shape runs to its upper limit")
    assert old.findings[0].concerns == ("shape.Intercept",)
    assert old.warnings[0] in " ".join(old.summary().as_text().split())
    assert pickle.loads(pickle.dumps(old)).warnings == old.warnings


def arrays_of(thing, seen=None):
    """Every array in what is pickled, wherever it stands."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        yield thing
    elif isinstance(thing, pd.Series | pd.DataFrame):
        yield thing.to_numpy()
        yield thing.index.to_numpy()
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from arrays_of(value, seen)
    elif isinstance(thing, list | tuple | set):
        for value in thing:
            yield from arrays_of(value, seen)
    elif hasattr(thing, "__dict__"):
        yield from arrays_of(vars(thing), seen)


@pytest.mark.parametrize("options", [{}, {"cluster": "celltype"}, {"cure": "~ 1", "shape": 1.0}])
def test_no_row_of_the_data_is_stored(options):
    data = smx.datasets.load_veteran()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        fit = smx.FlexibleSurvival("Surv(time, status) ~ karno + age", data, **options).fit()
    fit.residuals(), fit.summary(), fit.predict(at=[100.0])  # what they may have cached does not go along
    stored = pickle.loads(pickle.dumps(fit))
    assert max(array.size for array in arrays_of(stored)) < len(data)
    assert max(array.size for array in arrays_of(fit)) >= len(data)
    assert stored.summary().as_text() == fit.summary().as_text()
    for ours, theirs in ((stored.tidy(), fit.tidy()), (stored.glance(), fit.glance())):
        pd.testing.assert_frame_equal(ours, theirs)


def test_what_a_result_hands_out_is_a_copy(fit):
    before = fit.predict(NEWDATA, kind="survival", at=[50.0])
    for handed_out in (fit.params, fit.bse, fit.cov_params(), fit.natural_params[["estimate"]]):
        handed_out.iloc[:] = 0.0
    table = fit.natural_params
    table["estimate"] = 0.0
    pd.testing.assert_frame_equal(fit.predict(NEWDATA, kind="survival", at=[50.0]), before)
    assert (fit.params != 0.0).all()
    assert (fit.bse != 0.0).all()
    assert (fit.natural_params["estimate"] != 0.0).all()


class _NoFormulaic(pickle.Unpickler):
    """A world in which the classes of formulaic have moved."""

    def find_class(self, module, name):
        if module.startswith("formulaic"):
            raise AttributeError(f"Can't get attribute {name!r} on <module {module!r}>")
        return super().find_class(module, name)


def test_a_file_outlives_the_formula_library(fit, monkeypatch):
    content = pickle.dumps(fit)
    old = _NoFormulaic(io.BytesIO(content)).load()  # nothing of formulaic is needed to read it
    assert_allclose(old.params, fit.params)
    assert_allclose(old.conf_int(), fit.conf_int())
    assert old.summary().as_text() == fit.summary().as_text()

    real = pickle.loads

    def refuse(packed, **options):
        if b"formulaic" in packed and b"FlexibleSurvivalResults" not in packed:
            raise AttributeError("Can't get attribute 'ModelSpec'")
        return real(packed, **options)

    monkeypatch.setattr("statmodels_x.core.data.design.pickle.loads", refuse)
    with pytest.raises(DataError, match=r"stored by formulaic .* install that version, or fit again"):
        old.predict(NEWDATA, kind="median")


def test_a_loaded_result_is_stored_again(fit):
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(fit))))
    assert_allclose(
        twice.predict(NEWDATA, kind="median")["estimate"], fit.predict(NEWDATA, kind="median")["estimate"]
    )


def test_a_file_of_an_older_formula_library_is_announced(fit, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "version", lambda _: "1.1.0")
    path = smx.save(fit, tmp_path / "fit.smx")
    monkeypatch.undo()
    with pytest.warns(DataWarning, match=r"formulaic 1\.1\.0") as caught:
        old = smx.load(path)
    assert caught[0].filename == __file__
    assert np.isfinite(old.predict(NEWDATA, kind="median")["estimate"]).all()


def test_a_file_outlives_the_formula_library_too(fit, tmp_path, monkeypatch):
    def lost(*_):
        raise ImportError("cannot import name 'EncodedTermStructure'")

    monkeypatch.setattr(stored, "model_spec", lost)
    old = smx.load(smx.save(fit, tmp_path / "fit.smx"))
    assert old.summary().as_text() == fit.summary().as_text()
    with pytest.raises(DataError, match=r"stored by formulaic .* install that version, or fit again"):
        old.predict(NEWDATA, kind="median")


FORMULAS = [
    "C(celltype, Treatment('large')) * age + cr(karno, df=3, constraints='center') + poly(diagtime, 2) + np.log(age)",
    "celltype:treatment",
    "center(age) + C(celltype, contr.sum) + I(age**2) + C(treatment, contr.poly) + C(prior, contr.helmert)",
    "cc(age, df=4, constraints='center') + C(celltype, contr.diff) + C(treatment, contr.SAS) + scale(karno)",
    "bs(karno, knots=[30, 60]) + C(celltype, [[1, 0], [0, 1], [-1, 0], [0, -1]]) + offset(0.01 * age)",
]


@pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
@pytest.mark.parametrize("terms", FORMULAS)
def test_every_kind_of_term_comes_back(terms, tmp_path):
    data = smx.datasets.load_veteran()
    fit = smx.FlexibleSurvival(f"Surv(time, status) ~ {terms}", data, "exponential").fit()
    again = smx.load(smx.save(fit, tmp_path / "fit.smx"))
    pd.testing.assert_frame_equal(
        again.predict(data, kind="survival", at=[50.0]),
        fit.predict(data, kind="survival", at=[50.0]),
        check_exact=True,
    )
    twice = smx.load(smx.save(again, tmp_path / "twice.smx"))
    assert (
        pickle.loads(pickle.dumps(twice))
        .predict(data, kind="median")
        .equals(fit.predict(data, kind="median"))
    )
    with pytest.raises(DataError, match="newdata"):
        again.predict(data.assign(celltype="another", age="x"), kind="median")


def test_a_file_holds_the_effects_that_nobody_looked_at_before_saving(tmp_path):
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", smx.datasets.load_melanoma()).fit()
    again = smx.load(smx.save(fit, tmp_path / "fit.smx"))
    assert "survival at 7.5" in again.summary().as_text()
    assert again.summary().as_text() == fit.summary().as_text()
