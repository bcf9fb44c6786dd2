"""The frozen networks: results of the bundled weights on generated clips, and the conversion of weights."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from examples import make_pretrained
from peerattn.actionworld.clips import generate
from peerattn.errors import PeerattnError
from peerattn.files.weights import WEIGHTS_FILE
from peerattn.modalities.pretrained.efficientnet import EfficientNetLite0
from peerattn.modalities.pretrained.loading import load_backbone, load_pose_network, save_pretrained
from peerattn.modalities.pretrained.mobile import SameConv
from peerattn.modalities.pretrained.movenet import JOINTS, SIDE, MoveNet

PERSON = 1
BACKBONE_GOLDEN = (0.145115, 0.966977, 0.040181, 0.376588, 1.114973, 0.144073)
BACKBONE_NORM = 17.021154
"""The first pooled features of a generated frame, and the norm of all, by the published code and weights."""


@pytest.fixture(scope="module")
def pose_network() -> MoveNet:
    return load_pose_network()


def pictures(count: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The first frames (N, 192, 192, 3) of generated clips, and where the person is, 4 px wider."""
    clips = [generate(seed, frames=1, size=SIDE) for seed in range(count)]
    kernel = np.ones((9, 9), np.uint8)
    near = [cv2.dilate((clip.object_ids[0] == PERSON).astype(np.uint8), kernel) > 0 for clip in clips]
    return np.concatenate([clip.images for clip in clips]), np.array(near)


def test_the_backbone_gives_what_the_published_weights_give() -> None:
    """The golden values were computed with PyPI's efficientnet-lite-pytorch in float32."""
    frame = generate(7, frames=1, size=(192, 256), version=1).images
    maps, pooled = load_backbone().describe(frame)
    assert maps.shape == (1, 320, 6, 8) and pooled.shape == (1, 1280)
    np.testing.assert_allclose(pooled[0, :6], BACKBONE_GOLDEN, atol=0.01)
    assert np.linalg.norm(pooled) == pytest.approx(BACKBONE_NORM, rel=2e-3)


def test_features_of_a_frame_do_not_depend_on_the_other_frames() -> None:
    frames = generate(3, frames=10, size=64).images
    network = load_backbone()
    together, alone = network.describe(frames)[1], network.describe(frames[9:])[1]
    np.testing.assert_allclose(together[9:], alone, atol=1e-4)


def test_joints_of_generated_figures_are_on_the_figure(pose_network: MoveNet) -> None:
    frames, near = pictures(24)
    joints = pose_network.joints(frames)
    assert joints.shape == (24, 17, 3)
    sure = joints[..., 2] > 0.3
    cells = np.clip(joints[..., :2] * SIDE, 0, SIDE - 1).astype(int)
    on_figure = near[np.arange(24)[:, None], cells[..., 1], cells[..., 0]]
    assert sure.mean() > 0.8
    assert on_figure[sure].mean() > 0.95


def test_a_mirrored_picture_has_the_other_sides_joints(pose_network: MoveNet) -> None:
    frames, _ = pictures(8)
    joints, mirrored = (
        pose_network.joints(np.ascontiguousarray(images)) for images in (frames, frames[:, :, ::-1])
    )
    swapped = {"left": "right", "right": "left"}
    other = [" ".join(swapped.get(word, word) for word in name.split()) for name in JOINTS]
    back = mirrored[:, [JOINTS.index(name) for name in other]]
    back[..., 0] = 1 - back[..., 0]
    assert np.median(np.abs(joints - back)[..., :2]) < 0.02


def test_an_empty_picture_has_no_person(pose_network: MoveNet) -> None:
    grey = np.full((1, SIDE, SIDE, 3), 127, np.uint8)
    assert pose_network.joints(grey)[..., 2].mean() < 0.2


