"""Where each data set comes from, and what its columns mean and are measured in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LICENCE = (
    "The values are facts of a published trial. The copy was taken from the Python package greenwood 0.8.0, "
    "MIT License, Copyright (c) 2026 Richard Iannone; the notice stands in the README of the data folder."
)


@dataclass(frozen=True)
class Column:
    """What one column holds, and its unit where it has one."""

    description: str
    unit: str | None = None


@dataclass(frozen=True)
class Entry:
    """Provenance and columns of one data set."""

    name: str
    title: str
    source: str
    reference: str
    columns: Mapping[str, Column]
    licence: str = LICENCE

    def attrs(self) -> dict[str, object]:
        """Return the metadata as new plain objects, which a caller may change freely."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "reference": self.reference,
            "licence": self.licence,
            "units": {name: column.unit for name, column in self.columns.items() if column.unit},
            "columns": {name: column.description for name, column in self.columns.items()},
        }


MELANOMA = Entry(
    name="melanoma",
    title="ECOG E1684: high-dose interferon alfa-2b after surgery for high-risk melanoma",
    source=(
        "Eastern Cooperative Oncology Group trial EST 1684, as e1684 in the R package smcure "
        "(Cai et al. 2012), complete rows; copied from greenwood 0.8.0"
    ),
    reference=(
        "Kirkwood JM, Strawderman MH, Ernstoff MS, Smith TJ, Borden EC, Blum RH (1996). Interferon alfa-2b "
        "adjuvant therapy of high-risk resected cutaneous melanoma: the Eastern Cooperative Oncology Group "
        "Trial EST 1684. Journal of Clinical Oncology 14(1):7-17. doi:10.1200/JCO.1996.14.1.7"
    ),
    columns={
        "treatment": Column("1 = high-dose interferon alfa-2b, 0 = control (observation)"),
        "time": Column("relapse-free survival: time to relapse, death or censoring", "years"),
        "status": Column("1 = relapse or death, 0 = censored"),
        "age": Column("age minus the mean age of the 284 patients; the mean is not published", "years"),
        "sex": Column("1 = female, 0 = male"),
    },
)

VETERAN = Entry(
    name="veteran",
    title="Veterans' Administration lung cancer trial: standard against test chemotherapy",
    source="Veterans' Administration, as veteran in the R package survival; copied from greenwood 0.8.0",
    reference=(
        "Kalbfleisch JD, Prentice RL (1980). The Statistical Analysis of Failure Time Data. Wiley, New York. "
        "Prentice RL (1973). Exponential survivals with censoring and explanatory variables. "
        "Biometrika 60(2):279-288. doi:10.1093/biomet/60.2.279"
    ),
    columns={
        "treatment": Column("chemotherapy: standard or test"),
        "celltype": Column("histological type: squamous, smallcell, adeno or large"),
        "time": Column("survival from randomisation to death or censoring", "days"),
        "status": Column("1 = died, 0 = censored"),
        "karno": Column("Karnofsky performance score at randomisation; 100 is good", "points"),
        "diagtime": Column("time from diagnosis to randomisation", "months"),
        "age": Column("age", "years"),
        "prior": Column("earlier therapy: 0 = no, 10 = yes"),
    },
)

LUNG = Entry(
    name="lung",
    title="North Central Cancer Treatment Group: survival with advanced lung cancer",
    source="NCCTG, as lung in the R package survival; copied from greenwood 0.8.0",
    reference=(
        "Loprinzi CL, Laurie JA, Wieand HS, Krook JE, Novotny PJ, Kugler JW, Bartel J, Law M, Bateman M, "
        "Klatt NE, et al. (1994). Prospective evaluation of prognostic variables from patient-completed "
        "questionnaires. Journal of Clinical Oncology 12(3):601-607. doi:10.1200/JCO.1994.12.3.601"
    ),
    columns={
        "inst": Column("code of the institution"),
        "time": Column("survival: time to death or censoring", "days"),
        "status": Column("1 = died, 0 = censored"),
        "age": Column("age", "years"),
        "sex": Column("1 = male, 2 = female"),
        "ph_ecog": Column("ECOG performance score by the physician; 0 = no symptoms, 4 = bedbound", "points"),
        "ph_karno": Column("Karnofsky performance score by the physician; 100 is good", "points"),
        "pat_karno": Column("Karnofsky performance score by the patient; 100 is good", "points"),
        "meal_cal": Column("energy eaten at meals (dietary Calories)", "kcal"),
        "wt_loss": Column("weight lost in the last six months; negative is a gain", "pounds"),
    },
)

