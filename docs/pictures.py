"""Pictures of the README, from the gallery that ``make docs`` has built: ``python docs/pictures.py``."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

DOCS = Path(__file__).parent
CHOSEN = {
    "survival": "survival/images/sphx_glr_plot_melanoma_001",
    "surrogate": "surrogate/images/sphx_glr_plot_pte_surface_002",
    "multistate": "multistate/images/sphx_glr_plot_who_dies_how_002",
    "discontinuity": "discontinuity/images/sphx_glr_plot_nile_001",
    "population": "population/images/sphx_glr_plot_last_species_standing_002",
}
SIZE = (540, 360)


def main() -> None:
    """Write them."""
    for family, figure in CHOSEN.items():
        with Image.open(DOCS / "gallery" / f"{figure}_2_00x.png") as whole:
            picture = whole.convert("RGBA")
        picture.thumbnail(SIZE, Image.Resampling.LANCZOS)
        paper = Image.new("RGBA", SIZE, "white")
        paper.alpha_composite(picture, ((SIZE[0] - picture.width) // 2, (SIZE[1] - picture.height) // 2))
        place = DOCS / "_static" / "readme" / f"{family}.png"
        place.parent.mkdir(exist_ok=True)
        paper.convert("RGB").quantize(64).save(place, optimize=True)
        print(place, place.stat().st_size)


if __name__ == "__main__":
    main()
