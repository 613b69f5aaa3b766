/** Moves one end of an epair, or an interface of the host, to another running jail, a bridge, or the host: by drag, or by this form. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { mayChange } from "../api/session";
import type { Topology } from "../api/types";
import { dropLostRoutes } from "../routes";
import { proposeEdit } from "../state/change";
import { world } from "../state/world";
import { Dialog } from "../ui/dialog";
import { placeOf, placeOptions } from "./create";

interface Moving {
  kind: "epair" | "attachment";
  name: string;
  side: "a" | "b"; // of an epair
  ifname: string;
  target: string | null; // "jail web"
}

const moving = signal<Moving | null>(null);

/** port: "epair/web0:1" or "attachment/re1:1", the end of a cable; target: "jail/web". */
export function openMove(port: string, target: string | null): void {
  if (!mayChange.value) return;
  const [, kind, name = "", index] = /^(epair|attachment)\/(.*):([01])$/.exec(port) ?? [];
  const side = index === "0" ? "a" : "b";
  const epair = world.value?.epairs.find((item) => item.name === name);
  const to = target?.replace("/", " ") ?? null;
  if (kind === "attachment") moving.value = { kind, name, side, ifname: name, target: to };
  else if (epair) moving.value = { kind: "epair", name, side, ifname: epair.allocated[side].ifname, target: to };
}

/** An interface of the host is in a jail or nowhere. */
const optionsFor = ({ kind }: Moving) =>
  kind === "epair"
    ? placeOptions()
    : placeOptions().filter((option) => option.startsWith("jail ") || option === "host");

function move(topology: Required<Topology>, what: Moving, target: string): void {
  const attached = topology.attachments[what.name];
  const end = topology.epairs[what.name]?.[what.side];
  if (what.kind === "attachment") {
    if (target === "host") delete topology.attachments[what.name];
    else if (attached) Object.assign(attached, placeOf(target));
  } else if (end) {
    delete end.jail;
    delete end.bridge;
    Object.assign(end, placeOf(target));
  }
}

function MoveForm({ what }: { what: Moving }) {
  const options = optionsFor(what);
  const [target, setTarget] = useState(options.find((option) => option === what.target) ?? options[0] ?? "host");
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
          (topology) => {
            const change = () => move(topology, what, target);
            if (dropRoutes) dropLostRoutes(topology, change);
            else change();
          },
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
