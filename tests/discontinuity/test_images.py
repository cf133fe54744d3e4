"""Images with the border within the pixels: rows of crossed pixels, both readings, what is found and what is not."""

import numpy as np
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.large import search_of
from statmodels_x.discontinuity.border.model import PRICES, Border, BorderModel, net_of, pixel_means
from statmodels_x.discontinuity.border.pixels import pixel_data
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.roughness import Roughness
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.kernels import border as kernels

FINE = 32


def shares(inside, n, averages=True):
    """Share of each pixel in which a function of places is true; at its middle only, for samples."""
    offset = (np.arange(FINE) + 0.5) / FINE - 0.5 if averages else np.zeros(1)
    at = (np.arange(n)[:, None] + offset).ravel()
    fine = inside(at[:, None], at[None, :]).astype(float)
    return fine.reshape(n, offset.size, n, offset.size).mean((1, 3))


def half_plane(x, y):
    return x > 9.3 + 0.3 * y


def disk(x, y):
    return (x - 11.3) ** 2 + (y - 12.4) ** 2 < 7.2**2


def drawn(line, shape):
    lattice = Lattice(shape)
    cut, share = kernels.draw_line(net_of(lattice), np.array(line, float), lattice.n_edges)
    return lattice, Border(cut, share)


def test_rows_of_crossed_pixels_are_areas():
    lattice, border = drawn([[9.3 - 0.9, -3.0], [9.3 + 0.3 * 15.0, 15.0]], (14, 12))
    at = np.indices(lattice.shape).reshape(2, -1)
    surface = half_plane(*at).astype(float)
    found = pixel_means(lattice, border, surface).reshape(lattice.shape)
    true = shares(half_plane, 14)[:, :12]
    np.testing.assert_allclose(
        found[:, 1:-1], true[:, 1:-1], atol=0.01
    )  # at the margin the line runs straight out
    assert np.count_nonzero((found > 0.0) & (found < 1.0)) >= 12
    # planes on either side: exact but for slopes that would need nodes beyond the neighbours
    tilted = surface + 0.02 * at[0] + 0.01 * at[1]
    error = pixel_means(lattice, border, tilted).reshape(lattice.shape) - true
    error -= (0.02 * at[0] + 0.01 * at[1]).reshape(lattice.shape)
    assert np.abs(error[:, 1:-1]).max() < 0.015


def test_evidence_of_averages_is_that_of_their_rows():
    lattice, border = drawn([[-2.0, 2.2], [8.0, 4.1]], (6, 7))
    rng = np.random.default_rng(0)
    image = rng.normal(size=lattice.shape)
    image[2, 3] = np.nan
    cells = smx.FreeDiscontinuity(image).sample.cells
    data = pixel_data(cells, 0.04, "averages")
    model = BorderModel(data, border)
    rows = np.column_stack([pixel_means(lattice, border, one) for one in np.eye(lattice.n_cells)])
    design = rows[cells.filled]
    plain = BorderModel(pixel_data(cells, 1e12, "points"), border)
    prior = dense(plain.posterior(1.3))
    covariance = design @ np.linalg.inv(prior) @ design.T + np.diag(1.0 / data.weight)
    sign, logdet = np.linalg.slogdet(2.0 * np.pi * covariance)
    assert sign == 1.0
    expected = logdet + data.y @ np.linalg.solve(covariance, data.y)
    assert model.deviance(1.3) == pytest.approx(expected, rel=1e-6)


def dense(factor):
    n = factor.band.shape[1]
    lower = np.zeros((n, n))
    for k, row in enumerate(factor.band):
        lower += np.diag(row[: n - k], -k)
    return lower @ lower.T


@pytest.mark.parametrize("averages", [True, False])
@pytest.mark.parametrize(("inside", "length"), [(half_plane, 25.06), (disk, 2.0 * np.pi * 7.2)])
def test_a_known_border_is_found_and_its_reading_told(inside, length, averages):
    rng = np.random.default_rng(3)
    at = np.arange(24) / 24
    back = 0.3 * at[:, None] + 0.2 * np.sin(4 * at)
    clean = shares(inside, 24, averages) + back
    image = clean + 0.12 * rng.normal(size=clean.shape)
    image[rng.uniform(size=image.shape) < 0.1] = np.nan
    fit = smx.FreeDiscontinuity(image).fit()
    assert fit.estimate.placed.pixels == ("averages" if averages else "points")
    assert fit.segments().max() == 2
    assert len(fit.boundaries) == 1
    assert fit.boundaries["length"].iloc[0] == pytest.approx(length, rel=0.03)
    size, error = fit.boundaries[["mean_size", "std_error"]].iloc[0]
    assert abs(size - 1.0) < 4.0 * error
    assert error < 0.06
    assert np.sqrt(np.mean((fit.surface - clean) ** 2)) < 0.05
    # missing pixels take the value of their own side
    hidden = np.isnan(image) & np.isin(clean - back, [0.0, 1.0])
    assert np.abs(fit.surface - clean)[hidden].max() < 0.25
    side = fit.predict(
        np.array([[2.0, 12.0], [22.0, 12.0]]) if inside is half_plane else [[11.3, 12.4], [1, 1]]
    )
    assert side["region"].nunique() == 2


def test_residuals_and_fit_of_averages_are_of_averages():
    rng = np.random.default_rng(5)
    image = shares(half_plane, 20) + 0.05 * rng.normal(size=(20, 20))
    image[3, 4] = np.nan
    fit = smx.FreeDiscontinuity(image).fit(pixels="averages")
    known = np.isfinite(image)
    np.testing.assert_allclose(fit.residuals(), (image - fit.surface)[known])
    assert fit.residuals().std() < 0.06  # a crossed pixel read at its middle would miss by up to a half
    middle = fit.predict()["estimate"].to_numpy().reshape(20, 20)
    assert np.abs(image - middle)[known].max() > 0.25


