/**
 * Places: ELK's layered algorithm in a worker of its own, loaded when the first drawing is wanted.  Networks are drawn as the seed
 * draws them: uplinks above, then bridges as bars, then the jails on them, then what lies behind a jail that routes.
 */
import type { ELK, ElkExtendedEdge, ElkNode, ElkPort } from "elkjs/lib/elk-api";
import type { Box, Port, Scene, Wire } from "./scene";
import { PORT_HEIGHT } from "./scene";

export interface Point {
  x: number;
  y: number;
}
export interface PlacedBox extends Point {
  box: Box;
  width: number;
}
export interface PlacedPort extends Point {
  port: Port;
  below: boolean; // on the lower edge of its box
}
export interface PlacedWire {
  wire: Wire;
  points: Point[];
}
export interface Layout {
  boxes: Map<string, PlacedBox>;
  ports: Map<string, PlacedPort>;
  wires: PlacedWire[];
  width: number;
  height: number;
}

const GAP = 28;
const rootOptions = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.spacing.nodeNodeBetweenLayers": "52",
  "elk.spacing.nodeNode": String(GAP),
  "elk.spacing.edgeNode": "20",
  "elk.spacing.edgeEdge": "14",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.crossingMinimization.forceNodeModelOrder": "false",
  "elk.spacing.componentComponent": "48",
  "elk.padding": "[top=24,left=24,bottom=24,right=24]",
  "elk.layered.thoroughness": "5",
};

let engine: Promise<ELK> | null = null;

function start(): Promise<ELK> {
  engine ??= (async () => {
    const [{ default: Elk }, { default: workerUrl }] = await Promise.all([
      import("elkjs/lib/elk-api"),
      import("elkjs/lib/elk-worker.min.js?url"),
    ]);
    return new Elk({ workerUrl });
  })();
  return engine;
}

/** Loads the engine while the first data is on its way. */
export function warmUp(): void {
  void start();
}

/** Steps from the outside world: what is nearer to it is drawn higher. */
function depths(scene: Scene): Map<string, number> {
  const near = new Map<string, string[]>();
  for (const wire of scene.wires) {
    near.set(wire.from.box, [...(near.get(wire.from.box) ?? []), wire.to.box]);
    near.set(wire.to.box, [...(near.get(wire.to.box) ?? []), wire.from.box]);
  }
  const depth = new Map<string, number>();
  const visit = (roots: string[], start: number) => {
    const queue = roots.filter((id) => !depth.has(id));
    for (const id of queue) depth.set(id, start);
    for (let i = 0; i < queue.length; i++) {
      const id = queue[i] as string;
      for (const next of near.get(id) ?? []) {
        if (depth.has(next)) continue;
        depth.set(next, (depth.get(id) ?? 0) + 1);
        queue.push(next);
      }
    }
  };
  const boxes = [...scene.boxes.values()];
  const outside = new Set<Box["kind"]>(["uplink", "host", "interface"]);
  visit(
    boxes.filter((box) => outside.has(box.kind)).map((box) => box.id),
    0,
  );
  for (const box of boxes) if (box.kind === "bridge") visit([box.id], 1);
  for (const box of boxes) visit([box.id], 2);
  return depth;
}

interface Sides {
  upper: Port[];
  lower: Port[];
}

/** A port straddles the edge of its box; one without a name is a point on it. */
function elkPort(port: Port, side: "NORTH" | "SOUTH", index: number): ElkPort {
  const height = port.label === "" ? 1 : PORT_HEIGHT;
  return {
    id: port.id,
    width: port.width,
    height,
    layoutOptions: {
      "elk.port.side": side,
      "elk.port.index": String(index),
      "elk.port.borderOffset": String(-height / 2),
    },
  };
}

/** On a bar each port stands where the box it leads to will stand, so that cables are straight. */
function placeOnBar(width: number, height: number, list: ElkPort[], slots: number[], upper: boolean): void {
  const total = slots.reduce((sum, slot) => sum + slot + GAP, -GAP);
  let x = (width - total) / 2;
  list.forEach((port, i) => {
    const slot = slots[i] ?? 0;
    const tall = port.height ?? 0;
    port.x = x + (slot - (port.width ?? 0)) / 2;
    port.y = upper ? -tall / 2 : height - tall / 2;
    x += slot + GAP;
  });
}

