"""Text files of the Human Mortality Database -> a long frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice

_SEXES = ("Female", "Male", "Total")


def read_text(path: str | Path, sex: str | None) -> tuple[pd.DataFrame, Any]:
    """Return a frame with Year, Age and rate, and the column of strata, if there is one.

    Life tables (Year Age mx qx ...) hold one sex; death rates (Year Age Female Male Total) hold all.
    """
    try:
        frame = pd.read_csv(path, sep=r"\s+", skiprows=2, na_values=".", dtype={"Year": str, "Age": str})
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise DataError(f"LifeTable.read(): {str(path)!r} cannot be read ({error}).") from error
    if {"Year", "Age", "mx"} <= set(frame.columns):
        if sex is not None:
            raise DataError(f"LifeTable.read(): {str(path)!r} is a table of one sex; leave `sex` out.")
        return frame[["Year", "Age"]].assign(rate=frame["mx"]), ()
    if not {"Year", "Age", *_SEXES} <= set(frame.columns):
        raise DataError(
            f"LifeTable.read(): {str(path)!r} has the columns {', '.join(map(str, frame.columns[:8]))}; a file of the "
            "Human Mortality Database has two lines of heading, then Year Age mx ... or Year Age Female Male Total."
        )
    if sex is not None:
        check_choice("sex", sex, _SEXES, "LifeTable.read()")
        return frame[["Year", "Age"]].assign(rate=frame[sex]), ()
    long = frame.melt(["Year", "Age"], ["Female", "Male"], var_name="sex", value_name="rate")
    return long.assign(sex=long["sex"].str.lower()), "sex"
