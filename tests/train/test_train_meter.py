"""When a result is called better."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from understudy.train.meter import Figures, beats, gain_over, mean_figures, measure, parts_that_gain

DRAFT = Figures(l1=6.0, mouth_l1=10.0, eye_l1=8.0, ssim=0.88, detail=0.05, sharpness=1.1)


def test_nothing_is_gained_by_the_same() -> None:
    assert gain_over(DRAFT, DRAFT) == 0 and not beats(DRAFT, DRAFT)


def test_less_error_is_better() -> None:
    better = replace(DRAFT, l1=5.4, mouth_l1=9.0, eye_l1=7.2, ssim=0.9, detail=0.045, sharpness=0.97)
    assert gain_over(better, DRAFT) > 0.1 and beats(better, DRAFT)


@pytest.mark.parametrize("worse", [{"l1": 6.1}, {"mouth_l1": 10.5}, {"eye_l1": 8.5}, {"ssim": 0.87}, {"sharpness": 0.5}])
def test_one_that_is_worse_somewhere_is_not_used(worse: dict[str, float]) -> None:
    better = replace(DRAFT, l1=5.8, mouth_l1=9.5, eye_l1=7.6, ssim=0.89, detail=0.048)
    assert beats(better, DRAFT)
    assert not beats(replace(better, **worse), DRAFT)


def test_the_correction_is_used_where_it_is_nearer_to_the_truth() -> None:
    assert parts_that_gain(replace(DRAFT, l1=5.0, mouth_l1=10.5, eye_l1=7.0), DRAFT) == (1.0, 1.0, 0.0)
    assert parts_that_gain(replace(DRAFT, l1=6.5, mouth_l1=9.0, eye_l1=9.0), DRAFT) == (0.0, 0.0, 1.0)


def test_the_figures_of_the_truth_and_of_a_blur() -> None:
    truth = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    one = torch.ones(1, 1, 64, 64)
    perfect = measure(truth, truth, face_B1HW=one, mouth_B1HW=one, eyes_B1HW=one)
    assert perfect.l1 == 0 and perfect.ssim == pytest.approx(1, abs=1e-5) and perfect.sharpness == pytest.approx(1) and perfect.detail < 1e-6
    blur = measure(torch.nn.functional.avg_pool2d(truth, 3, 1, 1), truth, face_B1HW=one, mouth_B1HW=one, eyes_B1HW=one)
    assert blur.sharpness < 0.5 and blur.detail > 0.1 and blur.l1 > 20
    middle = mean_figures([perfect, blur])
    assert middle.l1 == pytest.approx(blur.l1 / 2)