/** A bar is as wide as what hangs on it. */
function widthOf(box: Box, sides: Sides, scene: Scene, other: Map<string, string>): number {
  const span = (ports: Port[], least: number) =>
    ports.reduce((sum, port) => sum + Math.max(port.width, least) + 12, 12);
  let width = Math.max(box.width, span(sides.upper, 0), span(sides.lower, 0));
  if (box.kind === "bridge") {
    const hung = new Set(sides.lower.map((port) => other.get(port.id) ?? ""));
    const below = [...hung].reduce((sum, id) => sum + (scene.boxes.get(id)?.width ?? 0) + GAP, -GAP);
    width = Math.max(width, below);
  }
  return Math.ceil(width);
}

interface Question {
  root: ElkNode;
  ports: Map<string, { port: Port; below: boolean }>;
}

function question(scene: Scene): Question {
  const depth = depths(scene);
  const order = new Map([...scene.boxes.keys()].map((id, i) => [id, i]));
  const rank = (id: string) => (depth.get(id) ?? 0) * 1e6 + (order.get(id) ?? 0);
  const sides = new Map<string, Sides>([...scene.boxes.keys()].map((id) => [id, { upper: [], lower: [] }]));
  const other = new Map<string, string>();
  const edges: ElkExtendedEdge[] = [];
  for (const wire of scene.wires) {
    const [above, beneath] = rank(wire.from.box) <= rank(wire.to.box) ? [wire.from, wire.to] : [wire.to, wire.from];
    sides.get(above.box)?.lower.push(above);
    sides.get(beneath.box)?.upper.push(beneath);
    other.set(above.id, beneath.box).set(beneath.id, above.box);
    edges.push({ id: wire.id, sources: [above.id], targets: [beneath.id] });
  }
  const ports: Question["ports"] = new Map();
  const slotOf = (port: Port): number => {
    const to = other.get(port.id) ?? "";
    const siblings = [...(sides.get(port.box)?.lower ?? [])].filter((one) => other.get(one.id) === to).length || 1;
    return Math.max(port.width, ((scene.boxes.get(to)?.width ?? 0) - (siblings - 1) * GAP) / siblings);
  };
  const child = (box: Box): ElkNode => {
    const own = sides.get(box.id) ?? { upper: [], lower: [] };
    for (const port of own.upper) ports.set(port.id, { port, below: false });
    for (const port of own.lower) ports.set(port.id, { port, below: true });
    const upper = own.upper.map((port, i) => elkPort(port, "NORTH", i));
    const lower = own.lower.map((port, i) => elkPort(port, "SOUTH", i));
    const width = widthOf(box, own, scene, other);
    const isBar = box.kind === "bridge";
    const layoutOptions: Record<string, string> = {
      "elk.portConstraints": isBar ? "FIXED_POS" : "FIXED_SIDE",
      "elk.spacing.portPort": "12",
    };
    if (isBar) {
      placeOnBar(width, box.height, upper, own.upper.map(slotOf), true);
      placeOnBar(width, box.height, lower, own.lower.map(slotOf), false);
    }
    if (box.kind === "uplink") layoutOptions["elk.layered.layering.layerConstraint"] = "FIRST_SEPARATE";
    return { id: box.id, width, height: box.height, ports: [...upper, ...lower], layoutOptions };
  };
  const children = [...scene.boxes.values()].sort((x, y) => rank(x.id) - rank(y.id)).map(child);
  return { root: { id: "root", children, edges, layoutOptions: rootOptions }, ports };
}

function answer(scene: Scene, root: ElkNode, asked: Question["ports"]): Layout {
  const boxes = new Map<string, PlacedBox>();
  const ports = new Map<string, PlacedPort>();
  for (const child of root.children ?? []) {
    const box = scene.boxes.get(child.id);
    if (!box) continue;
    const at = { x: child.x ?? 0, y: child.y ?? 0 };
    boxes.set(box.id, { box, ...at, width: child.width ?? box.width });
    for (const placed of child.ports ?? []) {
      const known = asked.get(placed.id);
      if (!known) continue;
      ports.set(placed.id, {
        ...known,
        x: at.x + (placed.x ?? 0) + known.port.width / 2,
        y: at.y + (known.below ? box.height : 0),
      });
    }
  }
  const sections = new Map((root.edges ?? []).map((edge) => [edge.id, edge.sections?.[0]]));
  const wires = scene.wires.map((wire): PlacedWire => {
    const section = sections.get(wire.id);
    const points = section ? [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] : [];
    return { wire, points };
  });
  return { boxes, ports, wires, width: root.width ?? 0, height: root.height ?? 0 };
}

export async function layOut(scene: Scene): Promise<Layout> {
  const elk = await start();
  const asked = question(scene);
  return answer(scene, await elk.layout(asked.root), asked.ports);
}
