"""Stands in for torch 2.9 (pytorch/pytorch): the few tensors and switches that the servers use, on numpy."""

from __future__ import annotations

import contextlib
import types

import numpy

from _library import OutOfMemoryError as _OutOfMemoryError


class dtype:
    def __init__(self, name, like):
        self.name, self.like = name, like

    def __repr__(self):
        return f"torch.{self.name}"


float16, float32, float64 = dtype("float16", numpy.float16), dtype("float32", numpy.float32), dtype("float64", numpy.float64)
bfloat16, long, bool = dtype("bfloat16", numpy.float32), dtype("int64", numpy.int64), dtype("bool", numpy.bool_)


class device:
    def __init__(self, name):
        self.type = str(name).split(":")[0]

    def __str__(self):
        return self.type


class Tensor:
    def __init__(self, values):
        self.values = numpy.asarray(values)

    shape = property(lambda self: self.values.shape)
    device = property(lambda self: device("cpu"))

    @property
    def dtype(self):
        return float32 if self.is_floating_point() else long

    def is_floating_point(self):
        return self.values.dtype.kind == "f"

    def to(self, *where, device=None, dtype=None):
        for one in where:
            assert isinstance(one, (str, type(self.device), type(float32))), one
        return self

    def cpu(self):
        return self

    def detach(self):
        return self

    def float(self):
        return Tensor(self.values.astype(numpy.float32))

    def numpy(self):
        return self.values

    def tolist(self):
        return self.values.tolist()

    def reshape(self, *shape):
        return Tensor(self.values.reshape(*shape))

    def squeeze(self, *axis):
        return Tensor(self.values.squeeze(*axis))

    def unsqueeze(self, axis):
        return Tensor(numpy.expand_dims(self.values, axis))

    def sum(self):
        return Tensor(self.values.sum())

    def __int__(self):
        return int(self.values)

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        return Tensor(self.values[key])


def tensor(values, dtype=None, device=None):
    return Tensor(values)


def full(size, fill_value, dtype=None, device=None):
    return Tensor(numpy.full(size, fill_value))


def ones_like(input):
    return Tensor(numpy.ones_like(input.values))


def from_numpy(values):
    return Tensor(values)


def manual_seed(seed):
    numpy.random.seed(seed % 2**32)


def inference_mode():
    return contextlib.nullcontext()


no_grad = inference_mode


def load(f, map_location=None, weights_only=True):
    open(f, "rb").close()
    return Tensor([0.0])


class Generator:
    def __init__(self, device="cpu"):
        self.seed = None

    def manual_seed(self, seed):
        self.seed = seed
        return self


cuda = types.SimpleNamespace(is_available=lambda: False, OutOfMemoryError=_OutOfMemoryError)
