"""numpy and PyTorch for the bench, on one thread: a line of JSON a command on standard input, a line an answer.

Each way of computing an operation is a function that is called again and again; of several the fastest right one counts.
Everything is written into arrays that are there already, where the library lets one.
"""

import gc
import json
import os
import sys
import time

try:
    import numpy as np
except ImportError:
    np = None
try:
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
except ImportError:
    torch = None

BLOCK = 1 << 15  # elements that a pass leaves in the second-level cache for the next one
SHORT = 64  # rows up to this length are transposed, block by block


# ------------------------------------------------------------------------------------------------------------- numpy

def numpy_mse(p, t):
    n = len(p)
    d = np.empty_like(p)
    small = d[: min(n, BLOCK)]
    blocks = [(p[i : i + BLOCK], t[i : i + BLOCK], small[: min(BLOCK, n - i)]) for i in range(0, n, BLOCK)]

    def whole():
        np.subtract(p, t, out=d)
        np.square(d, out=d)
        return float(d.mean())

    def by_dot():
        np.subtract(p, t, out=d)
        return float(np.dot(d, d)) / n

    def in_blocks():
        total = 0.0
        for a, b, c in blocks:
            np.subtract(a, b, out=c)
            total += float(np.dot(c, c))
        return total / n

    return {"subtract, square, mean": whole, "subtract, dot": by_dot, "subtract, dot in blocks": in_blocks}


def numpy_mae(p, t):
    d = np.empty_like(p)

    def whole():
        np.subtract(p, t, out=d)
        np.abs(d, out=d)
        return float(d.mean())

    return {"subtract, abs, mean": whole}


