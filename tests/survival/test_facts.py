"""What a result remembers of its sample: the same whether it is asked for at once, later, or after saving."""

import copy
import pickle
from dataclasses import asdict, replace

import pytest

import statmodels_x as smx
from statmodels_x.survival.reading import facts

FORMULA = "Surv(time, status) ~ celltype + karno"


@pytest.fixture
def fit():
    return smx.FlexibleSurvival(FORMULA, smx.datasets.load_veteran()).fit()


def waits(fit) -> bool:
    return "_later" in vars(fit.facts)


def test_a_fit_does_not_sort_the_covariates(fit):
    assert fit.bse.notna().all()
    assert fit.tidy()["p.value"].notna().all()
    assert waits(fit)
    fit.plot("survival", by="celltype")
    assert not waits(fit)


@pytest.mark.parametrize(
    "way",
    [
        lambda fit: pickle.loads(pickle.dumps(fit)).facts,
        lambda fit: fit.without_data().facts,
        lambda fit: copy.deepcopy(fit.facts),
        lambda fit: replace(fit.facts),
        lambda fit: fit.facts,
    ],
)
def test_all_ways_lead_to_the_same_facts(fit, way):
    data = smx.datasets.load_veteran()
    found = way(fit)
    known = asdict(found)
    assert not hasattr(found, "_later")
    assert known["typical"]["karno"] == pytest.approx(data["karno"].mean())
    assert set(known["levels"]["celltype"]) == set(data["celltype"].unique())
    assert len(known["fingerprint"]) == 160
    assert found == smx.FlexibleSurvival(FORMULA, data).fit().facts


def test_changing_the_users_frame_afterwards_changes_nothing():
    data = smx.datasets.load_veteran()
    fit = smx.FlexibleSurvival(FORMULA, data).fit()
    known = asdict(smx.FlexibleSurvival(FORMULA, data.copy()).fit().facts)
    data.loc[:, "karno"] = 0
    data.loc[:, "time"] = 1.0
    assert asdict(fit.facts) == known


def test_a_result_without_its_rows_holds_none_through_its_facts(fit):
    assert fit.without_data().facts.__dict__.keys() == set(facts.SampleFacts.__dataclass_fields__)


def test_what_is_no_fact_is_no_attribute(fit):
    with pytest.raises(AttributeError, match="no quartiles"):
        _ = fit.facts.quartiles
