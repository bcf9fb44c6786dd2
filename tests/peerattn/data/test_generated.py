"""Generated examples: clips of consecutive seeds, the same every time."""

import pytest
import torch

from peerattn.actionworld.clips import CLASS_NAMES, CLASS_NAMES_OF, generate
from peerattn.data.generated import MODALITIES, TEST_SEED, GeneratedExamples, collate
from peerattn.errors import PeerattnError
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.settings import ClipSettings

SETTINGS = ClipSettings(size=32, window=4, flow="ultrafast")


def examples(count: int = 3, **options: object) -> GeneratedExamples:
    return GeneratedExamples(count, CLASS_NAMES, modalities=MODALITIES, settings=SETTINGS, **options)


def test_a_clip_has_each_modality_at_the_settings_size() -> None:
    example = examples()[0]
    shapes = {name: tuple(tensor.shape) for name, tensor in example.tensors.items()}
    expected = {modality.name: (1, modality.channels, 4, 32, 32) for modality in MODALITIES}
    assert shapes == expected
    assert 0 <= example.label < len(CLASS_NAMES)


def test_a_seed_gives_the_same_clip_regardless_of_the_first_seed() -> None:
    one, other = examples()[2], examples(1, first_seed=TEST_SEED + 2)[0]
    assert (one.label, one.group) == (other.label, other.group)
    assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in one.tensors)
    assert not torch.equal(one.tensors["rgb"], examples()[1].tensors["rgb"])


def test_each_generated_clip_is_its_own_group() -> None:
    assert len({example.group for example in examples()}) == 3


def test_object_channels_are_zero_or_one_and_never_overlap() -> None:
    objects = examples()[0].tensors["object"]
    assert set(objects.unique().tolist()) <= {0.0, 1.0}
    assert objects.sum(dim=1).max() <= 1


def test_estimated_maps_come_from_the_segmenter() -> None:
    torch.manual_seed(0)
    objects = MODALITIES[2]
    segmenter = SegmentationNetwork(objects.class_ids, objects.meanings, size=32, widths=(4, 12, 20)).eval()
    true, estimated = examples()[0], examples(segmenter=segmenter)[0]
    assert torch.equal(true.tensors["rgb"], estimated.tensors["rgb"])
    assert not torch.equal(true.tensors["object"], estimated.tensors["object"])


def test_only_the_requested_modalities_are_made() -> None:
    rgb = GeneratedExamples(1, CLASS_NAMES, modalities=MODALITIES[:1], settings=SETTINGS)
    assert list(rgb[0].tensors) == ["rgb"]


def test_indexing_beyond_the_last_clip_raises_index_error() -> None:
    with pytest.raises(IndexError):
        examples()[3]
    assert len(list(examples(2))) == len(examples(2)) == 2


def test_a_network_of_other_classes_is_refused() -> None:
    with pytest.raises(PeerattnError, match="on a folder of labelled clips"):
        GeneratedExamples(1, ("cat", "dog"), modalities=MODALITIES, settings=SETTINGS)


@pytest.mark.parametrize("version", CLASS_NAMES_OF)
def test_clips_are_generated_in_the_version_that_the_network_was_trained_on(version: int) -> None:
    names = CLASS_NAMES_OF[version]
    example = GeneratedExamples(1, names, modalities=MODALITIES, settings=SETTINGS, frames=5)[0]
    world = generate(TEST_SEED, frames=5, size=32, version=version)
    assert example.label == world.label
    rgb = torch.from_numpy(world.images).permute(3, 0, 1, 2)[None].float() / 255
    torch.testing.assert_close(example.tensors["rgb"], rgb, atol=1e-6, rtol=0)


def test_a_batch_keeps_the_order_of_its_clips() -> None:
    members = list(examples())
    tensors, labels = collate(members)
    assert labels.tolist() == [member.label for member in members]
    assert torch.equal(tensors["flow"][1:2], members[1].tensors["flow"])
