"""Four public trials in survival analysis, each as one data frame that says where it comes from.

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

__all__ = ["data_path", "load_colon", "load_lung", "load_melanoma", "load_veteran"]


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

    Examples
    --------
    >>> from statmodels_x.datasets import data_path
    >>> data_path("melanoma").name
    'melanoma.csv'
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
        # The default parser may miss the last digit of a number; the files keep every digit of the source.
        frame = pd.read_csv(handle, float_precision="round_trip")
    frame.attrs = dict[Any, Any](CATALOGUE[name].attrs())
    return frame


def load_melanoma() -> pd.DataFrame:
    """Load the ECOG E1684 melanoma trial: 284 patients, 196 relapses or deaths.

    Patients whose high-risk melanoma had been removed by surgery were randomised to a year of high-dose
    interferon alfa-2b or to observation. Many never relapse, which makes this the classic example of a
    cure model.

    Returns
    -------
    pandas.DataFrame
        One row a patient, nothing missing, with the columns

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
    The trial was published by Kirkwood et al. [1]_. The data are ``e1684`` of the R package smcure [2]_,
    copied from the Python package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone). That
    copy leaves out the one row of smcure's 285 that lacks age and sex. The mean age is not published with
    the data, so ages cannot be put back on their own scale.

    References
    ----------
    .. [1] Kirkwood JM, Strawderman MH, Ernstoff MS, Smith TJ, Borden EC, Blum RH (1996). Interferon
       alfa-2b adjuvant therapy of high-risk resected cutaneous melanoma: the Eastern Cooperative Oncology
       Group Trial EST 1684. Journal of Clinical Oncology 14(1):7-17. doi:10.1200/JCO.1996.14.1.7
    .. [2] Cai C, Zou Y, Peng Y, Zhang J (2012). smcure: an R-package for estimating semiparametric mixture
       cure models. Computer Methods and Programs in Biomedicine 108(3):1255-1260.
       doi:10.1016/j.cmpb.2012.08.013

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


def load_veteran() -> pd.DataFrame:
    """Load the Veterans' Administration lung cancer trial: 137 men, 128 deaths.

    Men with inoperable lung cancer were randomised to a standard or a test chemotherapy. The effect of the
    Karnofsky score fades with time, so that hazards are not proportional.

    Returns
    -------
    pandas.DataFrame
        One row a patient, nothing missing, with the columns

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
    The data stand in Kalbfleisch and Prentice [1]_ and were first analysed by Prentice [2]_. They are
    ``veteran`` of the R package survival, copied from the Python package greenwood 0.8.0 (MIT License,
    Copyright (c) 2026 Richard Iannone).

    The lung cancer data of Burke, Jones and Noufaily [3]_ (Northern Ireland, 855 patients) are not public;
    this trial stands in for them in the gallery. It is another study, so its results are not theirs.

    References
    ----------
    .. [1] Kalbfleisch JD, Prentice RL (1980). The Statistical Analysis of Failure Time Data. Wiley, New York.
    .. [2] Prentice RL (1973). Exponential survivals with censoring and explanatory variables. Biometrika
       60(2):279-288. doi:10.1093/biomet/60.2.279
    .. [3] Burke K, Jones MC, Noufaily A (2020). A flexible parametric modelling framework for survival
       analysis. Journal of the Royal Statistical Society, Series C 69(2):429-457. doi:10.1111/rssc.12398

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
        One row a patient, with the columns

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
    The study was published by Loprinzi et al. [1]_. The data are ``lung`` of the R package survival, copied
    from the Python package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone). Status is
    recoded from the source's 1 and 2 to 0 and 1. The columns with missing values are floats, and 167
    patients have every value.

    References
    ----------
    .. [1] Loprinzi CL, Laurie JA, Wieand HS, Krook JE, Novotny PJ, Kugler JW, Bartel J, Law M, Bateman M,
       Klatt NE, et al. (1994). Prospective evaluation of prognostic variables from patient-completed
       questionnaires. Journal of Clinical Oncology 12(3):601-607. doi:10.1200/JCO.1994.12.3.601

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

    Patients whose stage III colon cancer had been removed by surgery were randomised to observation, to
    levamisole or to levamisole and fluorouracil. Both times of each patient are here, so that the trial
    serves to study recurrence as a surrogate for death.

    Returns
    -------
    pandas.DataFrame
        One row a patient, with the columns

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
    The trial was published by Moertel et al. [1]_, with a final report [2]_ that these data are closest to;
    Laurie et al. [3]_ is the trial before it. The data are ``colon`` of the R package survival, copied from
    the Python package greenwood 0.8.0 (MIT License, Copyright (c) 2026 Richard Iannone), where each patient
    has two rows.

    Three things to know. A death without recurrence, which 38 patients have, censors the time to recurrence
    at that day. Seven recurrences are dated on the last day of follow-up, so that ``time_recur`` equals
    ``time_death``. And ``node4`` contradicts ``nodes`` in 12 patients; which of them is right is not known,
    and both stand as in the source.

    References
    ----------
    .. [1] Moertel CG, Fleming TR, Macdonald JS, Haller DG, Laurie JA, Goodman PJ, Ungerleider JS, Emerson WA,
       Tormey DC, Glick JH, Veeder MH, Mailliard JA (1990). Levamisole and fluorouracil for adjuvant therapy
       of resected colon carcinoma. New England Journal of Medicine 322(6):352-358.
       doi:10.1056/NEJM199002083220602
    .. [2] Moertel CG, Fleming TR, Macdonald JS, Haller DG, Laurie JA, Tangen CM, Ungerleider JS, Emerson WA,
       Tormey DC, Glick JH, Veeder MH, Mailliard JA (1995). Fluorouracil plus levamisole as effective
       adjuvant therapy after resection of stage III colon carcinoma: a final report. Annals of Internal
       Medicine 122(5):321-326. doi:10.7326/0003-4819-122-5-199503010-00001
    .. [3] Laurie JA, Moertel CG, Fleming TR, Wieand HS, Leigh JE, Rubin J, McCormack GW, Gerstner JB,
       Krook JE, Mailliard J, et al. (1989). Surgical adjuvant therapy of large-bowel carcinoma: an
       evaluation of levamisole and the combination of levamisole and fluorouracil. Journal of Clinical
       Oncology 7(10):1447-1456. doi:10.1200/JCO.1989.7.10.1447

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
