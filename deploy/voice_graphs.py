"""Makes ``stream_workers/graphs/*.onnx`` (a development tool: needs ``onnx``, runs once per weight file).

    python -m deploy.voice_graphs <folder with the two weight files>

The graphs hold no weights: every weight is ONNX external data that points to its bytes in the published file, a
PyTorch zip archive whose members are stored uncompressed. So users fetch exactly the published file, its hash
can be checked, and nothing of it is ever unpickled on their machines (the index is read here, with a reader that
builds tensors and nothing else).
"""

import io
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OUT = Path(__file__).resolve().parents[1] / "stream_workers" / "graphs"
Arrays = NDArray[Any]


@dataclass(frozen=True)
class Stored:
    """Where a float32 tensor lies in its file."""

    offset: int
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Length of its bytes."""
        return 4 * int(np.prod(self.shape))


class _Index(pickle.Unpickler):
    """Reads the names, shapes and storage keys of a PyTorch archive; every other class becomes a hollow one."""

    def persistent_load(self, pid: Any) -> Any:
        return pid[2]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if name == "_rebuild_tensor_v2":
            return lambda key, offset, shape, stride, *_: (key, offset, tuple(shape))
        return type("Hollow", (), {"__init__": lambda *_a, **_k: None, "__setstate__": lambda *_a: None})


class Graph:
    """A graph under construction whose weights stay in ``path``."""

    def __init__(self, path: Path, section: str | None = None) -> None:
        self._location = path.name
        self._bytes = path.read_bytes()
        archive = zipfile.ZipFile(io.BytesIO(self._bytes))
        index = next(n for n in archive.namelist() if n.endswith("/data.pkl"))
        tensors = _Index(io.BytesIO(archive.read(index))).load()
        self._where: dict[str, Stored] = {}
        for name, (key, first, shape) in (tensors[section] if section else tensors).items():
            member = archive.getinfo(index.replace("data.pkl", f"data/{key}"))
            name_len, extra_len = struct.unpack_from("<HH", self._bytes, member.header_offset + 26)
            self._where[name] = Stored(member.header_offset + 30 + name_len + extra_len + 4 * first, shape)
        self.nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether the file has that tensor."""
        return name in self._where

    def array(self, name: str) -> Arrays:
        """The tensor itself."""
        stored = self._where[name]
        return np.frombuffer(self._bytes, "<f4", stored.size_bytes // 4, stored.offset).reshape(stored.shape)

    def weight(self, name: str) -> str:
        """The tensor as an input of a node."""
        stored = self._where[name]
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=stored.shape)
        tensor.data_location = TensorProto.EXTERNAL
        place = {"location": self._location, "offset": stored.offset, "length": stored.size_bytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._constants[name] = tensor
        return name

    def constant(self, value: Any, kind: Any = np.int64) -> str:
        """A small constant as an input of a node."""
        name = f"c{len(self._constants)}"
        self._constants[name] = numpy_helper.from_array(np.asarray(value, kind), name)
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node; the name of its output."""
        output = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def norm(self, x: str, name: str) -> str:
        """Batch normalization with the running statistics."""
        channels = self._where[f"{name}.running_mean"].shape
        affine = self.has(f"{name}.weight")
        scale = self.weight(f"{name}.weight") if affine else self.constant(np.ones(channels), np.float32)
        shift = self.weight(f"{name}.bias") if affine else self.constant(np.zeros(channels), np.float32)
        mean, var = self.weight(f"{name}.running_mean"), self.weight(f"{name}.running_var")
        return self.node("BatchNormalization", x, scale, shift, mean, var, epsilon=1e-5)

    def conv(self, x: str, name: str, **attributes: Any) -> str:
        """A convolution, with its bias if it has one."""
        bias = [self.weight(f"{name}.bias")] if self.has(f"{name}.bias") else []
        return self.node("Conv", x, self.weight(f"{name}.weight"), *bias, **attributes)

    def save(self, path: Path, given: tuple[str, list[Any]], made: tuple[str, list[Any]]) -> None:
        """Write the graph with its one input and one output (name, shape)."""
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (given, made)]
        graph = helper.make_graph(self.nodes, path.stem, ends[:1], ends[1:], list(self._constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save_model(model, path)


def voiceprint(weights: Path) -> None:
    """CAM++ (arXiv 2303.00332): residual front end, densely connected TDNN with context masks, statistics pooling."""
    g = Graph(weights)
    x = g.node("Unsqueeze", g.node("Transpose", "features", perm=[0, 2, 1]), g.constant([1]))
    same = {"pads": [1, 1, 1, 1]}

    def active(x: str, name: str) -> str:
        return g.node("Relu", g.norm(x, name))

    x = active(g.conv(x, "head.conv1", **same), "head.bn1")
    for name, stride in (("layer1.0", 2), ("layer1.1", 1), ("layer2.0", 2), ("layer2.1", 1)):
        x = _residual(g, x, f"head.{name}", stride)
    x = active(g.conv(x, "head.conv2", strides=[2, 1], **same), "head.bn2")
    x = g.node("Reshape", x, g.constant([0, 320, -1]))
    x = active(g.conv(x, "xvector.tdnn.linear", pads=[2, 2], strides=[2]), "xvector.tdnn.nonlinear.batchnorm")
    for block, (layers, dilation) in enumerate(((12, 1), (24, 2), (16, 2)), 1):
        for layer in range(1, layers + 1):
            x = _masked_layer(g, x, f"xvector.block{block}.tdnnd{layer}", dilation)
        name = f"xvector.transit{block}"
        x = g.conv(active(x, f"{name}.nonlinear.batchnorm"), f"{name}.linear")
    pooled = _statistics(g, active(x, "xvector.out_nonlinear.batchnorm"))
    x = g.norm(g.conv(pooled, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
    g.node("Squeeze", x, g.constant([2]), output="voiceprint")
    g.save(OUT / "campplus.onnx", ("features", ["batch", "frames", 80]), ("voiceprint", ["batch", 192]))


def _residual(g: Graph, x: str, name: str, stride: int) -> str:
    y = g.conv(x, f"{name}.conv1", pads=[1, 1, 1, 1], strides=[stride, 1])
    y = g.conv(g.node("Relu", g.norm(y, f"{name}.bn1")), f"{name}.conv2", pads=[1, 1, 1, 1])
    if g.has(f"{name}.shortcut.0.weight"):
        x = g.norm(g.conv(x, f"{name}.shortcut.0", strides=[stride, 1]), f"{name}.shortcut.1")
    return g.node("Relu", g.node("Add", g.norm(y, f"{name}.bn2"), x))


def _masked_layer(g: Graph, x: str, name: str, dilation: int) -> str:
    """One dense layer. Inputs have at most 2 s, so the 100-frame segments of its pooling are the whole input."""
    y = g.conv(g.node("Relu", g.norm(x, f"{name}.nonlinear1.batchnorm")), f"{name}.linear1")
    y = g.node("Relu", g.norm(y, f"{name}.nonlinear2.batchnorm"))
    cam = f"{name}.cam_layer"
    local = g.conv(y, f"{cam}.linear_local", pads=[dilation, dilation], dilations=[dilation])
    context = g.node("Mul", g.node("GlobalAveragePool", y), g.constant(2.0, np.float32))
    context = g.conv(g.node("Relu", g.conv(context, f"{cam}.linear1")), f"{cam}.linear2")
    return g.node("Concat", x, g.node("Mul", local, g.node("Sigmoid", context)), axis=1)


def _statistics(g: Graph, x: str) -> str:
    """Mean and unbiased deviation over time, side by side."""
    mean = g.node("ReduceMean", x, axes=[2], keepdims=1)
    apart = g.node("Sub", x, mean)
    squares = g.node("ReduceSum", g.node("Mul", apart, apart), g.constant([2]), keepdims=1)
    frames = g.node("Cast", g.node("Gather", g.node("Shape", x), g.constant(2), axis=0), to=TensorProto.FLOAT)
    variance = g.node("Div", squares, g.node("Sub", frames, g.constant(1.0, np.float32)))
    return g.node("Concat", mean, g.node("Sqrt", variance), axis=1)


def activity(weights: Path) -> None:
    """PyanNet of pyannote segmentation 3.0: band-pass filters, three poolings, four BiLSTM layers, seven classes."""
    g = Graph(weights, "state_dict")
    x = _instance_norm(g, "sound", "sincnet.wav_norm1d")
    for layer in range(3):
        if layer == 0:
            x = g.node("Abs", g.node("Conv", x, g.constant(_band_passes(g), np.float32), strides=[10]))
        else:
            x = g.conv(x, f"sincnet.conv1d.{layer}")
        x = g.node("MaxPool", x, kernel_shape=[3], strides=[3])
        x = g.node("LeakyRelu", _instance_norm(g, x, f"sincnet.norm1d.{layer}"), alpha=0.01)
    x = g.node("Transpose", x, perm=[2, 0, 1])
    for layer in range(4):
        x = _lstm(g, x, layer)
    x = g.node("Transpose", x, perm=[1, 0, 2])
    for name in ("linear.0", "linear.1"):
        x = g.node("LeakyRelu", _linear(g, x, name), alpha=0.01)
    g.node("LogSoftmax", _linear(g, x, "classifier"), output="powerset", axis=-1)
    g.save(OUT / "segmentation.onnx", ("sound", ["batch", 1, "samples"]), ("powerset", ["batch", "frames", 7]))


def _instance_norm(g: Graph, x: str, name: str) -> str:
    scale, shift = g.weight(f"{name}.weight"), g.weight(f"{name}.bias")
    return g.node("InstanceNormalization", x, scale, shift, epsilon=1e-5)


def _linear(g: Graph, x: str, name: str) -> str:
    turned = g.node("Transpose", g.weight(f"{name}.weight"), perm=[1, 0])
    return g.node("Add", g.node("MatMul", x, turned), g.weight(f"{name}.bias"))


def _lstm(g: Graph, x: str, layer: int) -> str:
    """PyTorch orders the gates i f g o, ONNX i o f g."""
    order = g.constant(np.r_[0:128, 384:512, 128:384])
    first = g.constant([0])

    def both(kind: str) -> str:
        names = (f"lstm.{kind}_l{layer}", f"lstm.{kind}_l{layer}_reverse")
        parts = [g.node("Unsqueeze", g.node("Gather", g.weight(n), order, axis=0), first) for n in names]
        return g.node("Concat", *parts, axis=0)

    bias = g.node("Concat", both("bias_ih"), both("bias_hh"), axis=1)
    x = g.node("LSTM", x, both("weight_ih"), both("weight_hh"), bias, hidden_size=128, direction="bidirectional")
    return g.node("Reshape", g.node("Transpose", x, perm=[0, 2, 1, 3]), g.constant([0, 0, 256]))


def _band_passes(g: Graph) -> Arrays:
    """The 80 windowed sinc filters that the learned band edges stand for (even and odd halves)."""
    name = "sincnet.conv1d.0.filterbank"
    low = 50 + np.abs(g.array(f"{name}.low_hz_"))
    high = np.clip(low + 50 + np.abs(g.array(f"{name}.band_hz_")), 50, 8000)
    band = high - low
    times, window = g.array(f"{name}.n_"), g.array(f"{name}.window_")
    even = (np.sin(high @ times) - np.sin(low @ times)) / (times / 2) * window
    odd = (np.cos(low @ times) - np.cos(high @ times)) / (times / 2) * window
    halves = (np.hstack([even, 2 * band, even[:, ::-1]]), np.hstack([odd, 0 * band, -odd[:, ::-1]]))
    return np.concatenate([half / (2 * band) for half in halves])[:, None, :]


if __name__ == "__main__":
    given = Path(sys.argv[1])
    OUT.mkdir(exist_ok=True)
    voiceprint(given / "campplus_cn_en_common.pt")
    activity(given / "segmentation-3.0.bin")
