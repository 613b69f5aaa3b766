/**
 * What is drawn: the graph with its leaf jails gathered into groups where there are many, and a size for everything.
 * Pure but for the measuring of text.
 */
import { type Cable, cablesByNode, type Graph, type GraphNode, HOST, type Look, otherEnd, worstLook } from "./model";
import { MONO_FONT, NAME_FONT, textWidth } from "./text";

export interface Options {
  v4: boolean;
  v6: boolean;
  /** Group by this label as well; "" = by bridge only. */
  groupBy: string;
  /** Groups opened or closed by hand. */
  toggled: ReadonlyMap<string, boolean>;
}

export interface Box {
  id: string;
  kind: GraphNode["kind"] | "group";
  width: number;
  height: number;
  node: GraphNode | null;
  group: Group | null;
  lines: string[]; // addresses on show
  hidden: number; // how many more there are
}

export interface Port {
  id: string; // "epair/web0:0", the end of a cable
  box: string;
  label: string;
  width: number;
}

export interface Wire {
  id: string;
  cables: Cable[]; // several when it leads to a group
  from: Port;
  to: Port;
}

export interface Member {
  node: GraphNode;
  cables: Cable[];
  x: number;
  y: number;
}

/** Jails whose cables lead to the same places: bridges, the host. */
export interface Group {
  id: string;
  title: string;
  open: boolean;
  members: Member[];
  look: Look;
}

export interface Scene {
  boxes: Map<string, Box>;
  wires: Wire[];
}

export const BAR_HEIGHT = 46; // its name has room between the pills on both edges
const STACK_WIDTH = 96;
export const COMPACT = { width: 132, height: 34, gap: 8, pad: 12, head: 34 };
const GROUP_FROM = 9; // so many leaves of one bridge make a group
const OPEN_UP_TO = 120; // jails altogether, to show groups opened
const LINES_MAX = 6;
const LINE_HEIGHT = 15;
export const PORT_HEIGHT = 18;

const isV6 = (address: string) => address.includes(":");

function linesOf(node: GraphNode, options: Options): { lines: string[]; hidden: number } {
  if (node.kind === "host") return { lines: [], hidden: 0 }; // its addresses stand on the bridges
  const wanted = node.addresses.filter((address) => (isV6(address) ? options.v6 : options.v4));
  const lines = wanted.slice(0, LINES_MAX);
  return { lines, hidden: wanted.length - lines.length };
}

export const portWidth = (label: string) => (label === "" ? 8 : Math.ceil(textWidth(label, MONO_FONT)) + 14);

/** How many columns make a grid that is wider than high. */
function columnsFor(count: number): number {
  return Math.max(1, Math.min(count, Math.ceil(Math.sqrt(count * 0.62))));
}

function groupBox(group: Group): Box {
  const shape: Box = { id: group.id, kind: "group", width: 168, height: 58, node: null, group, lines: [], hidden: 0 };
  if (!group.open) return shape;
  const columns = columnsFor(group.members.length);
  const rows = Math.ceil(group.members.length / columns);
  group.members.forEach((member, i) => {
    member.x = COMPACT.pad + (i % columns) * (COMPACT.width + COMPACT.gap);
    member.y = COMPACT.head + Math.floor(i / columns) * (COMPACT.height + COMPACT.gap);
  });
  shape.width = COMPACT.pad * 2 + columns * (COMPACT.width + COMPACT.gap) - COMPACT.gap;
  shape.height = COMPACT.head + COMPACT.pad + rows * (COMPACT.height + COMPACT.gap) - COMPACT.gap;
  return shape;
}

/** Everything a member's mark has to tell of. */
export const looksOf = (member: Member): Look[] => [member.node.look, ...member.cables.map((cable) => cable.look)];

function gather(graph: Graph, options: Options): Map<string, Group> {
  const cables = cablesByNode(graph);
  const byKey = new Map<string, Group>();
  const jails = [...graph.nodes.values()].filter((node) => node.kind === "jail");
  for (const node of jails) {
    const own = (cables.get(node.id) ?? []).filter((cable) => cable.kind !== "actual");
    const places = [...new Set(own.map((cable) => otherEnd(cable, node.id).node))].sort();
    const isLeaf = places.every((place) => place.startsWith("bridge/") || place === HOST);
    if (own.length === 0 || !isLeaf || node.router || own.some((cable) => cable.kind !== "epair")) continue;
    const value = options.groupBy === "" ? "" : (node.labels[options.groupBy] ?? `no ${options.groupBy}`);
    const id = `group/${places.map((place) => place.slice(place.indexOf("/") + 1)).join("+")}/${value}`;
    const group = byKey.get(id) ?? { id, title: value, open: false, members: [], look: "ready" };
    group.members.push({ node, cables: own, x: 0, y: 0 });
    byKey.set(id, group);
  }
  const least = options.groupBy === "" ? GROUP_FROM : 2;
  for (const [id, group] of byKey) {
    if (group.members.length < least) byKey.delete(id);
    group.open = options.toggled.get(id) ?? jails.length <= OPEN_UP_TO;
    group.look = worstLook(group.members.flatMap(looksOf));
  }
  return byKey;
}

