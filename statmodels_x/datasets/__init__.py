"""Public data sets, each as one data frame that says where it comes from: trials, and counts of two species.

Every loader returns a new :class:`pandas.DataFrame`. Its ``attrs`` hold ``name``, ``title``, ``source``,
``reference``, ``licence``, ``units`` (column to unit) and ``columns`` (column to description).
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statmodels_x.core.errors import DataError
from statmodels_x.datasets.catalogue import CATALOGUE

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "data_path",
    "load_colon",
    "load_hare_lynx",
    "load_lung",
    "load_melanoma",
    "load_melanoma_trials",
    "load_paramecium",
    "load_us_mortality",
    "load_veteran",
]


def _packaged_folder() -> Traversable:
    """Return the folder that the wheel puts the data in; it need not exist."""
    return files(__name__) / "data"


def _checkout_folder() -> Path:
    """Return the data folder beside the package in a source checkout; it need not exist."""
    return Path(__file__).resolve().parents[2] / "data"


def data_path(name: str) -> Traversable:
    """Find the file of a data set.

    Parameters
    ----------
    name : str
        The name of the data set, with or without the ending ``.csv``.

    Returns
    -------
    importlib.resources.abc.Traversable
        The file: in the installed package when its data folder is there, and otherwise in the ``data``
        folder of the source checkout, which is where an editable install finds it.

    Raises
    ------
    statmodels_x.core.errors.DataError
        There is no such file.
    """
    file_name = f"{name.removesuffix('.csv')}.csv"
    packaged = _packaged_folder()
    folder: Traversable = packaged if packaged.is_dir() else _checkout_folder()
    path = folder / file_name
    if not path.is_file():
        raise DataError(
            f"The data file {file_name!r} is not in {folder}. "
            f"The data sets are {', '.join(sorted(CATALOGUE))}. "
            "If the name is right the installation is incomplete: install statmodels_x again from its wheel, "
            "or restore the data folder of the source checkout."
        )
    return path


def _load(name: str) -> pd.DataFrame:
    # pandas is slow to import, and a program that only asks for the package should not wait for it.
    import pandas as pd

    with data_path(name).open("r", encoding="utf-8") as handle:
        exact: Any = {"float_precision": "round_trip"} if pd.__version__ < "3" else {}
        frame = pd.read_csv(handle, **exact)
    frame.attrs = dict[Any, Any](CATALOGUE[name].attrs())
    return frame


def load_melanoma() -> pd.DataFrame:
    """Load the ECOG E1684 melanoma trial: 284 patients, 196 relapses or deaths.

    Patients whose high-risk melanoma had been removed by surgery were randomised to a year of high-dose interferon
    alfa-2b or to observation. Many never relapse. The trial is a classic example for cure models.

    Returns
    -------
    pandas.DataFrame
        One row per patient, nothing missing, with the columns

        ``treatment``
            1 high-dose interferon alfa-2b, 0 control.
        ``time``
            Relapse-free survival, years.
        ``status``
            1 relapse or death, 0 censored.
        ``age``
            Age minus the mean age of these patients, years.
        ``sex``
            1 female, 0 male.

    Notes
    -----
    The trial was published by Kirkwood et al. [1]_. The data are ``e1684`` of the R package smcure [2]_, copied from
    the Python package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone). That copy leaves out the
    one row of smcure's 285 that lacks age and sex. The mean age is not published with the data, so ages cannot be
    put back on their own scale.

    References
    ----------
    .. [1] Kirkwood JM, Strawderman MH, Ernstoff MS, Smith TJ, Borden EC, Blum RH (1996). Interferon alfa-2b adjuvant
       therapy of high-risk resected cutaneous melanoma: the Eastern Cooperative Oncology Group Trial EST 1684.
       Journal of Clinical Oncology 14(1):7-17. doi:10.1200/JCO.1996.14.1.7
    .. [2] Cai C, Zou Y, Peng Y, Zhang J (2012). smcure: an R-package for estimating semiparametric mixture cure
       models. Computer Methods and Programs in Biomedicine 108(3):1255-1260. doi:10.1016/j.cmpb.2012.08.013

    Examples
    --------
    >>> from statmodels_x.datasets import load_melanoma
    >>> melanoma = load_melanoma()
    >>> melanoma.shape
    (284, 5)
    >>> int(melanoma["status"].sum())
    196
    >>> melanoma.attrs["units"]["time"]
    'years'
    """
    return _load("melanoma")


def load_melanoma_trials() -> pd.DataFrame:
    """Load the published results of 14 comparisons of treatments of advanced melanoma with dacarbazine.

    The data have hazard ratios of progression-free survival and of overall survival. They serve to study whether the
    effect on progression-free survival predicts the effect on overall survival between trials.

    Returns
    -------
    pandas.DataFrame
        One row per comparison: its name ``trial``, the number of patients ``n_treated`` and ``n_control``, the
        hazard ratio of progression-free survival ``hr_pfs`` with its 95 % limits ``lower_pfs`` and ``upper_pfs``,
        and that of overall survival ``hr_os`` with ``lower_os`` and ``upper_os``. Nothing is missing.

    Notes
    -----
    The trials are those of a published meta-analysis [1]_. The numbers come from a public compilation and were not
    checked against the paper of each trial. The correlation weighted by size is .89, as published. ``ODayA`` to
    ``ODayC`` are three comparisons of one publication. The correlation between the two estimates of a trial is not
    reported.

    References
    ----------
    .. [1] Flaherty KT, Hennig M, Lee SJ, Ascierto PA, Dummer R, et al. (2014). Surrogate endpoints for overall
       survival in metastatic melanoma: a meta-analysis of randomised controlled trials. Lancet Oncology
       15(3):297-304.

    Examples
    --------
    >>> from statmodels_x.datasets import load_melanoma_trials
    >>> load_melanoma_trials().shape
    (14, 9)
    """
    return _load("melanoma_trials")


def load_veteran() -> pd.DataFrame:
    """Load the Veterans' Administration lung cancer trial: 137 men, 128 deaths.

    Men with inoperable lung cancer were randomised to a standard or a test chemotherapy. The effect of the Karnofsky
    score fades with time, so that hazards are not proportional.

    Returns
    -------
    pandas.DataFrame
        One row per patient, nothing missing, with the columns

        ``treatment``
            ``"standard"`` or ``"test"``.
        ``celltype``
            ``"squamous"``, ``"smallcell"``, ``"adeno"`` or ``"large"``.
        ``time``
            Survival, days.
        ``status``
            1 died, 0 censored.
        ``karno``
            Karnofsky performance score, points; 100 is good.
        ``diagtime``
            Time from diagnosis to randomisation, months.
        ``age``
            Age, years.
        ``prior``
            Earlier therapy: 0 no, 10 yes.

    Notes
    -----
    The data are printed in Kalbfleisch and Prentice [1]_ and were first analysed by Prentice [2]_. They are
    ``veteran`` of the R package survival, copied from the Python package greenwood 0.8.0 (MIT License, Copyright (c)
    2026 Richard Iannone).

    The lung cancer data of Burke, Jones and Noufaily [3]_ (Northern Ireland, 855 patients) are not public; this
    trial stands in for them in the gallery. It is another study, so its results are not theirs.

    References
    ----------
    .. [1] Kalbfleisch JD, Prentice RL (1980). The Statistical Analysis of Failure Time Data. Wiley, New York.
    .. [2] Prentice RL (1973). Exponential survivals with censoring and explanatory variables. Biometrika
       60(2):279-288. doi:10.1093/biomet/60.2.279
    .. [3] Burke K, Jones MC, Noufaily A (2020). A flexible parametric modelling framework for survival analysis.
       Journal of the Royal Statistical Society, Series C 69(2):429-457. doi:10.1111/rssc.12398

    Examples
    --------
    >>> from statmodels_x.datasets import load_veteran
    >>> veteran = load_veteran()
    >>> veteran.shape
    (137, 8)
    >>> int(veteran["status"].sum())
    128
    >>> sorted(veteran["celltype"].unique())
    ['adeno', 'large', 'smallcell', 'squamous']
    """
    return _load("veteran")


def load_lung() -> pd.DataFrame:
    """Load the NCCTG advanced lung cancer study: 228 patients, 165 deaths, some values missing.

    Returns
    -------
    pandas.DataFrame
        One row per patient, with the columns

        ``inst``
            Code of the institution (1 missing).
        ``time``
            Survival, days.
        ``status``
            1 died, 0 censored.
        ``age``
            Age, years.
        ``sex``
            1 male, 2 female.
        ``ph_ecog``
            ECOG performance score by the physician, points; 0 is without symptoms (1 missing).
        ``ph_karno``
            Karnofsky score by the physician, points; 100 is good (1 missing).
        ``pat_karno``
            Karnofsky score by the patient, points; 100 is good (3 missing).
        ``meal_cal``
            Energy eaten at meals, kcal (47 missing).
        ``wt_loss``
            Weight lost in six months, pounds; negative is a gain (14 missing).

    Notes
    -----
    The study was published by Loprinzi et al. [1]_. The data are ``lung`` of the R package survival, copied from the
    Python package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone). Status is recoded from the
    source's 1 and 2 to 0 and 1. The columns with missing values are floats, and 167 patients have every value.

    References
    ----------
    .. [1] Loprinzi CL, Laurie JA, Wieand HS, Krook JE, Novotny PJ, Kugler JW, Bartel J, Law M, Bateman M, Klatt NE,
       et al. (1994). Prospective evaluation of prognostic variables from patient-completed questionnaires. Journal
       of Clinical Oncology 12(3):601-607. doi:10.1200/JCO.1994.12.3.601

    Examples
    --------
    >>> from statmodels_x.datasets import load_lung
    >>> lung = load_lung()
    >>> lung.shape
    (228, 10)
    >>> int(lung["status"].sum())
    165
    >>> int(lung["meal_cal"].isna().sum())
    47
    """
    return _load("lung")


def load_colon() -> pd.DataFrame:
    """Load the colon cancer trial of levamisole and fluorouracil: 929 patients, 468 recurrences, 452 deaths.

    Patients whose stage III colon cancer had been removed by surgery were randomised to observation, to levamisole
    or to levamisole and fluorouracil. The data have both times of each patient and can be used to study recurrence
    as a surrogate for death.

    Returns
    -------
    pandas.DataFrame
        One row per patient, with the columns

        ``id``
            Number of the patient.
        ``rx``
            ``"Obs"``, ``"Lev"`` or ``"Lev+5FU"``.
        ``sex``
            1 male, 0 female.
        ``age``
            Age, years.
        ``obstruct``, ``perfor``, ``adhere``
            Obstruction, perforation and adherence to nearby organs: 1 yes, 0 no.
        ``nodes``
            Lymph nodes with detectable cancer, number (18 missing).
        ``differ``
            Differentiation: 1 well, 2 moderate, 3 poor (23 missing).
        ``extent``
            Local spread: 1 submucosa, 2 muscle, 3 serosa, 4 contiguous structures.
        ``surg``
            Time from surgery to registration: 0 short, 1 long.
        ``node4``
            More than four positive lymph nodes: 1 yes, 0 no.
        ``time_recur``, ``time_death``
            Time to recurrence and to death, or to censoring, days.
        ``status_recur``, ``status_death``
            1 recurrence or death, 0 censored.

    Notes
    -----
    The trial was published by Moertel et al. [1]_, with a final report [2]_ that these data are closest to; Laurie
    et al. [3]_ is the trial before it. The data are ``colon`` of the R package survival, copied from the Python
    package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone), where each patient has two rows.

    Three features of the data matter in an analysis. In 38 patients who died without recurrence the time to
    recurrence is censored on the day of death. Seven recurrences are dated on the last day of follow-up, so that
    ``time_recur`` equals ``time_death``. In 12 patients ``node4`` contradicts ``nodes``; it is not known which of
    the two is right, and both are left as in the source.

    References
    ----------
    .. [1] Moertel CG, Fleming TR, Macdonald JS, Haller DG, Laurie JA, Goodman PJ, Ungerleider JS, Emerson WA, Tormey
       DC, Glick JH, Veeder MH, Mailliard JA (1990). Levamisole and fluorouracil for adjuvant therapy of resected
       colon carcinoma. New England Journal of Medicine 322(6):352-358. doi:10.1056/NEJM199002083220602
    .. [2] Moertel CG, Fleming TR, Macdonald JS, Haller DG, Laurie JA, Tangen CM, Ungerleider JS, Emerson WA, Tormey
       DC, Glick JH, Veeder MH, Mailliard JA (1995). Fluorouracil plus levamisole as effective adjuvant therapy after
       resection of stage III colon carcinoma: a final report. Annals of Internal Medicine 122(5):321-326.
       doi:10.7326/0003-4819-122-5-199503010-00001
    .. [3] Laurie JA, Moertel CG, Fleming TR, Wieand HS, Leigh JE, Rubin J, McCormack GW, Gerstner JB, Krook JE,
       Mailliard J, et al. (1989). Surgical adjuvant therapy of large-bowel carcinoma: an evaluation of levamisole
       and the combination of levamisole and fluorouracil. Journal of Clinical Oncology 7(10):1447-1456.
       doi:10.1200/JCO.1989.7.10.1447

    Examples
    --------
    >>> from statmodels_x.datasets import load_colon
    >>> colon = load_colon()
    >>> colon.shape
    (929, 16)
    >>> colon[["status_recur", "status_death"]].sum().tolist()
    [468, 452]
    >>> sorted(colon["rx"].unique())
    ['Lev', 'Lev+5FU', 'Obs']
    """
    return _load("colon")


def load_paramecium(table: int = 3, ration: str | None = None, shape: str = "wide") -> pd.DataFrame:
    """Load Gause's cultures of Paramecium aurelia and P. caudatum, alone and mixed.

    Parameters
    ----------
    table : {3, 4}
        Table of the book's appendix. Table 3 is the experiment on Osterhout's medium over 25 days. Table 4 is the
        experiment on buffered medium with two rations of bacteria over 16 days.
    ration : {"one loop", "half loop"}, optional
        Ration of table 4 to load. By default both are loaded, and the column ``ration`` tells them apart.
    shape : {"wide", "long"}
        ``"wide"`` has one row per day. ``"long"`` has one row per culture and day, with the columns ``culture``,
        ``day``, ``aurelia`` and ``caudatum``, and a missing value where a culture does not have the species. The long
        form is for fitting the cultures together.

    Returns
    -------
    pandas.DataFrame
        Table 3 has 25 rows (day 1 was not counted and is absent). Table 4 has 17 rows for each ration, with a column
        ``ration``, and 9 missing values. The columns are

        ``day``
            Day of the culture.
        ``aurelia``, ``caudatum``
            Mean count of each species in a culture of its own, individuals per 0.5 cm3.
        ``aurelia_mixed``, ``caudatum_mixed``
            Mean count of each species in the mixed culture.

    Raises
    ------
    statmodels_x.core.errors.DataError
        If there is no such table, ration or shape.

    Notes
    -----
    The counts are numbers of individuals, which differ in size: an aurelia has about 0.39 of the volume of a
    caudatum. The cultures were started with 2 individuals of each species per 0.5 cm3.

    References
    ----------
    .. [1] Gause GF (1934). The Struggle for Existence. Williams and Wilkins, Baltimore.

    Examples
    --------
    >>> from statmodels_x.datasets import load_paramecium
    >>> load_paramecium().shape
    (25, 5)
    >>> load_paramecium(table=4, ration="half loop").shape
    (17, 6)
    >>> load_paramecium(shape="long")["culture"].unique().tolist()
    ['aurelia alone', 'caudatum alone', 'mixed']
    """
    if isinstance(table, bool) or table not in (3, 4):
        raise DataError(f"load_paramecium(): `table` is {table!r}; choose 3 or 4.")
    if shape not in ("wide", "long"):
        raise DataError(f'load_paramecium(): `shape` is {shape!r}; choose "wide" or "long".')
    frame = _load("paramecium" if table == 3 else "paramecium_buffered")
    if ration is not None:
        rations = [] if table == 3 else list(frame["ration"].unique())
        if ration not in rations:
            known = f"choose one of {', '.join(map(repr, rations))}" if rations else "table 3 has none"
            raise DataError(f"load_paramecium(): `ration` is {ration!r}; {known}.")
        frame = frame[frame["ration"] == ration].reset_index(drop=True)
    return frame if shape == "wide" else _long(frame)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    nothing = float("nan")
    cultures = {
        "aurelia alone": {"aurelia": frame["aurelia"], "caudatum": nothing},
        "caudatum alone": {"aurelia": nothing, "caudatum": frame["caudatum"]},
        "mixed": {"aurelia": frame["aurelia_mixed"], "caudatum": frame["caudatum_mixed"]},
    }
    kept = [name for name in ("ration", "day") if name in frame]
    parts = [frame[kept].assign(culture=name, **columns) for name, columns in cultures.items()]
    table = pd.concat(parts, ignore_index=True)[["culture", *kept, "aurelia", "caudatum"]]
    table.attrs = frame.attrs
    for part in ("units", "columns"):
        table.attrs[part] = {name: text for name, text in table.attrs[part].items() if name in table}
    table.attrs["columns"] = {"culture": "which culture"} | table.attrs["columns"]
    for name in ("aurelia", "caudatum"):
        table.attrs["columns"][name] = f"Paramecium {name}, mean count"
    return table


def load_us_mortality() -> pd.DataFrame:
    """Load death rates of the United States by sex, age and calendar year.

    The rates are -log(1 - q), where q is the probability of death within a year of those who reach an age in that
    year. Use ``LifeTable(..., rate="rate", by="sex", calendar="birthday")`` to make a life table of them.

    Returns
    -------
    pandas.DataFrame
        One row for each ``sex`` ("female" or "male"), ``age`` at the last birthday (35 to 95) and calendar ``year``
        (1984 to 1998), with ``rate``, the deaths per person and year. Nothing is missing.

    Notes
    -----
    The sources are the life tables of the National Center for Health Statistics (United States life tables, annual
    reports, Hyattsville, Maryland), which are in the public domain, as they are tabulated in the R package survival.
    """
    return _load("us_mortality")


def load_hare_lynx() -> pd.DataFrame:
    """Load the pelts of snowshoe hare and Canada lynx traded by the Hudson's Bay Company, 1900 to 1920.

    Returns
    -------
    pandas.DataFrame
        21 rows, nothing missing, with the columns

        ``year``
            Calendar year.
        ``hare``, ``lynx``
            Pelts, thousands.

    Notes
    -----
    Numbers of pelts depend on trapping and trade as well as on the number of animals.

    References
    ----------
    .. [1] Elton C, Nicholson M (1942). The ten-year cycle in numbers of the lynx in Canada. Journal of Animal
       Ecology 11(2):215-244. doi:10.2307/1358

    Examples
    --------
    >>> from statmodels_x.datasets import load_hare_lynx
    >>> load_hare_lynx().iloc[0].tolist()
    [1900.0, 30.0, 4.0]
    """
    return _load("hare_lynx")