COLON = Entry(
    name="colon",
    title="Levamisole and fluorouracil after surgery for stage III colon cancer",
    source="Intergroup trial, as colon in the R package survival; copied from greenwood 0.8.0",
    reference=(
        "Moertel CG, Fleming TR, Macdonald JS, et al. (1990). Levamisole and fluorouracil for adjuvant "
        "therapy of resected colon carcinoma. New England Journal of Medicine 322(6):352-358. "
        "doi:10.1056/NEJM199002083220602. "
        "Moertel CG, Fleming TR, Macdonald JS, et al. (1995). Fluorouracil plus levamisole as effective "
        "adjuvant therapy after resection of stage III colon carcinoma: a final report. Annals of Internal "
        "Medicine 122(5):321-326. doi:10.7326/0003-4819-122-5-199503010-00001. "
        "Laurie JA, Moertel CG, Fleming TR, et al. (1989). Surgical adjuvant therapy of large-bowel "
        "carcinoma: an evaluation of levamisole and the combination of levamisole and fluorouracil. Journal "
        "of Clinical Oncology 7(10):1447-1456. doi:10.1200/JCO.1989.7.10.1447"
    ),
    columns={
        "id": Column("number of the patient"),
        "rx": Column("Obs = observation, Lev = levamisole, Lev+5FU = levamisole and fluorouracil"),
        "sex": Column("1 = male, 0 = female"),
        "age": Column("age", "years"),
        "obstruct": Column("colon obstructed by the tumour: 1 = yes, 0 = no"),
        "perfor": Column("colon perforated: 1 = yes, 0 = no"),
        "adhere": Column("tumour adheres to nearby organs: 1 = yes, 0 = no"),
        "nodes": Column("number of lymph nodes with detectable cancer", "nodes"),
        "differ": Column("differentiation of the tumour: 1 = well, 2 = moderate, 3 = poor"),
        "extent": Column("local spread: 1 = submucosa, 2 = muscle, 3 = serosa, 4 = contiguous structures"),
        "surg": Column("time from surgery to registration: 0 = short, 1 = long"),
        "node4": Column("more than four positive lymph nodes: 1 = yes, 0 = no"),
        "time_recur": Column("time to recurrence, or to censoring by death or end of follow-up", "days"),
        "status_recur": Column("1 = recurrence, 0 = censored (a death without recurrence is censored)"),
        "time_death": Column("time to death or censoring", "days"),
        "status_death": Column("1 = died, 0 = censored"),
    },
)

_GAUSE = (
    "Gause GF (1934). The Struggle for Existence. Williams and Wilkins, Baltimore. Appendix, Table {table}."
)
_FACTS = (
    "Counts are facts; typed in from the published table. The book is long out of print and freely readable; nothing "
    "but the numbers is copied."
)
_PARAMECIUM = {
    "day": Column("day of the culture", "days"),
    "aurelia": Column("Paramecium aurelia growing alone, mean count", "individuals per 0.5 cm3"),
    "caudatum": Column("Paramecium caudatum growing alone, mean count", "individuals per 0.5 cm3"),
    "aurelia_mixed": Column("Paramecium aurelia in mixed culture, mean count", "individuals per 0.5 cm3"),
    "caudatum_mixed": Column("Paramecium caudatum in mixed culture, mean count", "individuals per 0.5 cm3"),
}

