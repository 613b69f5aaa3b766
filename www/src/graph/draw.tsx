/** The drawing itself: boxes, bars, ports and cables as SVG. */
import { memo } from "../ui/memo";
import type { Layout, PlacedBox, PlacedPort, PlacedWire, Point } from "./layout";
import { Mark } from "./marks";
import { type Cable, type GraphNode, worstLook } from "./model";
import { COMPACT, type Group, looksOf, type Member, PORT_HEIGHT, type Wire } from "./scene";
import { COMPACT_FONT, fitText, MONO_FONT, NAME_FONT } from "./text";

export interface Marked {
  selected: string | null;
  /** Roving tab stop. */
  focused: string | null;
  /** What a search, a filter or a path leaves lit; null = everything. */
  lit: ReadonlySet<string> | null;
}

const kindNames: Record<GraphNode["kind"], string> = {
  host: "Host",
  bridge: "Bridge",
  jail: "Jail",
  uplink: "Uplink",
  interface: "Interface",
};

/** What is read aloud: first what stands there, then the rest. */
function describe(node: GraphNode, cables: Cable[], lines: string[]): string {
  const words = [[node.name, ...lines].join(" "), kindNames[node.kind], node.look];
  if (node.foreign) words.push("not jailnet's");
  if (node.router) words.push("routes");
  if (node.reason) words.push(node.reason);
  words.push(...node.differences, ...node.addresses.filter((address) => !lines.includes(address)));
  for (const cable of cables) {
    const [a, b] = cable.ends;
    const [own, other] = a.node === node.id ? [a, b] : [b, a];
    const place = other.node.slice(other.node.indexOf("/") + 1);
    if (cable.kind === "actual")
      words.push(`${cable.ends[0].ifname} is in ${cable.ends[0].node.replace("/", " ")} now`);
    else words.push(`${own.ifname || "cable"} to ${place}${own.down ? " (down)" : ""}`);
  }
  return words.join(", ");
}

const dimmed = (marked: Marked, id: string) => (marked.lit !== null && !marked.lit.has(id) ? " dim" : "");

function RouterSign({ x, y }: { x: number; y: number }) {
  return (
    <g class="router-sign" transform={`translate(${x} ${y})`} aria-hidden="true">
      <circle r="8" />
      <path d="M-4.5 -1.5 H2.5 M0.5 -3.5 L2.5 -1.5 L0.5 0.5 M4.5 2 H-2.5 M-0.5 0 L-2.5 2 L-0.5 4" />
    </g>
  );
}

function Shape({ node, width, height }: { node: GraphNode; width: number; height: number }) {
  if (node.kind === "uplink" || node.kind === "interface") {
    const r = height / 2;
    return <rect class="shape" width={width} height={height} rx={r} />;
  }
  // the host's own stack is no box among boxes: a tag hung into the frame
  if (node.kind === "host") {
    const [w, h] = [width, height];
    return <path class="shape" d={`M10 0 H${w - 10} L${w} ${h / 2} L${w - 10} ${h} H10 L0 ${h / 2} Z`} />;
  }
  return <rect class="shape" width={width} height={height} rx={node.kind === "bridge" ? 5 : 9} />;
}

interface NodeProps {
  placed: PlacedBox;
  cables: Cable[];
  state: string; // "selected focused dim": what makes it draw anew
  tab: boolean;
}

function marksOf(node: GraphNode): string {
  return `${node.router ? " router" : ""}${node.missing ? " missing" : ""}${node.foreign ? " foreign" : ""}`;
}

const NodeBox = memo(({ placed, cables, state, tab }: NodeProps) => {
  const { node, height, lines, hidden } = placed.box;
  if (node === null) return null;
  const middle = node.kind === "jail" ? 24 : height / 2;
  const room = placed.width - (node.router ? 88 : 36);
  const inRow = node.kind === "bridge";
  return (
    <g
      class={`node kind-${node.kind} look-${node.look}${marksOf(node)}${state}`}
      transform={`translate(${placed.x} ${placed.y})`}
      role="button"
      tabindex={tab ? 0 : -1}
      aria-label={describe(node, cables, lines)}
      data-node={node.id}
    >
      <Shape node={node} width={placed.width} height={height} />
      {!node.foreign && <Mark look={node.look} x={16} y={middle} />}
      <text class="name" x={28} y={middle + 4.5}>
        {fitText(node.name, NAME_FONT, room)}
      </text>
      {node.router && (
        <>
          <text class="role" x={placed.width - 31} y={middle + 4} text-anchor="end">
            router
          </text>
          <RouterSign x={placed.width - 18} y={middle} />
        </>
      )}
      {inRow ? (
        <text class="address" x={placed.width - 14} y={middle + 4} text-anchor="end">
          {lines.join("   ")}
        </text>
      ) : (
        lines.map((line, i) => (
          <text class="address" key={line} x={14} y={middle + 22 + i * 15}>
            {line}
          </text>
        ))
      )}
      {!inRow && hidden > 0 && (
        <text class="address" x={14} y={middle + 22 + lines.length * 15}>
          {`and ${hidden} more`}
        </text>
      )}
    </g>
  );
});

