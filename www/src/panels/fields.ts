/** What can be set of each kind of object (openapi/openapi.yaml has the last word). */
import type { Field } from "./form";

const labels: Field = { path: "labels", label: "Labels", type: "pairs", help: "one a line: env = prod" };
const description: Field = { path: "description", label: "Description", type: "text" };
const mtu: Field = { path: "mtu", label: "MTU", type: "number", help: "empty = the default" };
const addresses = (path: string, label: string): Field => ({
  path,
  label,
  type: "lines",
  help: "with prefix length, one a line",
});

export const bridgeFields: Field[] = [
  addresses("addresses", "Addresses of the host"),
  mtu,
  { path: "stp", label: "Spanning tree", type: "switch" },
  { path: "vlan_filter", label: "VLAN filtering", type: "switch" },
  labels,
  description,
];

export const jailFields: Field[] = [
  { path: "hostname", label: "Hostname", type: "text" },
  { path: "running", label: "Running", type: "switch" },
  { path: "forwarding", label: "Routes between its networks", type: "switch" },
  { path: "routes", label: "Routes", type: "pairs", help: "one a line: default = 192.0.2.1" },
  { path: "path", label: "Root directory", type: "text", help: "empty = the host's" },
  { path: "manager", label: "Managed by", type: "choice", options: ["jailnet", "external"] },
  { path: "exec.start", label: "Command at start", type: "text" },
  { path: "exec.stop", label: "Command at stop", type: "text" },
  labels,
  description,
];

const endFields = (side: "a" | "b"): Field[] => [
  { path: `${side}.ifname`, label: `Name of end ${side}`, type: "text", help: "empty = made from the epair's name" },
  addresses(`${side}.addresses`, `Addresses of end ${side}`),
  { path: `${side}.up`, label: `End ${side} is up`, type: "switch" },
];

export const epairFields: Field[] = [...endFields("a"), ...endFields("b"), mtu, labels, description];

export const attachmentFields: Field[] = [addresses("addresses", "Addresses"), labels, description];
