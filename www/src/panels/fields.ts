/** What can be set of each kind of object (openapi/openapi.yaml has the last word; a test compares). */
import type { Field } from "./form";

const labels: Field = { path: "labels", label: "Labels", type: "pairs", help: "one a line: env = prod" };
const description: Field = { path: "description", label: "Description", type: "text" };
const mtu: Field = { path: "mtu", label: "MTU", type: "number", help: "empty = the default" };
const mac = (path: string, label: string): Field => ({
  path,
  label,
  type: "text",
  help: "empty = one that the daemon gives, for life",
  advanced: true,
});
const addresses = (path: string, label: string): Field => ({
  path,
  label,
  type: "lines",
  help: "with prefix length, one a line",
});

export const bridgeFields: Field[] = [
  addresses("addresses", "Addresses of the host"),
  {
    path: "members",
    label: "Members",
    type: "ports",
    help: "interfaces of the host; ends of epairs come by themselves",
  },
  mtu,
  { path: "stp", label: "Spanning tree", type: "switch" },
  { path: "vlan_filter", label: "VLAN filtering", type: "switch" },
  labels,
  description,
  mac("mac", "MAC address"),
  { path: "backend", label: "Made of", type: "choice", options: ["if_bridge", "netgraph"], advanced: true },
];

export const jailFields: Field[] = [
  { path: "hostname", label: "Hostname", type: "text" },
  { path: "running", label: "Running", type: "switch" },
  { path: "forwarding", label: "Routes between its networks", type: "switch" },
  { path: "routes", label: "Routes", type: "pairs", help: "one a line: default = 192.0.2.1" },
  { path: "path", label: "Root directory", type: "text", help: "empty = the host's" },
  { path: "manager", label: "Managed by", type: "choice", options: ["jailnet", "external"] },
  { path: "moves", label: "Interfaces moved in by", type: "choice", options: ["jailnet", "manager"] },
  { path: "exec.start", label: "Command at start", type: "text" },
  { path: "exec.stop", label: "Command at stop", type: "text" },
  labels,
  description,
  { path: "sysctls", label: "Sysctls", type: "pairs", help: "one a line: net.inet.ip.ttl = 64", advanced: true },
  {
    path: "params",
    label: "Jail parameters",
    type: "pairs",
    help: "FreeBSD; one a line: allow.raw_sockets = 1",
    advanced: true,
  },
];

/** Where an end is, is changed by moving it. */
const endFields = (side: "a" | "b"): Field[] => [
  { path: `${side}.ifname`, label: `Name of end ${side}`, type: "text", help: "empty = made from the epair's name" },
  addresses(`${side}.addresses`, `Addresses of end ${side}`),
  { path: `${side}.up`, label: `End ${side} is up`, type: "switch" },
];

const endAdvanced = (side: "a" | "b"): Field[] => [
  mac(`${side}.mac`, `MAC address of end ${side}`),
  {
    path: `${side}.private`,
    label: `End ${side} is private`,
    type: "switch",
    help: "no talk to other private ports",
    advanced: true,
  },
  { path: `${side}.stp`, label: `End ${side} takes part in STP`, type: "switch", advanced: true },
  {
    path: `${side}.edge`,
    label: `End ${side} is an edge`,
    type: "switch",
    help: "of the spanning tree; FreeBSD",
    advanced: true,
  },
  { path: `${side}.untagged`, label: `Untagged VLAN of end ${side}`, type: "number", advanced: true },
  { path: `${side}.tagged`, label: `Tagged VLANs of end ${side}`, type: "numbers", help: "10, 20", advanced: true },
];

export const epairFields: Field[] = [
  ...endFields("a"),
  ...endFields("b"),
  mtu,
  labels,
  description,
  ...endAdvanced("a"),
  ...endAdvanced("b"),
];

export const attachmentFields: Field[] = [addresses("addresses", "Addresses"), labels, description];