const groupTitle = (group: Group, count: string) => (group.title === "" ? count : `${group.title} · ${count}`);

function GroupHead({ group, count, width }: { group: Group; count: string; width: number }) {
  const title = groupTitle(group, count);
  return (
    <>
      <Mark look={group.look} x={16} y={18} />
      <text class="name" x={28} y={22.5}>
        {fitText(title, NAME_FONT, width - 62)}
      </text>
      <path
        class="chevron"
        d={group.open ? "M-4 2 L0 -2 L4 2" : "M-4 -2 L0 2 L4 -2"}
        transform={`translate(${width - 18} 18)`}
      />
    </>
  );
}

function stateCounts(group: Group): string {
  const counts = new Map<string, number>();
  for (const member of group.members) {
    const look = worstLook(looksOf(member));
    counts.set(look, (counts.get(look) ?? 0) + 1);
  }
  return [...counts].map(([look, count]) => `${count} ${look}`).join(", ");
}

function GroupBox({ placed, marked, focusable }: { placed: PlacedBox; marked: Marked; focusable: boolean }) {
  const group = placed.box.group;
  if (group === null) return null;
  const lit = marked.lit === null || group.members.some((member) => marked.lit?.has(member.node.id));
  const count = `${group.members.length} jails`;
  return (
    <g class={`group look-${group.look}${lit ? "" : " dim"}`} transform={`translate(${placed.x} ${placed.y})`}>
      <g
        role="button"
        tabindex={focusable ? 0 : -1}
        class={marked.focused === group.id ? "group-head focused" : "group-head"}
        aria-expanded={group.open}
        aria-label={[groupTitle(group, count), stateCounts(group)].join(" ")}
        data-group={group.id}
      >
        <rect class="shape" width={placed.width} height={placed.box.height} rx="9" />
        <GroupHead group={group} count={count} width={placed.width} />
        {!group.open && (
          <text class="address" x={14} y={45}>
            {fitText(stateCounts(group), MONO_FONT, placed.width - 24)}
          </text>
        )}
      </g>
      {group.open &&
        group.members.map((member) => (
          <CompactJail
            key={member.node.id}
            member={member}
            state={stateOf(marked, member.node.id)}
            tab={marked.focused === member.node.id}
          />
        ))}
    </g>
  );
}

interface CompactProps {
  member: Member;
  state: string;
  tab: boolean;
}

const PLUG = 14;

