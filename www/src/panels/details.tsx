/** All about one object, and what can be done with it. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Call, request, withQuery } from "../api/client";
import { curlLine } from "../api/curl";
import type { Attachment, Bridge, Epair, Jail, Plan, Topology } from "../api/types";
import { StateBadge } from "../graph/marks";
import { buildGraph, cablesByNode, type GraphNode, type Look, otherEnd } from "../graph/model";
import { propose, proposeEdit } from "../state/change";
import { linkTo } from "../state/route";
import { type World, world } from "../state/world";
import { CopyBox } from "../ui/copy";
import { Icon, type IconName } from "../ui/icon";
import { ProblemNote } from "../ui/problem";
import { Time } from "../ui/time";
import { Steps } from "./change";
import { openEdit } from "./edit";
import { EventRows, useEvents } from "./events";
import { openMove } from "./move";
import { ProbeForm } from "./probe";
import { Traffic } from "./traffic";

type Item =
  | { kind: "bridge"; value: Bridge; path: string }
  | { kind: "epair"; value: Epair; path: string }
  | { kind: "jail"; value: Jail; path: string }
  | { kind: "interface"; value: Attachment; path: string };

function find(w: World, object: string): Item | null {
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

interface SectionProps {
  title: string;
  children: ComponentChildren;
  open?: boolean;
  /** What is inside works only while it is open. */
  lazy?: boolean;
}

function Section({ title, children, open = true, lazy = false }: SectionProps) {
  const [shown, setShown] = useState(open);
  return (
    <details class="section" open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{title}</summary>
      {(shown || !lazy) && children}
    </details>
  );
}