function nodeBox(node: GraphNode, ports: Port[], options: Options): Box {
  const { lines, hidden } = linesOf(node, options);
  const portsWidth = (top: boolean) =>
    ports.filter((_, i) => (i % 2 === 0) === top).reduce((sum, port) => sum + port.width + 12, 12);
  const name = textWidth(node.name, NAME_FONT) + (node.router ? 92 : 44);
  const widest = Math.max(0, ...lines.map((line) => textWidth(line, MONO_FONT))) + 28;
  const box: Box = { id: node.id, kind: node.kind, width: 0, height: 0, node, group: null, lines, hidden };
  switch (node.kind) {
    case "bridge":
      box.width = Math.max(180, name + lines.reduce((sum, line) => sum + textWidth(line, MONO_FONT) + 14, 24));
      box.height = BAR_HEIGHT;
      break;
    case "host":
      box.width = Math.max(STACK_WIDTH, name, portsWidth(true), portsWidth(false));
      box.height = 34;
      break;
    case "uplink":
    case "interface":
      box.width = Math.max(72, name);
      box.height = 30;
      break;
    default:
      box.width = Math.max(112, name, widest, portsWidth(true), portsWidth(false));
      box.height = 46 + (lines.length + (hidden > 0 ? 1 : 0)) * LINE_HEIGHT + (lines.length > 0 ? 6 : 0);
  }
  box.width = Math.ceil(box.width);
  return box;
}

export function buildScene(graph: Graph, options: Options): Scene {
  const groups = gather(graph, options);
  const groupOf = new Map<string, Group>();
  for (const group of groups.values()) for (const member of group.members) groupOf.set(member.node.id, group);

  const wires: Wire[] = [];
  const trunks = new Map<string, Wire>();
  const portsOf = new Map<string, Port[]>();
  const portAt = (cable: Cable, side: 0 | 1, box: string): Port => {
    const label = cable.ends[side].ifname;
    return { id: `${cable.id}:${side}`, box, label, width: portWidth(label) };
  };
  for (const cable of graph.cables) {
    const side = groupOf.has(cable.ends[0].node) ? 0 : 1;
    const group = groupOf.get(cable.ends[side].node);
    if (group === undefined || cable.kind === "actual") {
      const boxAt = (end: 0 | 1) => groupOf.get(cable.ends[end].node)?.id ?? cable.ends[end].node;
      const [from, to] = [portAt(cable, 0, boxAt(0)), portAt(cable, 1, boxAt(1))];
      wires.push({ id: cable.id, cables: [cable], from, to });
      for (const port of [from, to]) portsOf.set(port.box, [...(portsOf.get(port.box) ?? []), port]);
      continue;
    }
    const place = cable.ends[side === 0 ? 1 : 0].node;
    const id = `trunk/${group.id}/${place}`;
    const trunk = trunks.get(id);
    if (trunk) {
      trunk.cables.push(cable);
      continue;
    }
    const made: Wire = {
      id,
      cables: [cable],
      from: { id: `${id}:0`, box: place, label: "", width: 0 },
      to: { id: `${id}:1`, box: group.id, label: "", width: 8 },
    };
    trunks.set(id, made);
    wires.push(made);
  }
  for (const { from, cables } of trunks.values()) {
    from.label = `${cables.length} epairs`;
    from.width = portWidth(from.label);
    portsOf.set(from.box, [...(portsOf.get(from.box) ?? []), from]);
  }

  const boxes = new Map<string, Box>();
  for (const node of graph.nodes.values()) {
    if (!groupOf.has(node.id)) boxes.set(node.id, nodeBox(node, portsOf.get(node.id) ?? [], options));
  }
  for (const group of groups.values()) boxes.set(group.id, groupBox(group));
  return { boxes, wires };
}