def numpy_rows(x, labels, want_loss, want_array, by):
    """Softmax times `by`, the mean of the losses, or both: all at once, in blocks of rows, or transposed blocks."""
    rows, classes = x.shape
    out = np.empty_like(x) if want_array else None
    index = np.arange(rows)

    def rows_of(x, labels, index, z):
        np.subtract(x, x.max(axis=1, keepdims=True), out=z)
        own = z[index, labels] if want_loss else None
        np.exp(z, out=z)
        s = z.sum(axis=1, keepdims=True)
        if want_array:
            z *= by / s
            if want_loss:
                z[index, labels] -= by
        return float((np.log(s[:, 0]) - own).sum(dtype=np.float64)) if want_loss else 0.0

    def columns_of(x, labels, index, z, columns):
        np.copyto(columns, x.T)
        columns -= columns.max(axis=0)
        own = columns[labels, index] if want_loss else None
        np.exp(columns, out=columns)
        s = columns.sum(axis=0)
        if want_array:
            columns *= by / s
            if want_loss:
                columns[labels, index] -= by
            np.copyto(z, columns.T)
        return float((np.log(s) - own).sum(dtype=np.float64)) if want_loss else 0.0

    def result(total):
        return (total / rows if want_loss else None), out

    step = max(1, BLOCK // classes)
    spare = np.empty((step, classes), np.float32)
    blocks = []
    for i in range(0, rows, step):
        n = min(step, rows - i)
        part = slice(i, i + n)
        blocks.append((x[part], labels[part] if want_loss else None, index[:n], out[part] if want_array else spare[:n]))

    whole_out = out if want_array else np.empty_like(x)
    ways = {"all rows at once": lambda: result(rows_of(x, labels, index, whole_out))}
    if rows < 100 * step:
        ways["blocks of rows"] = lambda: result(sum(rows_of(*block) for block in blocks))
    if classes <= SHORT:
        columns = np.empty((classes, step), np.float32)
        transposed = [(*block, columns[:, : len(block[0])]) for block in blocks]
        ways["transposed blocks"] = lambda: result(sum(columns_of(*block) for block in transposed))
    return ways


def numpy_ways(operation, values, targets, rows, classes):
    if classes == 1:
        elementwise = {"mse": numpy_mse, "mae": numpy_mae}.get(operation)
        return elementwise(values, targets) if elementwise else {}
    x = values.reshape(rows, classes)
    one = np.float32(1)
    if operation == "softmax":
        return numpy_rows(x, None, False, True, one)
    labels = targets.astype(np.intp)
    if operation == "crossEntropy":
        return numpy_rows(x, labels, True, False, one)
    return numpy_rows(x, labels, True, True, np.float32(1 / rows))


# ----------------------------------------------------------------------------------------------------------- PyTorch

def torch_losses():
    """The losses that it has, and the others put together of its functions."""
    softplus = F.softplus

    def log_cosh(p, t):
        d = (p - t).abs()
        return (d + softplus(-2 * d) - 0.6931471805599453).mean()

    def quantile(p, t):
        u = t - p
        return torch.maximum(0.5 * u, -0.5 * u).mean()

    def focal(p, t):
        ones = 0.25 * t * torch.sigmoid(-p) ** 2 * softplus(-p)
        return (ones + 0.75 * (1 - t) * torch.sigmoid(p) ** 2 * softplus(p)).mean()

    def tweedie(p, t):
        return (2 * t * torch.exp(-0.5 * p) + 2 * torch.exp(0.5 * p)).mean()

    return {
        "mse": ("mse_loss", F.mse_loss),
        "mae": ("l1_loss", F.l1_loss),
        "huber": ("huber_loss", F.huber_loss),
        "smoothL1": ("smooth_l1_loss", F.smooth_l1_loss),
        "logCosh": ("abs, softplus, mean", log_cosh),
        "mape": ("sub, div, abs, mean", lambda p, t: ((p - t) / t).abs().mean()),
        "smape": ("sub, abs, div, mean", lambda p, t: 2 * ((p - t).abs() / (p.abs() + t.abs())).mean()),
        "msle": ("log1p, mse_loss", lambda p, t: F.mse_loss(torch.log1p(p), torch.log1p(t))),
        "quantile": ("sub, mul, maximum, mean", quantile),
        "binaryCrossEntropy": ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits),
        "binaryCrossEntropy of probabilities": ("binary_cross_entropy", F.binary_cross_entropy),
        "focal": ("sigmoid, pow, softplus, mean", focal),
        "hinge": ("mul, relu, mean", lambda p, t: F.relu(1 - t * p).mean()),
        "squaredHinge": ("mul, relu, square, mean", lambda p, t: F.relu(1 - t * p).square().mean()),
        "softMargin": ("soft_margin_loss", F.soft_margin_loss),
        "poissonNll": ("poisson_nll_loss", F.poisson_nll_loss),
        "poissonNll of rate": ("poisson_nll_loss", lambda p, t: F.poisson_nll_loss(p, t, log_input=False)),
        "tweedie": ("exp, mul, mean", tweedie),
    }


def torch_elementwise(operation, p, t):
    says, function = torch_losses().get(operation.replace("WithGrad", ""), (None, None))
    if function is None:
        return {}
    if not "WithGrad" in operation:
        return {says: lambda: function(p, t).item()}
    leaf = p.clone().requires_grad_()

    def autograd():
        leaf.grad = None
        with torch.enable_grad():
            loss = function(leaf, t)
            loss.backward()
        return loss.item(), leaf.grad

    return {f"{says}, backward": autograd}


def torch_ways(operation, values, targets, rows, classes):
    if classes == 1:
        return torch_elementwise(operation, torch.from_numpy(values), torch.from_numpy(targets))
    x = torch.from_numpy(values).reshape(rows, classes)
    out = torch.empty_like(x)
    if operation == "softmax":

        def into():
            torch.softmax(x, 1, out=out)
            return None, out

        return {"softmax": lambda: (None, torch.softmax(x, 1)), "softmax, out": into}
    y = torch.from_numpy(targets.astype(np.int64))
    if operation == "crossEntropy":
        return {"cross_entropy": lambda: F.cross_entropy(x, y).item()}
    leaf = x.clone().requires_grad_()
    column = y[:, None]
    less = torch.full((rows, 1), -1 / rows)

    def autograd():
        leaf.grad = None
        with torch.enable_grad():
            loss = F.cross_entropy(leaf, y)
            loss.backward()
        return loss.item(), leaf.grad

    def in_place():
        torch.log_softmax(x, 1, out=out)
        loss = F.nll_loss(out, y).item()
        out.exp_().mul_(1 / rows).scatter_add_(1, column, less)
        return loss, out

    return {"cross_entropy, backward": autograd, "log_softmax, nll_loss, exp_, mul_, scatter_add_": in_place}


