"""Rebuild the four data files of this folder from the greenwood 0.8.0 wheel.

A maintainer's script; nobody needs it to use the package::

    pip download --no-deps greenwood==0.8.0
    python data/make_data.py greenwood-0.8.0-py3-none-any.whl

It renames and recodes columns and lays the colon trial out with one row a patient. Values are copied
as text, so that no digit of a number can change on the way. What is changed is listed in README.md.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

Row = dict[str, str]

WHEEL_SHA256 = "62d7e03bbdd7d034965c13265870c2dabea2a1d87ccd742a2f12664b28aac2b1"

TREATMENTS = {"1": "standard", "2": "test"}
DEATHS = {"1": "0", "2": "1"}
ENDPOINTS = {"1": "recur", "2": "death"}

COLON_COVARIATES = (
    *("id", "rx", "sex", "age", "obstruct", "perfor", "adhere"),
    *("nodes", "differ", "extent", "surg", "node4"),
)


def read_source(wheel: zipfile.ZipFile, name: str) -> list[Row]:
    """Return the rows of one bundled data set, every value as the text that the source holds."""
    packed = wheel.read(f"greenwood/data/{name}.csv.gz")
    return list(csv.DictReader(gzip.decompress(packed).decode("utf-8").splitlines()))


def make_melanoma(rows: list[Row]) -> list[Row]:
    """Give the columns of the smcure package's e1684 plain names."""
    names = {"treatment": "TRT", "time": "FAILTIME", "status": "FAILCENS", "age": "AGE", "sex": "SEX"}
    return [{new: row[old] for new, old in names.items()} for row in rows]


def make_veteran(rows: list[Row]) -> list[Row]:
    """Spell the treatment out."""
    return [
        {"treatment": TREATMENTS[row["trt"]]} | {k: v for k, v in row.items() if k != "trt"} for row in rows
    ]


def make_lung(rows: list[Row]) -> list[Row]:
    """Recode the status from 1/2 to 0/1."""
    return [
        {name.replace(".", "_"): value for name, value in row.items()} | {"status": DEATHS[row["status"]]}
        for row in rows
    ]


def make_colon(rows: list[Row]) -> list[Row]:
    """Lay the two records of each patient, recurrence and death, side by side."""
    patients: dict[str, Row] = {}
    for row in rows:
        covariates = {name: row[name] for name in COLON_COVARIATES}
        patient = patients.setdefault(row["id"], dict(covariates))
        if covariates.items() - patient.items():
            raise ValueError(f"The two records of patient {row['id']} differ in a covariate.")
        endpoint = ENDPOINTS[row["etype"]]
        patient[f"time_{endpoint}"], patient[f"status_{endpoint}"] = row["time"], row["status"]
    order = [*COLON_COVARIATES, "time_recur", "status_recur", "time_death", "status_death"]
    return [{name: patient[name] for name in order} for patient in patients.values()]


RECIPES: dict[str, tuple[str, Callable[[list[Row]], list[Row]]]] = {
    "melanoma": ("e1684", make_melanoma),
    "veteran": ("veteran", make_veteran),
    "lung": ("lung", make_lung),
    "colon": ("colon", make_colon),
}


def write(path: Path, rows: list[Row]) -> None:
    """Write the rows with Unix line ends on every system, as the checksums need."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main(arguments: list[str]) -> int:
    """Write the four files beside this script and print their checksums."""
    if len(arguments) != 1:
        print("usage: python data/make_data.py greenwood-0.8.0-py3-none-any.whl", file=sys.stderr)
        return 2
    wheel_path, folder = Path(arguments[0]), Path(__file__).resolve().parent
    if hashlib.sha256(wheel_path.read_bytes()).hexdigest() != WHEEL_SHA256:
        print(f"{wheel_path} is not the greenwood 0.8.0 wheel that PyPI serves.", file=sys.stderr)
        return 1
    with zipfile.ZipFile(wheel_path) as wheel:
        for name, (source, make) in RECIPES.items():
            path = folder / f"{name}.csv"
            write(path, make(read_source(wheel, source)))
            print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