PARAMECIUM = Entry(
    name="paramecium",
    title="Gause's Paramecium aurelia and P. caudatum, alone and in mixed culture",
    source="Gause (1934), Appendix, Table 3",
    reference=_GAUSE.format(table=3),
    columns=_PARAMECIUM,
    licence=_FACTS,
)

PARAMECIUM_BUFFERED = Entry(
    name="paramecium_buffered",
    title="Gause's Paramecium aurelia and P. caudatum on buffered medium with two rations of bacteria",
    source="Gause (1934), Appendix, Table 4",
    reference=_GAUSE.format(table=4),
    columns={"ration": Column('"one loop" or "half loop" of bacteria'), **_PARAMECIUM},
    licence=_FACTS,
)

HARE_LYNX = Entry(
    name="hare_lynx",
    title="Snowshoe hare and Canada lynx: pelts traded by the Hudson's Bay Company, 1900 to 1920",
    source="Hudson's Bay Company pelt counts, as printed in textbooks of ecology",
    reference=(
        "Elton C, Nicholson M (1942). The ten-year cycle in numbers of the lynx in Canada. Journal of Animal Ecology "
        "11(2):215-244. doi:10.2307/1358"
    ),
    columns={
        "year": Column("calendar year", "years"),
        "hare": Column("pelts of snowshoe hare", "thousands"),
        "lynx": Column("pelts of Canada lynx", "thousands"),
    },
    licence="Counts are facts, in the public domain.",
)

US_MORTALITY = Entry(
    name="us_mortality",
    title="Death rates of the United States by sex, age and year, 1984 to 1998",
    source=(
        "Life tables of the National Center for Health Statistics: yearly probabilities of death q as rates "
        "-log(1 - q), as tabulated in the R package survival, times 365.25"
    ),
    reference=(
        "National Center for Health Statistics. United States life tables, annual reports. Hyattsville, Maryland: "
        "Public Health Service"
    ),
    columns={
        "sex": Column("female or male"),
        "age": Column("age at the last birthday, 35 to 95", "years"),
        "year": Column("calendar year, 1984 to 1998", "years"),
        "rate": Column("deaths per person and year"),
    },
    licence="Facts of the reports of a federal agency, which are in the public domain.",
)

MELANOMA_TRIALS = Entry(
    name="melanoma_trials",
    title="Trials of systemic treatment of advanced melanoma against dacarbazine: two hazard ratios each",
    source=(
        "Hazard ratios and 95 % limits of the named trials, read from a public compilation and not checked against "
        "each paper"
    ),
    reference=(
        "Flaherty KT, Hennig M, Lee SJ, Ascierto PA, Dummer R, et al. (2014). Surrogate endpoints for overall survival "
        "in metastatic melanoma: a meta-analysis of randomised controlled trials. Lancet Oncology 15(3):297-304. "
        "doi:10.1016/S1470-2045(14)70007-5"
    ),
    columns={
        "trial": Column("first author of the trial; ODayA to ODayC are comparisons of one publication"),
        "n_treated": Column("patients in the new arm"),
        "n_control": Column("patients with dacarbazine"),
        "hr_pfs": Column("hazard ratio of progression or death, new arm against dacarbazine"),
        "lower_pfs": Column("lower 95 % limit of hr_pfs"),
        "upper_pfs": Column("upper 95 % limit of hr_pfs"),
        "hr_os": Column("hazard ratio of death"),
        "lower_os": Column("lower 95 % limit of hr_os"),
        "upper_os": Column("upper 95 % limit of hr_os"),
    },
    licence="Published results of named trials: facts.",
)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        *(MELANOMA, VETERAN, LUNG, COLON, PARAMECIUM, PARAMECIUM_BUFFERED, HARE_LYNX),
        *(MELANOMA_TRIALS, US_MORTALITY),
    )
}
