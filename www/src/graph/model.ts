/**
 * The network as a graph: the host, bridges, jails, uplinks and attached interfaces are nodes; epairs and memberships are cables.
 * Pure: what the API answers in, a graph out.
 */
import type { Drift, End, Epair, Labels, Status } from "../api/types";
import type { World } from "../state/world";

export type Look = "ready" | "applying" | "waiting" | "drifted" | "failed" | "dying" | "stopped";
export type NodeKind = "host" | "bridge" | "jail" | "uplink" | "interface";
export type CableKind = "epair" | "member" | "host" | "attachment" | "actual";

export interface GraphNode {
  id: string; // "jail/web"
  kind: NodeKind;
  name: string;
  look: Look;
  /** Why it looks so, in the daemon's words. */
  reason: string | null;
  addresses: string[];
  router: boolean;
  labels: Labels;
  /** Where the kernel differs: "MTU 1400 instead of 1500". */
  differences: string[];
  /** Wanted, and not there at all. */
  missing: boolean;
  /** Not ours: on the drawing only because something of ours is in it. */
  foreign: boolean;
}

export interface CableEnd {
  node: string;
  /** Name of the interface; "" = a cable into the node itself. */
  ifname: string;
  addresses: string[];
  /** Wanted down. */
  down?: boolean;
}

/** kind "actual": where an end is instead of the place that is wanted. */
export interface Cable {
  id: string; // "epair/web0"
  kind: CableKind;
  ends: [CableEnd, CableEnd];
  look: Look;
  reason: string | null;
  differences: string[];
  missing: boolean;
}

export interface Graph {
  nodes: Map<string, GraphNode>;
  cables: Cable[];
}

export const HOST = "host/host";
const MISSING = "missing";
const worst: readonly Look[] = ["failed", "drifted", "dying", "applying", "waiting", "stopped", "ready"];

export function worstLook(looks: Iterable<Look>): Look {
  const all = new Set(looks);
  return worst.find((look) => all.has(look)) ?? "ready";
}

const looks: Record<Status["state"], Look> = {
  pending: "applying",
  applying: "applying",
  ready: "ready",
  waiting: "waiting",
  failed: "failed",
  stopped: "stopped",
};

function lookOf(status: Status, differences: string[]): Look {
  const look = looks[status.state];
  if (look === "ready" && differences.length > 0) return "drifted";
  // it may run already, or not yet: the earlier one is still there, with its interfaces
  if ((status.dying ?? 0) > 0 && look !== "failed") return "dying";
  return look;
}

function differencesOf(drift: Drift[]): Map<string, string[]> {
  const byObject = new Map<string, string[]>();
  for (const d of drift) {
    const object = d.object.split(":")[0] ?? d.object; // "epair/web0:b" is part of epair/web0
    const list = byObject.get(object) ?? [];
    list.push(d.have === MISSING ? MISSING : `${d.have}, wanted ${d.want}`);
    byObject.set(object, list);
  }
  return byObject;
}

export function ifnameOf(epair: Epair, side: "a" | "b"): string {
  return epair.allocated[side].ifname;
}

function placeOf(end: End): string {
  if (end.bridge !== undefined) return `bridge/${end.bridge}`;
  if (end.jail !== undefined) return `jail/${end.jail}`;
  return HOST;
}

class Builder {
  readonly nodes = new Map<string, GraphNode>();
  readonly cables: Cable[] = [];
  private readonly differences: Map<string, string[]>;

  constructor(private readonly world: World) {
    this.differences = differencesOf(world.drift);
  }

  private node(
    kind: NodeKind,
    name: string,
    more: Partial<GraphNode> & { status?: Status; labels?: Labels },
  ): GraphNode {
    const id = `${kind}/${name}`;
    const differences = this.differences.get(id) ?? [];
    const { status, ...rest } = more;
    const node: GraphNode = {
      id,
      kind,
      name,
      look: status ? lookOf(status, differences) : "ready",
      reason: status?.reason ?? null,
      addresses: [],
      router: false,
      labels: {},
      differences,
      missing: differences.includes(MISSING),
      foreign: false,
      ...rest,
    };
    this.nodes.set(id, node);
    return node;
  }

  private cable(kind: CableKind, name: string, ends: [CableEnd, CableEnd], status?: Status): void {
    const id = `${kind}/${name}`;
    const differences = this.differences.get(id) ?? [];
    const seen = status ? lookOf(status, differences) : "ready";
    const look = seen === "ready" && ends.some((end) => end.down) ? "stopped" : seen;
    const missing = differences.includes(MISSING);
    this.cables.push({ id, kind, ends, look, reason: status?.reason ?? null, differences, missing });
  }

  private host(): GraphNode {
    return this.nodes.get(HOST) ?? this.node("host", "host", {});
  }

  bridges(): void {
    for (const bridge of this.world.bridges) {
      this.node("bridge", bridge.name, {
        status: bridge.status,
        addresses: bridge.addresses ?? [],
        labels: bridge.labels ?? {},
      });
    }
    for (const bridge of this.world.bridges) {
      const id = `bridge/${bridge.name}`;
      for (const member of Object.keys(bridge.members ?? {})) {
        this.uplink(member, id, bridge.name);
      }
      if ((bridge.addresses ?? []).length > 0) {
        this.host().addresses.push(...(bridge.addresses ?? []));
        this.cable("host", bridge.name, [
          { node: HOST, ifname: "", addresses: [] },
          { node: id, ifname: "", addresses: bridge.addresses ?? [] },
        ]);
      }
    }
  }

