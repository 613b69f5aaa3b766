/** Parts of the details that can be folded away. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { request, withQuery } from "../api/client";
import { mayChange } from "../api/session";
import type { Epair, Plan, Topology } from "../api/types";
import { buildGraph, cablesByNode, otherEnd } from "../graph/model";
import { linkTo } from "../state/route";
import type { World } from "../state/world";
import { lines } from "../ui/facts";
import { NothingYet } from "../ui/fetched";
import { Icon } from "../ui/icon";
import { ProblemNote } from "../ui/problem";
import { Steps } from "./change";
import { EventRows, useEvents } from "./events";
import { openMove } from "./move";

interface SectionProps {
  title: string;
  children: ComponentChildren;
  open?: boolean;
  /** What is inside works only while it is open. */
  lazy?: boolean;
}

export function Section({ title, children, open = true, lazy = false }: SectionProps) {
  const [shown, setShown] = useState(open);
  return (
    <details class="section" open={shown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>{title}</summary>
      {(shown || !lazy) && children}
    </details>
  );
}

function MoveButton({ ifname, port }: { ifname: string; port: string }) {
  if (!mayChange.value) return null;
  return (
    <button type="button" class="icon" title="Move" aria-label={`Move ${ifname}`} onClick={() => openMove(port, null)}>
      <Icon name="move" />
    </button>
  );
}

export function EpairEnds({ epair }: { epair: Epair }) {
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
            <MoveButton ifname={epair.allocated[side].ifname} port={`epair/${epair.name}:${side === "a" ? 0 : 1}`} />
            <div class="sub">
              <code>{epair.allocated[side].mac}</code>
              {lines(end.addresses)}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** What is plugged into a jail or bridge. */
export function Cables({ w, id }: { w: World; id: string }) {
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
            {(cable.kind === "epair" || (cable.kind === "attachment" && side === 1)) && (
              <MoveButton ifname={end.ifname} port={`${cable.id}:${side}`} />
            )}
            <div class="sub">{lines(end.addresses)}</div>
          </li>
        );
      })}
    </ul>
  );
}

export function ObjectEvents({ object }: { object: string }) {
  const { rows, error } = useEvents({ object }, 30);
  if (error !== null) return <ProblemNote error={error} />;
  if (rows === null) return <NothingYet error={null} />;
  return rows.length === 0 ? <p class="muted">None that is kept.</p> : <EventRows rows={rows} />;
}

/** What the daemon would do to bring it back. */
export function Repair({ object }: { object: string }) {
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
  if (!mayChange.value) return null;
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
