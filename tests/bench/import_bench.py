"""Import of 125, 250, 500 and 1000 jails over HTTP, from the request to the plan, in the three formats: about 4 KB of configuration a jail."""
from common import Daemon, Series, now, quiet, say

FILL = "# what people keep beside the lines: dates, tickets, old addresses, reasons why it is as it is\n" * 40
RC = 'defaultrouter="10.0.0.1"\nifconfig_re0="inet 10.0.0.2/8"\n'
LIMIT = 1000    # ms, for 500 jails


def address(i):
    return "10.1.%d.%d" % (i // 250, i % 250 + 1)


def ezjail(n):
    return [("/usr/local/etc/ezjail/j%d" % i, FILL + 'export jail_j%d_hostname="j%d"\nexport jail_j%d_ip="re0|%s,lo0|127.0.1.1"\nexport jail_j%d_rootdir="/usr/jails/j%d"\n' %
             (i, i, i, address(i), i, i)) for i in range(n)]


def jail_conf(n):
    text = 'path = "/jails/$name";\nexec.start = "/bin/sh /etc/rc";\n'
    return [("/etc/jail.conf", text + "".join('%sj%d {\n\t$id = %d;\n\tvnet;\n\tvnet.interface = "epair${id}b";\n\texec.prestart = "ifconfig epair${id} create up", '
                                              '"ifconfig bridge0 addm epair${id}a";\n\texec.start += "ifconfig epair${id}b %s/8 up";\n}\n' % (FILL, i, i, address(i))
                                              for i in range(n)))]


def rc_conf(n):
    pairs = range(n)
    text = "cloned_interfaces=\"bridge0 %s\"\nifconfig_bridge0=\"inet 10.0.0.3/8 %s up\"\n" % (" ".join("epair%d" % i for i in pairs), " ".join("addm epair%da" % i for i in pairs))
    return [("/etc/rc.conf.d/jails", text + "".join('%sjail_j%d_hostname="j%d"\njail_j%d_rootdir="/jails/j%d"\njail_j%d_vnet_interface="epair%db"\n' % (FILL, i, i, i, i, i, i)
                                                    for i in pairs))]


def imports(table, quick, repeat):
    sizes = (125, 250) if quick else (125, 250, 500, 1000)
    with Daemon(env={"JAILNET_FAKE_PHYSICAL": "re0"}) as d:
        for kind, make in (("ezjail", ezjail), ("jail-conf", jail_conf), ("rc-conf", rc_conf)):
            took = {n: Series() for n in sizes}
            quiet()
            for _ in range(max(repeat, 3)):
                for n in sizes:
                    files = [("/etc/rc.conf", RC)] + make(n)
                    body = {"files": [{"path": p, "content": c} for p, c in files], "manager": "jailnet"}
                    t0 = now()
                    a = d.post("/v1/import/" + kind, body)
                    took[n].add(now() - t0)
                    if a.status != 200 or a.json["plan"] is None or len(a.json["topology"]["jails"]) != n:
                        raise RuntimeError("import %s of %d: %s" % (kind, n, str(a)[:500]))
                    size = sum(len(c) for _, c in files) / 1e6
            for n in sizes:
                if n == 500:
                    table.most("import %s, 500 jails to the plan" % kind, took[n], LIMIT)
                else:
                    table.row("import %s, %d jails to the plan" % (kind, n), took[n].text(), values=took[n].values)
            per = [min(took[n].values) / n for n in sizes]
            growth = per[-1] / per[0]
            table.row("import %s, ms a jail: %s" % (kind, ", ".join(map(str, sizes))), ", ".join("%.2f" % p for p in per), "most : least jails", growth, "<= 1.5", growth <= 1.5,
                      per_jail=dict(zip(map(str, sizes), per)))
            say("import %s: %d jails, %.1f MB in %.0f ms" % (kind, sizes[-1], size, took[sizes[-1]].median))
