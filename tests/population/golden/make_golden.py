"""How ``paramecium.smx`` was made: run by version 0.1, whose files must still load.

python tests/population/golden/make_golden.py
"""

from pathlib import Path

import statmodels_x as smx


def main() -> None:
    data = smx.datasets.load_paramecium()
    model = smx.LeslieInteraction("aurelia_mixed + caudatum_mixed ~ day", data, density="leslie-gower")
    smx.save(model.fit(n_starts=10), Path(__file__).with_name("paramecium.smx"))


if __name__ == "__main__":
    main()
