"""The network and what is made of its word."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from understudy.faces.mesh import FACE_OVAL
from understudy.model.compose import compose, look, window
from understudy.model.features import N_FEATURES, features
from understudy.model.light import light_gain
from understudy.model.losses import loss_parts, total
from understudy.model.mesh_map import draw
from understudy.model.network import Corrector
from understudy.model.textures import Textures, own_at_points
from understudy.types import Faceset

ROWS = np.asarray([0, 20, 40])


def scene(faceset: Faceset, n: int = 2, side: int = 128):
    """Drafts (noise), their cover, maps, textures and features."""
    generator = torch.Generator().manual_seed(0)
    draft = torch.rand((n, 3, side, side), generator=generator)
    maps = [draw(faceset.landmarks[i], size=faceset.size) for i in range(n)]
    return draft, torch.ones(n, 2, side, side), maps, Textures(faceset, ROWS, side=192), torch.from_numpy(features(faceset.landmarks[:n]))


def test_it_starts_at_the_draft(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    seen = look(draft, cover, maps, textures)
    made = compose(draft, cover[:, :1], seen, net(seen.input_BCHW, numbers), textures)
    torch.testing.assert_close(made, window(draft), atol=1e-4, rtol=0)
    assert sum(p.numel() for p in net.parameters()) < 4_000_000


def test_whatever_it_says_stays_finite_and_bounded(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    seen = look(draft, cover, maps, textures)
    told = net(seen.input_BCHW, 1e6 * numbers)
    assert told.share_BKHW.abs().sum(1).max() <= 1 + 1e-5
    assert told.flow_BLHW2.abs().max() <= 0.031
    assert torch.isfinite(compose(draft, cover[:, :1], seen, told, textures)).all()


def test_a_network_that_is_not_a_number_says_so_and_does_not_crash(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    torch.nn.init.constant_(net.stem.weight, float("nan"))
    seen = look(draft, cover, maps, textures)
    made = compose(draft, cover[:, :1], seen, net(seen.input_BCHW, numbers), textures)
    made.sum().backward()
    assert torch.isnan(made).any()


def test_a_texture_that_is_not_allowed_leaves_no_trace(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    torch.manual_seed(1)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    torch.nn.init.normal_(net.last.weight, std=0.1)
    allowed = torch.tensor([[1.0, 0.0, 1.0]] * 2)
    results = []
    for change in (0.0, 0.5):
        textures.picture_KCHW[1] += change
        textures.small_KCHW[1] += change
        seen = look(draft, cover, maps, textures, allowed_BK=allowed)
        results.append(compose(draft, cover[:, :1], seen, net(seen.input_BCHW, numbers), textures))
    torch.testing.assert_close(results[0], results[1])


def test_where_alpha_is_nothing_nothing_changes(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    torch.nn.init.normal_(net.last.weight, std=1.0)
    seen = look(draft, cover, maps, textures)
    made = compose(draft, torch.zeros_like(cover[:, :1]), seen, net(seen.input_BCHW, numbers), textures)
    torch.testing.assert_close(made, window(draft))


def test_where_hair_hides_the_face_nothing_is_learnt_and_nothing_changes(faceset: Faceset) -> None:
    """The left half of the face is hidden in every picture; in one texture the right half as well."""
    masks = np.asarray(faceset.masks).copy()
    masks[:, :, : masks.shape[2] // 2] = 0
    masks[ROWS[1]] = 0
    hidden = dataclasses.replace(faceset, masks=masks)
    draft, cover, maps, textures, numbers = scene(hidden)
    torch.manual_seed(1)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    torch.nn.init.normal_(net.last.weight, std=1.0)
    made = []
    for change in (0.0, 0.5):
        textures.picture_KCHW[1] += change
        textures.small_KCHW[1] += change
        seen = look(draft, cover, maps, textures)
        made.append(compose(draft, cover[:, :1], seen, net(seen.input_BCHW, numbers), textures))
    torch.testing.assert_close(made[0], made[1], msg="a texture that shows nothing of the face has no part in it")
    away = (made[0] - window(draft)).abs().mean(1)[0]
    third = away.shape[1] // 3
    assert away[:, :third].max() < 1e-4 < 0.05 < away[:, -third:].max()


def test_skin_at_the_edge_of_hair_is_no_part_of_a_texture(faceset: Faceset) -> None:
    masks = np.asarray(faceset.masks).copy()
    side = masks.shape[2]
    masks[:, :, : side // 2] = 0
    known, bare = (own_at_points(given)[:, :468] for given in (dataclasses.replace(faceset, masks=masks), faceset))
    x = np.rint((faceset.landmarks[:, :468, 0] + 0.5) * (side / faceset.size) - 0.5)
    outline = np.isin(np.arange(468), FACE_OVAL)
    edge = (x >= side // 2) & (x < side // 2 + 2) & ~outline
    away = (x > side // 2 + 6) & ~outline
    assert bare[edge].mean() > 0.9 and known[edge].max() == 0
    np.testing.assert_array_equal(known[away], bare[away])


def test_the_light_of_one_is_put_on_the_other() -> None:
    y = torch.linspace(0.3, 0.9, 64)[:, None].expand(64, 64)
    given = torch.full((1, 3, 64, 64), 0.5)
    wanted = given * torch.stack([y + 0.3, y + 0.4, 0.5 * y + 0.4])[None]
    gain = light_gain(wanted, given, torch.ones(1, 1, 64, 64))
    expected = torch.nn.functional.adaptive_avg_pool2d(wanted / given, 16)
    torch.testing.assert_close(gain[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], atol=0.04, rtol=0)
    nothing = light_gain(wanted, given, torch.zeros(1, 1, 64, 64))
    assert torch.isfinite(nothing).all()


def test_the_loss_is_nothing_for_the_truth_and_rises_with_blur() -> None:
    truth = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(2))
    weight = torch.ones(1, 1, 64, 64)
    assert total(loss_parts(truth, truth, weight)).item() < 1e-5
    blurred = torch.nn.functional.avg_pool2d(truth, 3, 1, 1)
    assert all(part.item() > 0.01 for part in loss_parts(blurred, truth, weight).values())


def test_features_do_not_depend_on_where_the_head_is(faceset: Faceset) -> None:
    mesh = faceset.landmarks[:3]
    moved = mesh * np.float32(1.7) + np.asarray([20, -5, 3], np.float32)
    np.testing.assert_allclose(features(mesh), features(moved), atol=2e-3)
    assert features(mesh).shape == (3, N_FEATURES)


def test_a_part_that_is_switched_off_stays_the_drafts(faceset: Faceset) -> None:
    draft, cover, maps, textures, numbers = scene(faceset)
    torch.manual_seed(1)
    net = Corrector(n_textures=3, n_features=N_FEATURES)
    torch.nn.init.normal_(net.last.weight, std=0.3)
    seen = look(draft, cover, maps, textures)
    told = net(seen.input_BCHW, numbers)
    whole, eyes_only = (compose(draft, cover[:, :1], seen, told, textures, parts=parts) for parts in ((1.0, 1.0, 1.0), (0.0, 1.0, 0.0)))
    of_eyes = window(torch.nn.functional.interpolate(seen.mesh_B6HW[:, 4:5], size=draft.shape[-1], mode="bilinear", align_corners=False))
    inside, outside = (of_eyes > 0.999).expand_as(whole), (of_eyes == 0).expand_as(whole)
    torch.testing.assert_close(eyes_only[inside], whole[inside], atol=2e-3, rtol=0)
    torch.testing.assert_close(eyes_only[outside], window(draft)[outside])
    assert (whole - window(draft)).abs()[outside].max() > 0.01
