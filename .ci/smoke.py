"""One fit, summary, picture, save and load of every public model: what an environment must be able to do."""

import sys
import tempfile
import warnings
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import matplotlib

matplotlib.use("agg")
PATH = Path(__file__).parents[1] / "tests" / "common" / "conftest.py"
spec = spec_from_file_location("cases", PATH)
cases = sys.modules["cases"] = module_from_spec(spec)
spec.loader.exec_module(cases)

import matplotlib.pyplot as plt  # noqa: E402

import statmodels_x as smx  # noqa: E402

PLOTS = {"multi-state": {"kind": "diagram"}}  # curves of a model with covariates ask for whose


def main() -> None:
    """Try every model."""
    names = "numpy scipy pandas formulaic statsmodels cvxpy numba matplotlib joblib".split()
    print(", ".join(f"{name} {version(name)}" for name in names), flush=True)
    for case in cases.CASES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
            fit = case.run()
            if hasattr(fit, "plot"):
                fit.plot(**PLOTS.get(case.name, {}))
                plt.close("all")
            with tempfile.TemporaryDirectory() as folder:
                again = smx.load(smx.save(fit, Path(folder) / "fit.smx"))
        assert again.summary().as_text() == fit.summary().as_text()
        print(f"{case.name}: {fit!r}", flush=True)


if __name__ == "__main__":
    main()
