"""Lines of arithmetic changed one at a time, and whether a test notices.

    python benchmarks/mutations.py [--only PART_OF_A_FILE_NAME,ANOTHER]

Each change is made in a copy of the tree, and the tests that belong to the module run there until the first failure.
A changed kernel is compiled anew, in a folder of its own. results/mutations.csv holds what was found, one row a change;
rows that stand are not made again, so that the study goes on where it stopped. What survives is a hole in the tests.
All 40 changes are noticed. Three were not at first: the sign of log t in APGW.log_hazard, by the tests first named for
it; R2 of a surface about 0 instead of the mean, for which a test was written (that row was made by running this test
alone); and the end of a search for a profile's limit, for which a test was written, too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).parent / "results" / "mutations.csv"
_SECONDS = 900


@dataclass(frozen=True)
class Mutation:
    """A line of a module of the package, what it becomes, and the tests that should notice."""

    module: str
    old: str
    new: str
    tests: str


def _of(module: str, old: str, new: str, tests: str) -> Mutation:
    named = (name.partition("::") for name in tests.split())
    places = " ".join(f"tests/{file}.py{mark}{test}" for file, mark, test in named)
    return Mutation(f"statmodels_x/{module}.py", old, new, places)


MUTATIONS = [
    # survival
    _of("survival/kernels/rows", "h[1] = slope * gamma", "h[1] = slope", "survival/test_kernels"),
    _of("survival/kernels/rows", "hess[5] -= scale * h\n", "hess[5] += scale * h\n", "survival/test_kernels"),
    _of("survival/kernels/rows", "return base - math.log1p(math.exp(eta[4]))", "return base", "survival/test_kernels"),
    _of("survival/kernels/baseline", "c_2 = -c_1 * (2.0 * c - 1.0)", "c_2 = -c_1 * (2.0 * c + 1.0)",
        "survival/test_kernels"),
    _of("survival/distributions/apgw", "+ log_z - np.log(times) + bend", "+ log_z + np.log(times) + bend",
        "survival/test_family survival/test_special_cases"),
    _of("survival/inference/hypotheses", "(vectors.T @ score) ** 2 / values)", "(vectors.T @ score) ** 2)",
        "survival/test_inference"),
    _of("survival/inference/quantities", "start = np.minimum(rows.given, horizons)", "start = 0.0 * horizons",
        "survival/test_prediction"),
    _of("survival/reading/anchor", 'return np.asarray(come - _mass(points, ends, weights, "right"))',
        "return np.asarray(come)", "survival/test_anchor"),
    # surrogate
    _of("surrogate/fitting/estimation", "(target_control - mean_forecast) / mean_ratio",
        "(target_control + mean_forecast) / mean_ratio", "surrogate/test_identities"),
    _of("surrogate/fitting/estimation", "explained=known.delta + found.lam * known.early[0]",
        "explained=known.delta - found.lam * known.early[0]", "surrogate/test_identities"),
    _of("surrogate/fitting/influence", "event * (arm - mean[piece]) - relative * (",
        "event * (arm - mean[piece]) + relative * (", "surrogate/test_trial_level"),
    _of("surrogate/fitting/smoothing", "n = weights.sum() ** 2 / np.sum(weights**2)", "n = float(len(weights))",
        "surrogate/test_identities surrogate/test_reference surrogate/test_results"),
    _of("surrogate/kernels/reduction", "known_total += known[i]", "known_total += weight[i]",
        "surrogate/test_kernels surrogate/test_stopping"),
    _of("surrogate/planning/truth", "1.0 + lam * early[0] / delta", "1.0 - lam * early[0] / delta",
        "surrogate/test_truth"),
    _of("surrogate/residual/estimation", "ended = np.bincount(position, weight * ~arm.died, len(grid))",
        "ended = np.bincount(position, weight * arm.died, len(grid))", "surrogate/test_residual"),
    _of("surrogate/trial_level/kernels", "gb += u2 * u2 - i22", "gb += u2 * u2 + i22", "surrogate/test_trial_level"),
    # discontinuity
    _of("discontinuity/tuning/scoring", "_PRICE_OF_CHOICE = 2.0 * float(np.log(3.0))", "_PRICE_OF_CHOICE = 0.0",
        "discontinuity/test_evidence discontinuity/test_extension"),
    _of("discontinuity/tuning/proposals", "lattice.segments(cut)[0] + lattice.regions(cut)[0] - 1",
        "lattice.segments(cut)[0] + lattice.regions(cut)[0]", "discontinuity/test_evidence"),
    _of("discontinuity/grid/prediction", "gap = points[:, axis] - centre[place[axis]]",
        "gap = points[:, axis] + centre[place[axis]]",
        "discontinuity/test_surface_on_points discontinuity/test_mixing"),
    _of("discontinuity/inference/uncertainty", "1.0 - residual / (cells.weight @ (cells.mean - centre) ** 2)",
        "1.0 - residual / (cells.weight @ cells.mean ** 2)", "discontinuity/test_surface_fit"),
    _of("discontinuity/line/evidence", "w00 * info[:, 1] + w01 * info[:, 2]", "w00 * info[:, 1] - w01 * info[:, 2]",
        "discontinuity/test_line_evidence"),
    _of("discontinuity/line/kernels/filters", "d * p2) + q * d * d * d / 3.0", "d * p2) + q * d * d * d / 2.0",
        "discontinuity/test_line_search::test_past_and_future_meet_in_the_deviance_at_every_point"),
    _of("discontinuity/line/criteria", "change = change - (string_fit(moved, lam, cuts)[0] - u)",
        "change = change + (string_fit(moved, lam, cuts)[0] - u)",
        "discontinuity/test_line_string"),
    _of("discontinuity/smoothing/correlation",
        "float(np.log(precision).sum()) - _log_correlation(self.rho, cells.lattice)", "float(np.log(precision).sum())",
        "discontinuity/test_smoother::test_correlated_errors_enter_with_their_covariance"),
    # population
    _of("population/fitting/alternatives", "2.0 * (cost - best) / found.variance", "(cost - best) / found.variance",
        "population/test_alternatives::test_refits_lie_in_the_region_and_at_what_is_held"),
    _of("population/inference/profile", "return 2.0 * (here - best)", "return here - best", "population/test_profile"),
    _of("population/kernels/recursion", "(1.0 - gain) + gain * seen[s] / N[s]", "1.0 + gain * seen[s] / N[s]",
        "population/test_searches::test_a_gain_of_one_starts_every_step_at_the_last_count "
        "population/test_searches::test_sensitivities_of_the_new_forms"),
    _of("population/theory/closed_form", "start if n == 0 else 0.0 * start", "start", "population/test_systems"),
    _of("population/theory/matrices/ltre", "(matrix - reference) * np.outer(vectors.left, vectors.right)",
        "(matrix - reference) * np.outer(vectors.right, vectors.left)",
        "population/test_stages population/test_matrix"),
    _of("population/theory/matrices/vital_rates", ".imag.reshape(matrix.shape) / _STEP", ".imag.reshape(matrix.shape)",
        "population/test_sensitivities population/test_stages"),
    _of("population/theory/matrices/environments", "(share + z**2 / (2 * n)) / (1 + z**2 / n)", "share",
        "population/test_stochastic"),
    _of("population/inference/invariant_profile", "inner + (outer - inner) * (reach - low) / (high - low)",
        "inner + (outer - inner)", "population/test_alternatives::test_a_limit_lies_between_what_is_held_and_rejected"),
    # multistate
    _of("multistate/inference/paths", "span = last - stay.begin", "span = last", "multistate/test_identities"),
    _of("multistate/inference/paths", "together = self.gradient + factor * other.gradient",
        "together = self.gradient + other.gradient", "multistate/test_identities"),
    _of("multistate/inference/next_state", "total = weights @ moment + tail", "total = weights @ moment",
        "multistate/test_identities multistate/test_results"),
    _of("multistate/inference/scales", "reach = critical * error / (value * cumulative)",
        "reach = critical * error / value", "multistate/test_results multistate/test_identities"),
    _of("multistate/reading/aalen_johansen", "shares[k + 1] = shares[k] + shares[k] @ step",
        "shares[k + 1] = shares[k] - shares[k] @ step", "multistate/test_acceptance multistate/test_identities"),
    _of("multistate/inference/intensities", "gradient[:, intensity.columns] += sign * rows.jacobian(slope)",
        "gradient[:, intensity.columns] += rows.jacobian(slope)", "multistate/test_identities"),
    # core
    _of("core/scaling", "own - self.unit.T @ (own.T * self.centre).T", "own", "core/test_scaling"),
    _of("core/product_limit", "at_risk -= entered[-1]", "at_risk += entered[-1]", "core/test_product_limit"),
]  # fmt: skip


def copied() -> Path:
    """Copy what is under version control, and what is new, into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutations"))
    listed = subprocess.run(
        ["git", "ls-files", "-c", "-o", "--exclude-standard", "statmodels_x", "tests", "pyproject.toml", "data"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    for name in filter(None, listed):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


def noticed(mutation: Mutation, tree: Path) -> dict[str, object]:
    """Run the tests on the changed copy, and put the copy right again."""
    module = tree / mutation.module
    text = module.read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.module}: {mutation.old!r} stands {text.count(mutation.old)} times.")
    cache = tree / "machine_code"
    own = tempfile.mkdtemp(dir=tree) if "kernels" in module.parts or module.stem == "kernels" else str(cache)
    began = time.perf_counter()
    module.write_text(text.replace(mutation.old, mutation.new))
    try:
        failed = _fails(mutation.tests.split(), tree, own)
    finally:
        module.write_text(text)
    seconds = round(time.perf_counter() - began)
    return {**vars(mutation), "noticed": bool(failed), "by": failed, "seconds": seconds}


def _fails(tests: list[str], tree: Path, cache: str) -> str:
    """Name what fails first; nothing if nothing does."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(tree), "NUMBA_CACHE_DIR": cache}
    try:
        ended = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return "time"
    if ended.returncode == 0:
        return ""
    lines = [line for line in ended.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split(" - ")[0].split(" ", 1)[1] if lines else ended.stdout[-200:]


def main() -> None:
    from chunks import write

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    kept = pd.read_csv(TABLE, keep_default_na=False) if TABLE.exists() else pd.DataFrame()
    rows = {(row["module"], row["old"], row["new"]): row for row in kept.to_dict("records")}
    tree = copied()
    try:
        for mutation in MUTATIONS:
            key = (mutation.module, mutation.old, mutation.new)
            if (
                not any(part in mutation.module for part in asked.only.split(","))
                or rows.get(key, {}).get("tests") == mutation.tests
            ):
                continue
            rows[key] = noticed(mutation, tree)
            print(rows[key], flush=True)
            write(pd.DataFrame(list(rows.values())), TABLE)
    finally:
        shutil.rmtree(tree)
    table = pd.DataFrame(list(rows.values()))
    print(f"{len(table)} changes, {int(table['noticed'].sum())} noticed")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
