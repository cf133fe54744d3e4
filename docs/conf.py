"""Sphinx configuration: the site builds offline, and every warning is an error (``sphinx -W``)."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path

import matplotlib

import statmodels_x

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
from gallery_order import SECTIONS
from inventories import mapping
from reference import public_classes

matplotlib.use("agg")

project = "statmodels_x"
author = "The statmodels_x developers"
copyright = author
release = version = statmodels_x.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.doctest",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.bibtex",
    "mathml",
    "bench_tables",
    "results",
    "reference",
    "gallery_order",
    "notebooks",
]
exclude_patterns = [
    "_build",
    "_templates",
    "_ext",
    "_inventories",
    "api/examples",
    "**/GALLERY_HEADER.rst",
    "gallery/**/*.ipynb",
]
templates_path = ["_templates"]
default_role = "code"
highlight_language = "python"
suppress_warnings = ["config.cache"]  # the gallery's settings hold a list of reset functions

# -- API pages ---------------------------------------------------------------------------------------------
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc sections say it
autodoc_class_signature = "mixed"
toc_object_entries_show_parents = "hide"
autodoc_default_options = {"member-order": "bysource"}
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # types that are no names of a class stay as they are written
numpydoc_xref_aliases = {
    "DataFrame": "pandas.DataFrame",
    "Series": "pandas.Series",
    "ndarray": "numpy.ndarray",
    "Generator": "numpy.random.Generator",
    "Axes": "matplotlib.axes.Axes",
    "HypothesisTest": "statmodels_x.core.fits.hypotheses.HypothesisTest",
    "Finding": "statmodels_x.core.findings.Finding",
    "FitSummary": "statmodels_x.core.fits.tables.FitSummary",
    "PooledResults": "statmodels_x.core.fits.pooling.PooledResults",
    "FlexibleSurvivalResults": "statmodels_x.survival.results.FlexibleSurvivalResults",
    "SelectionResults": "statmodels_x.survival.selection.results.SelectionResults",
    "SelectedSurvivalResults": "statmodels_x.survival.selection.chosen.SelectedSurvivalResults",
    "SelectionStability": "statmodels_x.survival.selection.stability.SelectionStability",
    "MultiStateResults": "statmodels_x.multistate.results.MultiStateResults",
    "FittedArm": "statmodels_x.multistate.inference.arm.FittedArm",
}
numpydoc_xref_aliases |= {
    name: f"statmodels_x.{name}"
    for name in "ExternalCounts Family FlexibleSurvival LifeTable MultiStateData Prior Rates".split()
}
numpydoc_xref_aliases |= {name: f"statmodels_x.core.errors.{name}" for name in statmodels_x.errors.__all__}

# -- References: every one must be found -------------------------------------------------------------------
nitpicky = True
nitpick_ignore = [
    ("py:obj", "category")
]  # an attribute with a default, which numpydoc takes for a documented member
# types in docstrings link to the classes that the page of the API lists
numpydoc_xref_aliases |= {
    name: name for name in ("pandas.DataFrame", "matplotlib.axes.Axes")
} | public_classes()
intersphinx_mapping = mapping(
    Path(__file__).parent / "_inventories", Path(__file__).parent / "_build/inventories"
)
intersphinx_disabled_reftypes = ["std:doc"]

# -- Code blocks that are run ------------------------------------------------------------------------------
doctest_test_doctest_blocks = "default"
doctest_default_flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.DONT_ACCEPT_TRUE_FOR_1
doctest_global_setup = """
import warnings

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("agg")
pd.set_option("display.width", 100, "display.max_columns", 20)

import statmodels_x as smx
from statmodels_x import *  # the examples of a docstring use its module's own names
"""
doctest_global_cleanup = """
import matplotlib.pyplot as plt

plt.close("all")
"""

plot_formats = [("png", 160)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_include_source = False
plot_basedir = str(Path(__file__).parent)
plot_pre_code = (
    "import statmodels_x as smx\nimport pandas as pd\nimport numpy as np\nimport matplotlib.pyplot as plt\n"
)

# -- Gallery -----------------------------------------------------------------------------------------------
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(^|/)(?!plot_)\w+\.py$",
    "subsection_order": [f"../examples/{section}" for section in SECTIONS],
    "within_subsection_order": "gallery_order.PageOrder",
    "doc_module": ("statmodels_x",),
    "backreferences_dir": "api/generated/backreferences",
    "image_srcset": ["2x"],
    "min_reported_time": 1.0,
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": True,
    "show_memory": False,
    "write_computation_times": False,  # that page would load scripts from other sites
    "capture_repr": ("_repr_html_", "__repr__"),
    "remove_config_comments": True,
}

# -- Bibliography ------------------------------------------------------------------------------------------
bibtex_bibfiles = ["references.bib"]
bibtex_default_style = "unsrt"
bibtex_reference_style = "author_year"

# -- HTML --------------------------------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = "statmodels_x"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {
        "text": f"statmodels_x {release}",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "show_prev_next": True,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
_ONE_COLUMN = (
    "index",
    "install",
    "quickstart",
    "coming_from_r",
    "datasets",
    "files",
    "validation",
    "changelog",
    "references",
    "citation",
    "search",
    "genindex",
)
html_sidebars = {page: [] for page in _ONE_COLUMN}
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