function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
  const filled = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return (
    <dl class="facts">
      {filled.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const pairs = (object: Record<string, unknown> | undefined) => {
  const all = Object.entries(object ?? {});
  return all.length === 0
    ? ""
    : all.map(([key, value]) => (
        <code class="row" key={key}>
          {value === "" ? key : `${key} → ${String(value)}`}
        </code>
      ));
};
const rows = (list: string[] | undefined) =>
  (list ?? []).length === 0
    ? ""
    : (list ?? []).map((text) => (
        <code class="row" key={text}>
          {text}
        </code>
      ));

function factsOf(item: Item): [string, ComponentChildren][] {
  const { value } = item;
  const last: [string, ComponentChildren][] = [
    ["Labels", pairs(value.labels)],
    ["Description", value.description ?? ""],
    ["Changed", <Time key="t" at={value.updated_at} />],
    ["Revision", String(value.revision)],
  ];
  switch (item.kind) {
    case "bridge":
      return [
        ["Addresses", rows(item.value.addresses)],
        ["MTU", String(item.value.mtu ?? "")],
        ["MAC", <code key="m">{item.value.allocated.mac}</code>],
        ["Uplinks", rows(Object.keys(item.value.members ?? {}))],
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
      return [["Jail", item.value.jail], ["Addresses", rows(item.value.addresses)], ...last];
  }
}

function EpairEnds({ epair }: { epair: Epair }) {
  return (
    <ul class="ports">
      {(["a", "b"] as const).map((side) => {
        const end = epair[side];
        const place =
          end.jail !== undefined ? `jail/${end.jail}` : end.bridge !== undefined ? `bridge/${end.bridge}` : null;
        return (
          <li key={side}>
            <code class="ifname">{epair.allocated[side].ifname}</code>
            <span>{place === null ? "on the host" : <a href={linkTo("topology", { select: place })}>{place}</a>}</span>
            <button
              type="button"
              class="icon"
              title="Move"
              aria-label={`Move ${epair.allocated[side].ifname}`}
              onClick={() => openMove(`epair/${epair.name}:${side === "a" ? 0 : 1}`, null)}
            >
              <Icon name="move" />
            </button>
            <div class="sub">
              <code>{epair.allocated[side].mac}</code>
              {rows(end.addresses)}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** What is plugged into a jail or bridge. */
function Cables({ w, id }: { w: World; id: string }) {
  const own = (cablesByNode(buildGraph(w)).get(id) ?? []).filter((cable) => cable.kind !== "host");
  if (own.length === 0) return <p class="muted">None.</p>;
  return (
    <ul class="ports">
      {own.map((cable) => {
        const side = cable.ends[0].node === id ? 0 : 1;
        const [end, other] = [cable.ends[side], otherEnd(cable, id)];
        return (
          <li key={cable.id}>
            {cable.kind === "epair" ? (
              <a class="ifname" href={linkTo("topology", { select: cable.id })}>
                {end.ifname}
              </a>
            ) : (
              <code class="ifname">{end.ifname}</code>
            )}
            <span>
              {"to "}
              {other.node.startsWith("uplink/") || other.node.startsWith("host/") ? (
                other.node.replace("/", " ")
              ) : (
                <a href={linkTo("topology", { select: other.node })}>{other.node}</a>
              )}
            </span>
            {cable.kind === "epair" && (
              <button
                type="button"
                class="icon"
                title="Move"
                aria-label={`Move ${end.ifname}`}
                onClick={() => openMove(`${cable.id}:${side}`, null)}
              >
                <Icon name="move" />
              </button>
            )}
            <div class="sub">{rows(end.addresses)}</div>
          </li>
        );
      })}
    </ul>
  );
}

function ObjectEvents({ object }: { object: string }) {
  const { rows: all, error } = useEvents();
  const own = all.filter((event) => event.object === object || event.object?.startsWith(`${object}:`)).slice(0, 30);
  if (error !== null) return <ProblemNote error={error} />;
  return own.length === 0 ? <p class="muted">None among the last 500.</p> : <EventRows rows={own} />;
}

/** What the daemon would do to bring it back. */
function Repair({ object }: { object: string }) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ask = async () => {
    try {
      const { body } = await request<Topology>({ method: "GET", path: "/v1/topology" });
      setPlan((await request<Plan>({ method: "PUT", path: withQuery("/v1/topology", "dry_run=plan"), body })).body);
    } catch (cause) {
      setError(cause);
    }
  };
  if (error !== null) return <ProblemNote error={error} />;
  if (plan === null) {
    return (
      <button type="button" onClick={ask}>
        Show the plan that repairs it
      </button>
    );
  }
  const own = plan.steps.filter((step) => step.object === object || step.object.startsWith(`${object}:`));
  return own.length === 0 ? <p class="calm">Nothing left to repair.</p> : <Steps steps={own} />;
}

interface Action {
  name: string;
  icon: IconName;
  run(): void;
  danger?: boolean;
  pressed?: boolean;
}

function jailCall(jail: Jail, verb: "start" | "stop" | "restart"): void {
  const call: Call = { method: "POST", path: `/v1/jails/${encodeURIComponent(jail.name)}/${verb}` };
  const past = { start: "started", stop: "stopped", restart: "restarted" }[verb];
  propose({
    title: `${verb[0]?.toUpperCase()}${verb.slice(1)} jail ${jail.name}`,
    done: `Jail ${jail.name} ${past}`,
    call,
  });
}

/** An object goes together with the epairs that hang on it. */
function remove(item: Item, onGone: () => void): void {
  const { name } = item.value;
  if (item.kind === "epair" || item.kind === "interface") {
    const title = item.kind === "epair" ? `Delete epair ${name}` : `Take ${name} back to the host`;
    propose({ title, done: `${name} is gone`, call: { method: "DELETE", path: item.path }, onDone: onGone });
    return;
  }
  const kind = item.kind;
  const hangs = (topology: Required<Topology>) =>
    Object.entries(topology.epairs).filter(([, epair]) => [epair.a, epair.b].some((end) => end?.[kind] === name));
  void proposeEdit(
    `Delete ${kind} ${name} and what hangs on it`,
    `${kind} ${name} is gone`,
    (topology) => {
      for (const [epair, { a, b }] of hangs(topology)) {
        delete topology.epairs[epair];
        for (const jail of [a?.jail, b?.jail]) {
          const there = jail === undefined ? undefined : topology.jails[jail];
          if (there) delete there.routes;
        }
      }
      for (const [ifname, attached] of Object.entries(topology.attachments)) {
        if (kind === "jail" && attached.jail === name) delete topology.attachments[ifname];
      }
      delete topology[kind === "jail" ? "jails" : "bridges"][name];
    },
    onGone,
  );
}

function actionsOf(item: Item, props: Props): Action[] {
  const actions: Action[] = [];
  if (item.kind === "jail") {
    const jail = item.value;
    if (jail.running) {
      actions.push({ name: "Stop", icon: "stop", run: () => jailCall(jail, "stop") });
      actions.push({ name: "Restart", icon: "restart", run: () => jailCall(jail, "restart") });
    } else actions.push({ name: "Start", icon: "play", run: () => jailCall(jail, "start") });
    const focused = props.focus === props.object;
    actions.push({
      name: "Path",
      icon: "path",
      pressed: focused,
      run: () => props.onFocus(focused ? null : props.object),
    });
  }
  actions.push({ name: "Edit", icon: "edit", run: () => openEdit(item) });
  actions.push({
    name: item.kind === "interface" ? "Take back" : "Delete",
    icon: "trash",
    danger: true,
    run: () => remove(item, props.onClose),
  });
  return actions;
}

interface Props {
  object: string;
  focus: string | null;
  onFocus(object: string | null): void;
  onClose(): void;
}

function Head({ title, kind, look, onClose }: { title: string; kind: string; look: Look; onClose(): void }) {
  return (
    <div class="details-head">
      <div>
        <p class="eyebrow">{kind}</p>
        <h2>{title}</h2>
      </div>
      <StateBadge look={look} />
      <button type="button" class="icon" aria-label="Close details" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The host, an uplink: not ours to change. */
function Foreign({ node, props, w }: { node: GraphNode; props: Props; w: World }) {
  const seen = w.interfaces.find((item) => item.name === node.name);
  return (
    <aside class="details" aria-label={`Details of ${node.name}`}>
      <Head title={node.name} kind={node.kind} look={node.look} onClose={props.onClose} />
      <p class="muted">
        {node.kind === "host"
          ? "The machine itself: its addresses stand on the bridges."
          : "An interface of the host; jailnet only plugs it in."}
      </p>
      <Facts
        rows={[
          ["Addresses", rows(node.addresses)],
          ["Type", seen?.type ?? ""],
          ["MAC", seen?.mac ?? ""],
          ["MTU", seen ? String(seen.mtu) : ""],
        ]}
      />
    </aside>
  );
}

export function Details(props: Props) {
  const w = world.value;
  if (w === null) return null;
  const item = find(w, props.object);
  const graph = buildGraph(w);
  const node = graph.nodes.get(props.object) ?? null;
  if (item === null) {
    if (node !== null) return <Foreign node={node} props={props} w={w} />;
    return (
      <aside class="details" aria-label="Details">
        <Head title={props.object} kind="gone" look="stopped" onClose={props.onClose} />
        <p class="muted">There is no {props.object.replace("/", " ")} any more.</p>
      </aside>
    );
  }
  const seen = node ?? graph.cables.find((cable) => cable.id === props.object);
  const differences = seen?.differences ?? [];
  const { status } = item.value;
  return (
    <aside class="details" aria-label={`Details of ${item.kind} ${item.value.name}`} key={props.object}>
      <Head title={item.value.name} kind={item.kind} look={seen?.look ?? "ready"} onClose={props.onClose} />
      {status.reason && (
        <p class="reason">
          {status.reason}
          {status.since && (
            <span class="muted">
              {" since "}
              <Time at={status.since} />
            </span>
          )}
        </p>
      )}
      {differences.length > 0 && (
        <div class="warn">
          <b>The kernel differs</b>
          <ul>
            {differences.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <Repair object={props.object} />
        </div>
      )}
      <div class="actions">
        {actionsOf(item, props).map((action) => (
          <button
            type="button"
            key={action.name}
            class={action.danger ? "danger" : ""}
            aria-pressed={action.pressed}
            onClick={action.run}
          >
            <Icon name={action.icon} />
            {action.name}
          </button>
        ))}
      </div>
      {item.kind === "epair" && (
        <Section title="Ends">
          <EpairEnds epair={item.value} />
        </Section>
      )}
      {(item.kind === "jail" || item.kind === "bridge") && (
        <Section title="Interfaces">
          <Cables w={w} id={props.object} />
        </Section>
      )}
      {item.kind === "jail" && (
        <Section title="Probe" open={false}>
          <ProbeForm jail={item.value.name} />
        </Section>
      )}
      {item.kind !== "interface" && (
        <Section title="Traffic" open={false} lazy>
          <Traffic kind={item.kind} name={item.value.name} />
        </Section>
      )}
      <Section title="Fields">
        <Facts rows={factsOf(item)} />
      </Section>
      <Section title="Events" open={false} lazy>
        <ObjectEvents object={props.object} />
      </Section>
      <Section title="JSON" open={false}>
        <CopyBox label="curl line" text={curlLine({ method: "GET", path: item.path })} />
        <CopyBox label="JSON" text={JSON.stringify(item.value, null, 2)} />
      </Section>
    </aside>
  );
}