def as_tensorflow_js(network: MoveNet, folder: Path) -> Path:
    """Write a network's weights as a TensorFlow.js model with the names of Google's model."""
    names: dict[str, str] = {"stem": "Conv1_relu/Relu6", "head": "out_relu/Relu6"}
    names["top"] = "net/model_1/conv2d/BiasAdd"
    for number in range(len(network.blocks)):
        block = f"block_{number}" if number else "expanded_conv"
        names[f"blocks.{number}.expand"] = f"{block}_expand_relu/Relu6"
        names[f"blocks.{number}.depthwise"] = f"{block}_depthwise/depthwise"
        names[f"blocks.{number}.project"] = f"{block}_project_BN/FusedBatchNormV3"
    separables = [f"smooth.{number}" for number in range(3)]
    separables += [f"{head}.0" for head in ("centre", "heatmap", "regression", "offset")]
    for number, layer in enumerate(separables):
        suffix = f"_{number}" if number else ""
        names[f"{layer}.depthwise"] = f"separable_conv2d{suffix}/separable_conv2d/depthwise"
        names[f"{layer}.pointwise"] = f"re_lu{suffix}/Relu"
    lasts = [f"lateral.{number}" for number in range(3)]
    lasts += [f"{head}.1" for head in ("centre", "heatmap", "regression", "offset")]
    names |= {layer: f"conv2d_{number}/BiasAdd" for number, layer in enumerate(lasts, start=1)}
    entries: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []
    values = b""
    for layer, module in network.named_modules():
        if isinstance(module, SameConv):
            depthwise = module.groups > 1
            weight = module.weight.detach().numpy().transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
            arrays = {"w": weight} | ({} if module.bias is None else {"b": module.bias.detach().numpy()})
            for key, array in arrays.items():
                half = {"dtype": "float16"}
                entries.append({"name": layer + key, "shape": array.shape, "quantization": half})
                values += array.astype(np.float16).tobytes()
            operation = "DepthwiseConv2dNative" if depthwise else "_FusedConv2D"
            inputs = ["before", *(layer + key for key in arrays)]
            nodes.append({"op": operation, "name": f"net/{names[layer]}", "input": inputs})
    model = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": entries}]}
    (folder / "model.json").write_text(json.dumps(model))
    (folder / "model.bin").write_bytes(values)
    return folder / "model.json"


def test_movenet_is_converted_layer_by_layer(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = MoveNet().half().float().eval()
    converted = make_pretrained.convert_movenet(as_tensorflow_js(network, tmp_path)).state_dict()
    assert all(torch.equal(tensor, converted[name]) for name, tensor in network.state_dict().items())


def test_batch_norms_are_folded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer, norm = torch.nn.Conv2d(3, 32, 3, bias=False), torch.nn.BatchNorm2d(32, eps=1e-3).eval()
    for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
        torch.nn.init.uniform_(tensor, 0.5, 2)
    tensors = {"_conv_stem.weight": layer.weight} | {
        f"_bn0.{name}": value for name, value in norm.state_dict().items()
    }
    folded = SameConv(3, 32, 3)
    make_pretrained._fold(folded, tensors, "_conv_stem", "_bn0")
    images = torch.rand(2, 3, 8, 8)
    inner = (slice(None), slice(None), slice(1, -1), slice(1, -1))
    torch.testing.assert_close(folded(images)[inner], norm(layer(images)))


def test_saved_in_half_precision_and_loaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    torch.manual_seed(0)
    network = EfficientNetLite0().half().float()
    save_pretrained(tmp_path / "part", network, {"description": "random"})
    loaded = load_backbone(name="part").state_dict()
    assert all(torch.equal(tensor, loaded[name]) for name, tensor in network.state_dict().items())
    parameters = sum(tensor.numel() for tensor in network.state_dict().values())
    assert (tmp_path / "part" / WEIGHTS_FILE).stat().st_size < 2.1 * parameters


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PeerattnError, match="belongs to another structure"):
        load_pose_network(name="efficientnet-lite0")
    with pytest.raises(PeerattnError, match="kind 'network'"):
        load_backbone(name="actionworld")
