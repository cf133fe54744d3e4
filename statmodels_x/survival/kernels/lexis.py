"""Hazards along the path of a person through the cells of a life table, in age and calendar time at once."""

from __future__ import annotations

import math

import numpy as np

from statmodels_x.core.compiled import kernel


@kernel
def _cell(edges, value):
    """Cell whose lower end is the last at or below a value; the first for what lies before it."""
    return max(0, np.searchsorted(edges, value, side="right") - 1)


@kernel
def _walk(rates, ages, years, birthdays, age, year, start, stop):
    """Integral of one person's rates over (start, stop], times since age and year.

    The age changes the cell at each lower end in ``ages``. The year does so at each in ``years``, or, where
    ``birthdays``, at the first birthday after it: the year in force is that of the last birthday.
    """
    t, total = start, 0.0
    a = _cell(ages, age + start)
    while t < stop:
        last = math.floor(age + t)  # birthday at or before t, allowing for rounding of age + t
        if last + 1.0 - age <= t:
            last += 1.0
        turned = year + (last - age)
        y = _cell(years, turned if birthdays else year + t)
        cut = stop
        if a + 1 < ages.shape[0]:
            cut = min(cut, ages[a + 1] - age)
        if birthdays:
            cut = min(cut, last + 1.0 - age)
        elif y + 1 < years.shape[0]:
            if years[y + 1] - year <= t:  # rounding left the year before its end
                y += 1
            if y + 1 < years.shape[0]:
                cut = min(cut, years[y + 1] - year)
        if cut > t:
            total += rates[a, y] * (cut - t)
            t = cut
        if a + 1 < ages.shape[0] and ages[a + 1] - age <= t:
            a += 1
    return total


@kernel
def cumulative_rates(rates, ages, years, birthdays, stratum, age, year, start, stop, out):
    """Integrals of the rates over (start, stop] along each row's path.

    Parameters
    ----------
    rates : float array (strata, ages, years)
        Per unit of age; the first and last cells are held beyond the table.
    ages, years : float arrays
        Lower ends of the cells, increasing.
    birthdays : bool
        Whether the year in force is that of the last birthday.
    stratum : int64 array (n,)
    age, year : float arrays (n,)
        At time 0.
    start, stop : float arrays (n,)
    out : float array (n,)
    """
    for i in range(age.shape[0]):
        out[i] = _walk(rates[stratum[i]], ages, years, birthdays, age[i], year[i], start[i], stop[i])