# ------------------------------------------------------------------------------------------------------------ timing

def repeat(call, calls):
    begin = time.perf_counter()
    for _ in range(calls):
        call()
    return 1000 * (time.perf_counter() - begin)


def warm_up(call, least=0.05, milliseconds=100):
    """Runs for a while; returns the calls of a sample of at least 0.05 ms."""
    end = time.perf_counter() + milliseconds / 1000
    calls = 0
    while calls < 3 or time.perf_counter() < end:
        batch = max(1, calls)
        took = repeat(call, batch)
        calls += batch
    return max(1, int(-(-least * batch // took)))


def time_slice(call, calls, milliseconds, samples=1):
    times = []
    end = time.perf_counter() + milliseconds / 1000
    while len(times) < samples or time.perf_counter() < end:
        times.append(repeat(call, calls) / calls)
    times.sort()
    middle = (times[(len(times) - 1) // 2] + times[len(times) // 2]) / 2
    return {"median": middle, "minimum": times[0]}


# ---------------------------------------------------------------------------------------------------------- commands

class Case:
    def __init__(self, command):
        folder, operation = command["folder"], command["operation"]
        values = np.fromfile(os.path.join(folder, "values"), np.float32)
        path = os.path.join(folder, "targets")
        of_labels = operation.startswith("crossEntropy")
        targets = np.fromfile(path, np.int32 if of_labels else np.float32) if os.path.exists(path) else None
        args = (operation, values, targets, command["rows"], command["classes"])
        self.folder = folder
        self.ways = [("numpy", says, call) for says, call in numpy_ways(*args).items()]
        if torch:
            self.ways += [("PyTorch", says, call) for says, call in torch_ways(*args).items()]
        self.chosen = []

    def results(self):
        answers = []
        for index, (name, says, call) in enumerate(self.ways):
            answer = {"name": name, "composition": says}
            try:
                value = call()
                loss, array = value if isinstance(value, tuple) else (value, None)
                answer["loss"] = loss
                if array is not None:
                    answer["array"] = os.path.join(self.folder, f"result{index}")
                    np.asarray(array).tofile(answer["array"])
            except Exception as error:
                answer["failed"] = str(error).split("\n")[0]
            answers.append(answer)
        return answers

    def prepare(self, right):
        """Of each library the fastest that is right: their indices."""
        best = {}
        for index in right:
            name, _, call = self.ways[index]
            calls = warm_up(call)
            took = time_slice(call, calls, 0, 5)["minimum"]
            if name not in best or took < best[name][0]:
                best[name] = (took, index, calls)
        self.chosen = [(self.ways[index][2], calls) for _, index, calls in best.values()]
        return [index for _, index, _ in best.values()]

    def slice(self, candidate, milliseconds):
        return time_slice(*self.chosen[candidate], milliseconds)


def main():
    versions = {}
    if np:
        versions["numpy"] = np.__version__
        if torch:
            versions["PyTorch"] = torch.__version__.split("+")[0]
    answer(versions)
    gc.disable()
    case = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "load":
            case = None
            gc.collect()
            case = Case(command)
            answer(case.results())
        elif command["do"] == "prepare":
            answer(case.prepare(command["right"]))
        else:
            answer(case.slice(command["candidate"], command["time"]))


def answer(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if torch:
    torch.set_grad_enabled(False)
main()