def test_texture_without_a_border_stays_whole():
    rng = np.random.default_rng(11)
    x, y = np.indices((32, 32)) / 32
    texture = 0.15 * np.sin(9.0 * x + 4.0 * y) * np.cos(7.0 * y) + 0.1 * np.sin(14.0 * (x + y))
    fit = smx.FreeDiscontinuity(texture + 0.06 * rng.normal(size=x.shape)).fit()
    assert not len(fit.jumps)
    assert np.sqrt(np.mean((fit.surface - texture) ** 2)) < 0.035


X, Y = np.indices((24, 24)) / 23.0
SMOOTH = {  # with the standard deviation of the noise, and seeds at which a jump once told them better
    "cone": (np.hypot(X - 0.4, Y - 0.55), 0.1, 203),
    "crease": (np.abs(X - 0.5), 0.1, 202),
    "slope": (0.5 * np.tanh((X + 0.3 * Y - 0.6) / 0.15), 0.1, 203),
    "bump": (0.6 * np.exp(-((X - 0.5) ** 2 + (Y - 0.4) ** 2) / 0.02), 0.1, 204),
    "roof": (np.minimum(X, 0.8 - 0.5 * Y), 0.03, 1007),
    "ever shorter waves": (0.25 * np.sin(14.0 * X**2 + 2.0 * Y), 0.03, 7),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_steep_creased_and_unevenly_rough_images_have_no_border(name):
    clean, sd, seed = SMOOTH[name]
    fit = smx.FreeDiscontinuity(clean + sd * np.random.default_rng(seed).normal(size=clean.shape)).fit()
    assert not len(fit.jumps)
    assert np.sqrt(np.mean((fit.surface - clean) ** 2)) < 0.9 * sd


@pytest.mark.parametrize("back", [0.5 * X + 0.3 * Y, 0.3 * X + 0.2 * np.sin(4.0 * Y)])
def test_a_step_of_three_standard_deviations_is_found(back):
    rng = np.random.default_rng(21)
    clean = 0.3 * shares(half_plane, 24) + back
    fit = smx.FreeDiscontinuity(clean + 0.1 * rng.normal(size=clean.shape)).fit()
    assert len(fit.boundaries) == 1
    assert fit.boundaries["length"].iloc[0] == pytest.approx(25.06, rel=0.1)
    size, error = fit.boundaries[["mean_size", "std_error"]].iloc[0]
    assert abs(size - 0.3) < 4.0 * error


@pytest.mark.parametrize(("n", "most"), [(24, 15.0), (48, 0.0)])  # as a whole, and in windows
def test_a_step_beside_waves_pays_and_a_line_among_the_waves_hardly_or_not(n, most):
    at = (np.indices((n, n)) + 0.5) * 24.0 / n
    clean = 0.25 * np.sin(0.0243 * at[0] ** 2 + 0.1 * at[1]) + 0.3 * (at[1] > 12.0) * (at[0] < 9.0)
    image = clean + 0.03 * np.random.default_rng(4).normal(size=clean.shape)
    data = pixel_data(smx.FreeDiscontinuity(image).sample.cells, 0.03**2, "points")
    search = search_of(data, PRICES["balanced"], borders(data).strongest)
    half = 0.5 * n - 0.5
    _, step = drawn([[-2.0, half], [0.375 * n - 0.5, half]], (n, n))
    _, line = drawn([[0.86 * n, -2.0], [0.86 * n, n + 2.0]], (n, n))
    both = Border(step.cut | line.cut, np.where(step.cut, step.share, line.share))
    rough = Roughness.of(search, search.score(both, around=search.t0))
    told, cheated = rough.gain(step.edges), rough.gain(line.edges)
    assert told > 20.0
    assert cheated < min(most, 0.5 * told)


def test_waves_that_become_shorter_are_not_cut():
    at = np.indices((24, 24)) + 0.5
    waves = 0.25 * np.sin(0.0243 * at[0] ** 2 + 0.1 * at[1])
    image = waves + 0.03 * np.random.default_rng(4).normal(size=waves.shape)
    assert smx.FreeDiscontinuity(image).fit().jumps.empty


def test_an_image_with_more_places_asks_for_more():
    needed = []
    for n in (24, 48):
        image = np.random.default_rng(1).normal(size=(n, n))
        data = pixel_data(smx.FreeDiscontinuity(image).sample.cells, 1.0, "points")
        needed.append(rivals.needed_gain(search_of(data, PRICES["balanced"], borders(data).strongest), 0.0))
    assert needed[0] == pytest.approx(8.0 + 2.0 * np.log(24**2 / 8.0))
    assert needed[1] - needed[0] == pytest.approx(2.0 * np.log(4.0))


def test_a_hot_pixel_is_no_region():
    rng = np.random.default_rng(2)
    image = 0.1 * rng.normal(size=(20, 20))
    image[7, 9] += 6.0
    fit = smx.FreeDiscontinuity(image).fit()
    assert fit.estimate.placed.n_set_aside == 1
    assert not len(fit.jumps)


def test_pixels_are_for_images():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="pixels"):
        smx.FreeDiscontinuity(rng.normal(size=(8, 8))).fit(pixels="squares")
    with pytest.raises(DataError, match="images"):
        smx.FreeDiscontinuity(rng.normal(size=(8, 8))).fit(pixels="averages", border="cells")
    with pytest.raises(DataError, match="images"):
        smx.FreeDiscontinuity(rng.normal(size=(5, 5, 5))).fit(pixels="points")
