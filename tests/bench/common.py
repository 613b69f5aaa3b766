"""What all parts of the bench need: numbers, the table, the topology, a quiet machine."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from jn import BUILD, POLICY, ROOT, Daemon, World  # noqa: E402

BRIDGE = "lan0"


def now():
    return time.monotonic() * 1000


def say(text):
    sys.stderr.write("  %s\n" % text)
    sys.stderr.flush()


def percentile(values, p):
    v = sorted(values)
    return v[min(len(v) - 1, int(len(v) * p / 100))]


class Series:
    """The same thing measured again and again; its figure is the median."""

    def __init__(self):
        self.values = []

    def add(self, value):
        self.values.append(value)

    @property
    def median(self):
        return statistics.median(self.values)

    def __bool__(self):
        return bool(self.values)

    def text(self, unit="ms"):
        if not self.values:
            return "-"
        form = "%.0f" if self.median >= 100 else "%.2f"
        t = form % self.median
        if len(self.values) > 1:
            t += " [%s..%s] n=%d" % (form % min(self.values), form % max(self.values), len(self.values))
        return t + " " + unit


class Table:
    """Figures against references.  A missed target is shown, not hidden; what could not be measured fails the run, and so does a missed target
    that no noise explains (must)."""

    def __init__(self):
        self.rows = []
        self.failed = []

    def row(self, figure, measured, reference="", ratio=None, target="", ok=None, must=False, **numbers):
        if must and not ok:
            self.failed.append(figure)
        self.rows.append(dict(numbers, figure=figure, measured=measured, reference=reference, target=target,
                              ratio=None if ratio is None else round(ratio, 3), ok=ok))

    def most(self, figure, series, limit, unit="ms", must=False):
        """A figure with a plain upper limit."""
        self.row(figure, series.text(unit), target="<= %g %s" % (limit, unit), ok=series.median <= limit, must=must, values=series.values)

    def ratio(self, figure, series, what, reference, low=None, high=None, unit="ms", turn=False, must=False):
        """series : reference (or, turned, reference : series) within its limits."""
        q = reference.median / series.median if turn else series.median / reference.median
        target = "<= %g" % high if high is not None else ">= %g" % low if low is not None else ""
        ok = None if not target else q <= high if high is not None else q >= low
        self.row(figure, series.text(unit), "%s %s" % (what, reference.text(unit)), q, target, ok, must, values=series.values,
                 reference_values=reference.values)

    def fail(self, figure, why):
        self.failed.append(figure)
        self.row(figure, "not measured: %s" % why, ok=False)

    def text(self):
        head = ("figure", "measured", "reference", "ratio", "target", "")
        verdict = {True: "ok", False: "MISSED", None: ""}
        lines = [head] + [(r["figure"], r["measured"], r["reference"], "" if r["ratio"] is None else "%.2f" % r["ratio"], r["target"],
                           verdict[r["ok"]]) for r in self.rows]
        width = [max(len(x[i]) for x in lines) for i in range(len(head))]
        lines.insert(1, tuple("-" * w for w in width))
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(x, width)).rstrip() for x in lines)

    def save(self, path, about):
        with open(path, "w") as f:
            json.dump({"about": about, "rows": self.rows}, f, indent=1)
            f.write("\n")


def addresses(i, net=0):
    """Of jail i on bridge number net: number 1 is the bridge."""
    return ["10.%d.%d.%d/16" % (77 + net, *divmod(i + 2, 256)), "fd6a:0:%x::%x/64" % (0x6e + net, i + 2)]


def bridge_of(net):
    """Name and fields of bridge number net."""
    return BRIDGE if net == 0 else "%s-%d" % (BRIDGE, net), {"addresses": ["10.%d.0.1/16" % (77 + net), "fd6a:0:%x::1/64" % (0x6e + net)]}


def topology(n, ports=None):
    """n jails, each with an epair from a bridge of that many ports (one bridge for all), an IPv4 and an IPv6 address and a default route."""
    t = {"bridges": dict([bridge_of(0)]), "epairs": {}, "jails": {}}
    for i in range(n):
        net = i // ports if ports else 0
        name, fields = bridge_of(net)
        t["bridges"][name] = fields
        t["epairs"]["ep%d" % i] = {"a": {"bridge": name}, "b": {"jail": "jail%d" % i, "addresses": addresses(i, net)}}
        t["jails"]["jail%d" % i] = {"routes": {"default": "10.%d.0.1" % (77 + net)}}
    return t


def namespaces():
    """How many the kernel has, dying ones too; None when it does not tell (only root may read this)."""
    try:
        with open("/proc/slabinfo") as f:
            for line in f:
                if line.startswith("net_namespace "):
                    return int(line.split()[1])
    except OSError:
        pass
    return None


def busy():
    def read():
        with open("/proc/stat") as f:
            v = [int(x) for x in f.readline().split()[1:9]]
        return sum(v), v[3] + v[4]
    a = read()
    time.sleep(0.1)
    b = read()
    return 1 - (b[1] - a[1]) / max(1, b[0] - a[0])


def quiet(seconds=4):
    """Namespaces die slowly after their last user: wait until the machine has nothing left to do, or long enough."""
    end = time.monotonic() + seconds
    while busy() > 0.15 and time.monotonic() < end:
        pass


class Sandbox:
    """A World for an ordinary user: the daemon brings its own namespaces and takes them with it; its TCP port is outside."""
    prefix = []

    def __init__(self):
        self.state_dir = tempfile.mkdtemp(prefix="jnw-")

    def daemon(self, **kw):
        return Daemon(kernel=True, conf=POLICY, **kw)

    def run(self, *cmd):
        return subprocess.run(cmd, capture_output=True, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        shutil.rmtree(self.state_dir, ignore_errors=True)


def place():
    return World() if ROOT else Sandbox()


def program(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise FileNotFoundError("%s is not built" % path)
    return path