  private uplink(member: string, bridgeId: string, bridge: string): void {
    const seen = this.world.interfaces.find((item) => item.name === member && item.jail === null);
    this.node("uplink", member, { look: seen && !seen.up ? "stopped" : "ready", addresses: seen?.addresses ?? [] });
    this.cable("member", `${bridge}/${member}`, [
      { node: `uplink/${member}`, ifname: "", addresses: [] },
      { node: bridgeId, ifname: member, addresses: [] },
    ]);
  }

  jails(): void {
    for (const jail of this.world.jails) {
      this.node("jail", jail.name, {
        status: jail.status,
        router: jail.forwarding ?? false,
        labels: jail.labels ?? {},
      });
    }
  }

  attachments(): void {
    for (const item of this.world.attachments) {
      this.node("interface", item.name, {
        status: item.status,
        addresses: item.addresses ?? [],
        labels: item.labels ?? {},
      });
      this.cable(
        "attachment",
        item.name,
        [
          { node: `interface/${item.name}`, ifname: "", addresses: [] },
          { node: `jail/${item.jail}`, ifname: item.name, addresses: item.addresses ?? [] },
        ],
        item.status,
      );
      this.nodes.get(`jail/${item.jail}`)?.addresses.push(...(item.addresses ?? []));
    }
  }

  epairs(): void {
    for (const epair of this.world.epairs) {
      const ends = (["a", "b"] as const).map((side): CableEnd => {
        const end = epair[side];
        const node = placeOf(end);
        const addresses = end.addresses ?? [];
        if (node === HOST) this.host();
        const there = this.nodes.get(node);
        if (there && there.kind !== "bridge") there.addresses.push(...addresses);
        return { node, ifname: ifnameOf(epair, side), addresses, down: end.up === false };
      });
      this.cable("epair", epair.name, ends as [CableEnd, CableEnd], epair.status);
    }
  }

  /** What is elsewhere is drawn there, too. */
  actual(): void {
    for (const { place } of this.world.drift) {
      if (place === null) continue;
      const [cable, side] = this.ending(place.interface);
      if (cable === undefined) continue;
      const at = place.bridge ? `bridge/${place.bridge}` : place.jail ? `jail/${place.jail}` : HOST;
      if (at === HOST) this.host();
      else if (!this.nodes.has(at)) {
        const [kind, name] = at.split("/") as ["bridge" | "jail", string];
        this.node(kind, name, { foreign: true });
      }
      const other = cable.ends[side === 0 ? 1 : 0];
      this.cables.push({
        id: `actual/${place.interface}`,
        kind: "actual",
        ends: [
          { node: at, ifname: place.interface, addresses: [] },
          { node: other.node, ifname: "", addresses: [] },
        ],
        look: "drifted",
        reason: null,
        differences: cable.differences,
        missing: false,
      });
    }
  }

  private ending(ifname: string): [Cable | undefined, 0 | 1] {
    for (const cable of this.cables) {
      const side = cable.ends.findIndex((end) => end.ifname === ifname);
      if (side !== -1) return [cable, side === 0 ? 0 : 1];
    }
    return [undefined, 0];
  }

  /** The host leads from one network to another when it has addresses in several. */
  routers(): void {
    const host = this.nodes.get(HOST);
    if (host) host.router = this.cables.filter((cable) => cable.ends.some((end) => end.node === HOST)).length > 1;
  }
}

const built = new WeakMap<World, Graph>();

/** The same world gives the same graph: it is made once for all who ask. */
export function buildGraph(world: World): Graph {
  const known = built.get(world);
  if (known) return known;
  const builder = new Builder(world);
  builder.bridges();
  builder.jails();
  builder.attachments();
  builder.epairs();
  builder.routers();
  builder.actual();
  const graph = { nodes: builder.nodes, cables: builder.cables };
  built.set(world, graph);
  return graph;
}

/** All cables of each node. */
export function cablesByNode(graph: Graph): Map<string, Cable[]> {
  const found = new Map<string, Cable[]>();
  for (const cable of graph.cables) {
    for (const node of new Set(cable.ends.map((end) => end.node))) {
      const list = found.get(node);
      if (list) list.push(cable);
      else found.set(node, [cable]);
    }
  }
  return found;
}

export function otherEnd(cable: Cable, node: string): CableEnd {
  return cable.ends[0].node === node ? cable.ends[1] : cable.ends[0];
}

/** The way out of a jail: the shortest one from it to each uplink. */
export function pathOf(graph: Graph, start: string): Set<string> {
  const cables = cablesByNode(graph);
  const cameBy = new Map<string, { cable: string; from: string } | null>([[start, null]]);
  const queue = [start];
  for (let i = 0; i < queue.length; i++) {
    const id = queue[i] as string;
    for (const cable of cables.get(id) ?? []) {
      if (cable.kind === "actual") continue;
      const next = otherEnd(cable, id).node;
      if (cameBy.has(next)) continue;
      cameBy.set(next, { cable: cable.id, from: id });
      queue.push(next);
    }
  }
  const path = new Set([start]);
  for (const node of graph.nodes.values()) {
    if (node.kind !== "uplink" && node.kind !== "host" && node.kind !== "interface") continue;
    for (let id = node.id, step = cameBy.get(id); step; id = step.from, step = cameBy.get(id)) {
      path.add(id).add(step.cable);
    }
  }
  return path;
}