const CompactJail = memo(({ member, state, tab }: CompactProps) => {
  const { node, cables, x, y } = member;
  const look = worstLook(looksOf(member));
  return (
    <g
      class={`node compact kind-jail look-${look}${marksOf(node)}${state}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabindex={tab ? 0 : -1}
      aria-label={describe(node, cables, [])}
      data-node={node.id}
    >
      <rect class="shape" width={COMPACT.width} height={COMPACT.height} rx="6" />
      {cables.map((cable, i) => (
        <rect
          key={cable.id}
          class="plug"
          x={COMPACT.width / 2 + (i - cables.length / 2) * (PLUG + 4) + 2}
          y={-2.5}
          width={PLUG}
          height="5"
          rx="2"
          data-port={`${cable.id}:${cable.ends[0].node === node.id ? 0 : 1}`}
          {...wireData(cable)}
        />
      ))}
      <Mark look={look} x={14} y={COMPACT.height / 2} />
      <text class="name" x={25} y={COMPACT.height / 2 + 4}>
        {fitText(node.name, COMPACT_FONT, COMPACT.width - 32)}
      </text>
    </g>
  );
});

/** What a test, a style or an export can know of a cable. */
function wireData(cable: Cable) {
  const [a, b] = cable.ends;
  if (cable.kind === "actual") return { "data-actual": a.ifname, "data-a": a.node, "data-b": b.node };
  return {
    "data-cable": cable.id,
    "data-a": a.node,
    "data-a-ifname": a.ifname,
    "data-b": b.node,
    "data-b-ifname": b.ifname,
  };
}

const CORNER = 7;

/** A line with round corners. */
function pathOf(points: Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let d = `M${first.x} ${first.y}`;
  let before = first;
  rest.forEach((at, i) => {
    const after = rest[i + 1];
    if (after === undefined) {
      d += `L${at.x} ${at.y}`;
      return;
    }
    const r = Math.min(CORNER, dist(before, at) / 2, dist(at, after) / 2);
    const [p, q] = [towards(at, before, r), towards(at, after, r)];
    d += `L${p.x} ${p.y}Q${at.x} ${at.y} ${q.x} ${q.y}`;
    before = at;
  });
  return d;
}

const dist = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);

function towards(from: Point, to: Point, by: number): Point {
  const length = dist(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length };
}

const WireLine = memo(({ placed, state }: { placed: PlacedWire; state: string }) => {
  const { wire, points } = placed;
  const look = worstLook(wire.cables.map((cable) => cable.look));
  const [cable] = wire.cables;
  if (cable === undefined) return null;
  const isTrunk = wire.id.startsWith("trunk/");
  const d = pathOf(points);
  return (
    <g
      class={`cable kind-${isTrunk ? "trunk" : cable.kind} look-${look}${cable.missing && !isTrunk ? " missing" : ""}${state}`}
      {...(isTrunk ? {} : wireData(cable))}
    >
      <path class="grip" d={d} />
      <path class="line" d={d} />
    </g>
  );
});

interface PillProps {
  placed: PlacedPort;
  look: string;
  /** " dim", " down", " ghost" */
  state: string;
}

const PortPill = memo(({ placed, look, state }: PillProps) => {
  const { port, x, y } = placed;
  if (port.label === "") return null;
  return (
    <g
      class={`port look-${look}${state}`}
      transform={`translate(${x - port.width / 2} ${y - PORT_HEIGHT / 2})`}
      data-port={port.id}
    >
      <rect width={port.width} height={PORT_HEIGHT} rx="4.5" />
      <text x={port.width / 2} y={12.6} text-anchor="middle">
        {port.label}
      </text>
    </g>
  );
});

/** A wire is lit when any of its cables is. */
const wireDim = (marked: Marked, wire: Wire) =>
  marked.lit !== null && !wire.cables.some((cable) => marked.lit?.has(cable.id)) ? " dim" : "";

function wireState(marked: Marked, wire: Wire): string {
  return `${marked.selected === wire.id ? " selected" : ""}${wireDim(marked, wire)}`;
}

function pillState(marked: Marked, wire: Wire, port: string): string {
  const [cable] = wire.cables;
  const end = cable?.ends[port === wire.from.id ? 0 : 1];
  const down = wire.cables.length === 1 && end?.down ? " down" : "";
  return `${cable?.kind === "actual" ? " ghost" : ""}${down}${wireDim(marked, wire)}`;
}

function stateOf(marked: Marked, id: string): string {
  return `${marked.selected === id ? " selected" : ""}${marked.focused === id ? " focused" : ""}${dimmed(marked, id)}`;
}

/** The host's edge: everything but the outer half of its uplinks is inside. */
function HostFrame({ layout }: { layout: Layout }) {
  const uplinks = [...layout.boxes.values()].filter((placed) => placed.box.kind === "uplink");
  const inner = [...layout.boxes.values()].filter((placed) => placed.box.kind !== "uplink");
  if (inner.length === 0) return null;
  const top =
    uplinks.length > 0
      ? Math.min(...uplinks.map((u) => u.y + u.box.height / 2))
      : Math.min(...inner.map((p) => p.y)) - 30;
  const left = Math.min(...[...layout.boxes.values()].map((p) => p.x)) - 26;
  const right = Math.max(...[...layout.boxes.values()].map((p) => p.x + p.width)) + 26;
  const bottom = Math.max(...inner.map((p) => p.y + p.box.height)) + 28;
  return (
    <g class="frame" aria-hidden="true">
      <rect x={left} y={top} width={right - left} height={bottom - top} rx="16" />
      <text class="frame-title" x={left + 18} y={top + 26}>
        Host
      </text>
      {uplinks.map((u) => (
        <path key={u.box.id} d={`M${u.x + u.width / 2} ${u.y} V${u.y - 26}`} />
      ))}
    </g>
  );
}

export function Drawing({
  layout,
  marked,
  cables,
}: {
  layout: Layout;
  marked: Marked;
  cables: ReadonlyMap<string, Cable[]>;
}) {
  const boxes = [...layout.boxes.values()];
  const lookOfWire = new Map(
    layout.wires.flatMap(({ wire }) => [wire.from.id, wire.to.id].map((id) => [id, wire] as const)),
  );
  return (
    <>
      <HostFrame layout={layout} />
      {layout.wires.map((placed) => (
        <WireLine key={placed.wire.id} placed={placed} state={wireState(marked, placed.wire)} />
      ))}
      {boxes.map((placed) =>
        placed.box.kind === "group" ? (
          <GroupBox key={placed.box.id} placed={placed} marked={marked} focusable={marked.focused === placed.box.id} />
        ) : (
          <NodeBox
            key={placed.box.id}
            placed={placed}
            cables={cables.get(placed.box.id) ?? []}
            state={stateOf(marked, placed.box.id)}
            tab={marked.focused === placed.box.id}
          />
        ),
      )}
      {[...layout.ports.values()].map((placed) => {
        const wire = lookOfWire.get(placed.port.id);
        const look = worstLook(wire?.cables.map((cable) => cable.look) ?? []);
        return (
          <PortPill
            key={placed.port.id}
            placed={placed}
            look={look}
            state={wire ? pillState(marked, wire, placed.port.id) : ""}
          />
        );
      })}
    </>
  );
}
