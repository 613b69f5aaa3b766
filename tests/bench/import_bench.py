"""Import of 125, 250, 500 and 1000 ezjail jails over HTTP: seconds to the plan, ratio to the half.  usage: import_bench.py"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from jn import Daemon  # noqa: E402

FILL = "# what people keep beside the lines: dates, tickets, old addresses, reasons why it is as it is\n" * 40


def request(n):
    files = [{"path": "/etc/rc.conf", "content": 'defaultrouter="10.0.0.1"\nifconfig_re0="inet 10.0.0.2/8"\n'}]
    for i in range(n):
        ip = "10.1.%d.%d" % (i // 250, i % 250 + 1)
        files.append({"path": "/usr/local/etc/ezjail/j%d" % i, "content": FILL + 'export jail_j%d_hostname="j%d"\nexport jail_j%d_ip="re0|%s,lo0|127.0.1.1"\n'
                      'export jail_j%d_rootdir="/usr/jails/j%d"\n' % (i, i, i, ip, i, i)})
    return {"files": files, "manager": "jailnet"}


def main():
    last = None
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0"}) as d:
        for n in (125, 250, 500, 1000):
            body = request(n)
            best = None
            for _ in range(3):
                start = time.monotonic()
                a = d.post("/v1/import/ezjail", body)
                t = time.monotonic() - start
                assert a.status == 200 and a.json["plan"]["steps"], a
                best = t if best is None else min(best, t)
            size = sum(len(f["content"]) for f in body["files"]) / 1e6
            print("import %4d jails %5.2f MB: %6.3f s%s" % (n, size, best, "" if last is None else "  x%.2f" % (best / last)))
            last = best


main()
