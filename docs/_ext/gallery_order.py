"""The order of the gallery, the pages of a family from first steps to details, and thumbnails of one panel."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SECTIONS = ["tutorials", "survival", "surrogate", "multistate", "discontinuity", "population"]
PAGES = {
    "tutorials": (
        "1_first_survival_fit 2_reading_a_summary 3_figure_for_a_paper 4_sentence_for_a_paper 5_choosing_a_model "
        "6_surrogate 7_discontinuity 8_population"
    ),
    "survival": (
        "melanoma colon_cancer lung_cancer nonproportional_hazards trial_figures choosing_a_baseline which_covariates "
        "cure_three_ways standardised_survival beyond_the_trial relative_survival decision_model "
        "interval_censoring_and_late_entry both_scales a_million_rows coming_from"
    ),
    "surrogate": "colon_trial pte_surface when_pte_misleads many_centres many_trials planning_a_study",
    "multistate": "who_dies_how quality_adjusted_time model_and_pte",
    "discontinuity": "nile disk image_and_volume shutdown tuning",
    "population": (
        "paramecium hare_and_lynx which_interaction age_classes stages predator_prey_oscillation "
        "last_species_standing hamiltonian"
    ),
}
# Pages all of whose figures have several panels: the part of the first one that is shown, as shares of its width.
PANELS = {
    "survival/plot_both_scales": (0.5, 1.0),
    "survival/plot_coming_from": (0.0, 0.5),
    "survival/plot_beyond_the_trial": (0.0, 0.5),
    "survival/plot_which_covariates": (0.5, 1.0),
    "surrogate/plot_planning_a_study": (0.0, 0.5),
    "surrogate/plot_when_pte_misleads": (0.5, 1.0),
    "population/plot_age_classes": (0.5, 1.0),
}
SIZE = (640, 448)


class PageOrder:
    """Sort key of the pages of a section; pages that the list does not name come last, by name."""

    def __init__(self, folder: str) -> None:
        self.names = PAGES.get(Path(folder).name, "").split()

    def __call__(self, filename: str) -> tuple[int, str]:
        """Return the place of a page."""
        name = filename.removeprefix("plot_").removesuffix(".py")
        return (self.names.index(name) if name in self.names else len(self.names), name)

    def __repr__(self) -> str:
        return f"<PageOrder {' '.join(self.names)}>"


def _cut(app: Sphinx) -> None:
    """Cut the thumbnails of pages without a figure of one panel."""
    from PIL import Image

    gallery = Path(app.srcdir, app.config.sphinx_gallery_conf["gallery_dirs"])
    for page, (left, right) in PANELS.items():
        folder, name = page.split("/")
        images = gallery / folder / "images"
        chosen = re.search(
            r"thumbnail_number = (\d+)", (Path(app.srcdir, "../examples") / f"{page}.py").read_text()
        )
        figure = images / f"sphx_glr_{name}_{int(chosen[1]) if chosen else 1:03d}_2_00x.png"
        if not figure.is_file():
            continue
        with Image.open(figure) as whole:
            part = whole.crop((int(left * whole.width), 0, int(right * whole.width), whole.height)).convert(
                "RGBA"
            )
        part.thumbnail(SIZE)
        paper = Image.new("RGBA", SIZE, "white")
        paper.alpha_composite(part, ((SIZE[0] - part.width) // 2, (SIZE[1] - part.height) // 2))
        paper.convert("RGB").save(images / "thumb" / f"sphx_glr_{name}_thumb.png")


def setup(app: Sphinx) -> dict[str, Any]:
    """Cut after the gallery has been made, which happens at the default priority."""
    app.connect("builder-inited", _cut, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
