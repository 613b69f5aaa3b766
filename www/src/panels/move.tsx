/** Moves one end of an epair to another running jail, a bridge, or the host: by drag, or by this form. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Topology } from "../api/types";
import { contains } from "../net";
import { proposeEdit } from "../state/change";
import { world } from "../state/world";
import { Dialog } from "../ui/dialog";
import { placeOf, placeOptions } from "./create";

interface Moving {
  epair: string;
  side: "a" | "b";
  ifname: string;
  target: string | null; // "jail web"
}

const moving = signal<Moving | null>(null);

/** port: "epair/web0:1", the end of a cable; target: "jail/web". */
export function openMove(port: string, target: string | null): void {
  const [epair = "", index] = port.replace("epair/", "").split(":");
  const side = index === "0" ? "a" : "b";
  const found = world.value?.epairs.find((item) => item.name === epair);
  if (found)
    moving.value = { epair, side, ifname: found.allocated[side].ifname, target: target?.replace("/", " ") ?? null };
}

/** Routes that lead through networks the jail is no longer in. */
function dropLostRoutes(topology: Required<Topology>, jail: string): void {
  const there = topology.jails[jail];
  if (there?.routes === undefined) return;
  const own = [
    ...Object.values(topology.epairs).flatMap((epair) =>
      [epair.a, epair.b].flatMap((end) => (end?.jail === jail ? (end.addresses ?? []) : [])),
    ),
    ...Object.values(topology.attachments).flatMap((item) => (item.jail === jail ? (item.addresses ?? []) : [])),
  ];
  const kept = Object.entries(there.routes).filter(([, gateway]) => own.some((network) => contains(network, gateway)));
  there.routes = Object.fromEntries(kept);
}

function move(topology: Required<Topology>, what: Moving, target: string, dropRoutes: boolean): void {
  const end = topology.epairs[what.epair]?.[what.side];
  if (end === undefined) return;
  const left = end.jail;
  delete end.jail;
  delete end.bridge;
  Object.assign(end, placeOf(target));
  if (dropRoutes && left !== undefined) dropLostRoutes(topology, left);
}

function MoveForm({ what }: { what: Moving }) {
  const options = placeOptions();
  const [target, setTarget] = useState(what.target ?? options[0] ?? "host");
  const [dropRoutes, setDropRoutes] = useState(true);
  const close = () => {
    moving.value = null;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void proposeEdit(
          `Move ${what.ifname} to ${target}`,
          `${what.ifname} is in ${target}`,
          (topology) => move(topology, what, target, dropRoutes),
          close,
        );
      }}
    >
      <div class="dialog-body form">
        <label class="field">
          <span>To</span>
          <select value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </select>
        </label>
        <label class="field switch">
          <span>Remove routes that lead through it</span>
          <input
            type="checkbox"
            checked={dropRoutes}
            onChange={(event) => setDropRoutes(event.currentTarget.checked)}
          />
          <small class="muted">else the daemon refuses to leave a jail with a gateway it cannot reach</small>
        </label>
      </div>
      <div class="dialog-foot">
        <span class="spring" />
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Show the plan
        </button>
      </div>
    </form>
  );
}

export function MoveDialog() {
  const what = moving.value;
  if (what === null) return null;
  return (
    <Dialog
      title={`Move ${what.ifname}`}
      onClose={() => {
        moving.value = null;
      }}
    >
      <MoveForm what={what} />
    </Dialog>
  );
}
