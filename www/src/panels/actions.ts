/** What can be done with an object. */
import type { Call } from "../api/client";
import { mayChange } from "../api/session";
import type { Jail, Topology } from "../api/types";
import { dropLostRoutes } from "../routes";
import { propose, proposeEdit } from "../state/change";
import type { IconName } from "../ui/icon";
import { openEdit } from "./edit";
import type { Item } from "./item";
import { openMove } from "./move";

export interface Action {
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

const titles: Record<Item["kind"], (name: string) => string> = {
  bridge: (name) => `Delete bridge ${name} and what hangs on it`,
  jail: (name) => `Delete jail ${name} and what hangs on it`,
  epair: (name) => `Delete epair ${name}`,
  interface: (name) => `Take ${name} back to the host`,
};

/** An object goes together with the epairs and interfaces that hang on it. */
function without(topology: Required<Topology>, { kind, value: { name } }: Item): void {
  const hangs = (ends: ({ bridge?: string; jail?: string } | undefined)[]) =>
    (kind === "bridge" || kind === "jail") && ends.some((end) => end?.[kind] === name);
  for (const [epair, { a, b }] of Object.entries(topology.epairs)) {
    if (hangs([a, b]) || (kind === "epair" && epair === name)) delete topology.epairs[epair];
  }
  for (const [ifname, attached] of Object.entries(topology.attachments)) {
    if (hangs([attached]) || (kind === "interface" && ifname === name)) delete topology.attachments[ifname];
  }
  if (kind === "bridge") delete topology.bridges[name];
  if (kind === "jail") delete topology.jails[name];
}

function remove(item: Item, onGone: () => void): void {
  const { name } = item.value;
  void proposeEdit(
    titles[item.kind](name),
    `${item.kind} ${name} is gone`,
    (topology) => dropLostRoutes(topology, () => without(topology, item)),
    onGone,
  );
}

export interface DetailsProps {
  object: string;
  focus: string | null;
  onFocus(object: string | null): void;
  onClose(): void;
}

export function actionsOf(item: Item, props: DetailsProps): Action[] {
  const actions: Action[] = [];
  if (item.kind === "jail") {
    const jail = item.value;
    if (!mayChange.value) {
      // nothing to start or stop
    } else if (jail.running) {
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
  if (!mayChange.value) return actions;
  if (item.kind === "interface")
    actions.push({ name: "Move", icon: "move", run: () => openMove(`attachment/${item.value.name}:1`, null) });
  actions.push({ name: "Edit", icon: "edit", run: () => openEdit(item) });
  actions.push({
    name: item.kind === "interface" ? "Take back" : "Delete",
    icon: "trash",
    danger: true,
    run: () => remove(item, props.onClose),
  });
  return actions;
}
