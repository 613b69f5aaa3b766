/** One object of the network, and what is told of it. */
import type { Attachment, Bridge, Epair, Jail } from "../api/types";
import type { World } from "../state/world";
import { type Fact, lines, pairs } from "../ui/facts";
import { Time } from "../ui/time";

export type Item =
  | { kind: "bridge"; value: Bridge; path: string }
  | { kind: "epair"; value: Epair; path: string }
  | { kind: "jail"; value: Jail; path: string }
  | { kind: "interface"; value: Attachment; path: string };

export function find(w: World, object: string): Item | null {
  const [kind, name] = [object.slice(0, object.indexOf("/")), object.slice(object.indexOf("/") + 1)];
  const by = <T extends { name: string }>(list: T[]) => list.find((item) => item.name === name);
  const at = encodeURIComponent(name);
  switch (kind) {
    case "bridge": {
      const value = by(w.bridges);
      return value ? { kind, value, path: `/v1/bridges/${at}` } : null;
    }
    case "epair": {
      const value = by(w.epairs);
      return value ? { kind, value, path: `/v1/epairs/${at}` } : null;
    }
    case "jail": {
      const value = by(w.jails);
      return value ? { kind, value, path: `/v1/jails/${at}` } : null;
    }
    default: {
      const value = by(w.attachments);
      return value ? { kind: "interface", value, path: `/v1/interfaces/${at}/jail` } : null;
    }
  }
}

export function factsOf(item: Item): Fact[] {
  const { value } = item;
  const last: Fact[] = [
    ["Labels", pairs(value.labels)],
    ["Description", value.description ?? ""],
    ["Changed", <Time key="t" at={value.updated_at} />],
    ["Revision", String(value.revision)],
  ];
  switch (item.kind) {
    case "bridge":
      return [
        ["Addresses", lines(item.value.addresses)],
        ["MTU", String(item.value.mtu ?? "")],
        ["MAC", <code key="m">{item.value.allocated.mac}</code>],
        ["Uplinks", lines(Object.keys(item.value.members ?? {}))],
        ["Spanning tree", item.value.stp ? "on" : ""],
        ["VLAN filtering", item.value.vlan_filter ? "on" : ""],
        ...last,
      ];
    case "jail":
      return [
        ["Hostname", item.value.hostname ?? ""],
        ["Managed by", item.value.manager ?? ""],
        ["Routes between networks", item.value.forwarding ? "yes" : ""],
        ["Routes", pairs(item.value.routes)],
        ["Root directory", item.value.path ?? ""],
        ["At start", item.value.exec?.start ?? ""],
        ["At stop", item.value.exec?.stop ?? ""],
        ["Sysctls", pairs(item.value.sysctls)],
        ...last,
      ];
    case "epair":
      return [["MTU", String(item.value.allocated.mtu)], ...last];
    default:
      return [["Jail", item.value.jail], ["Addresses", lines(item.value.addresses)], ...last];
  }
}
