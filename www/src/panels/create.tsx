/** New objects. */
import { signal } from "@preact/signals";
import type { Topology } from "../api/types";
import { type Proposal, propose, proposeEdit } from "../state/change";
import { select } from "../state/route";
import { world } from "../state/world";
import { Dialog } from "../ui/dialog";
import { type Field, Form, fromValues, type JsonObject, type Values } from "./form";

export type Creatable = "bridge" | "jail" | "epair" | "attachment";

const creating = signal<Creatable | null>(null);
export function openCreate(kind: Creatable): void {
  creating.value = kind;
}

const names = (list: { name: string }[] | undefined) => (list ?? []).map((item) => item.name);

function freeName(prefix: string, taken: string[]): string {
  let n = 0;
  while (taken.includes(`${prefix}${n}`)) n++;
  return `${prefix}${n}`;
}

/** Where an end can be: "host", "bridge lan0", "jail web". */
export function placeOptions(): string[] {
  const w = world.value;
  return [
    ...names(w?.bridges).map((name) => `bridge ${name}`),
    ...names(w?.jails).map((name) => `jail ${name}`),
    "host",
  ];
}

export function placeOf(option: string): JsonObject {
  const [kind = "", name = ""] = option.split(" ");
  return kind === "host" ? {} : { [kind]: name };
}

function fieldsOf(kind: Creatable): { title: string; fields: Field[]; start: Values } {
  const w = world.value;
  const name: Field = { path: "name", label: "Name", type: "text", required: true };
  switch (kind) {
    case "bridge":
      return {
        title: "New bridge",
        fields: [
          name,
          {
            path: "addresses",
            label: "Addresses of the host",
            type: "lines",
            help: "with prefix length, one a line; none is fine",
          },
          {
            path: "uplinks",
            label: "Uplinks",
            type: "lines",
            help: "interfaces of the host that become members, one a line",
          },
        ],
        start: { name: freeName("bridge", names(w?.bridges)) },
      };
    case "jail":
      return {
        title: "New jail",
        fields: [
          name,
          { path: "place", label: "Connected to", type: "choice", options: [...names(w?.bridges), "nothing yet"] },
          { path: "addresses", label: "Addresses", type: "lines", help: "with prefix length, one a line" },
          { path: "routes", label: "Routes", type: "pairs", help: "one a line: default = 192.0.2.1" },
        ],
        start: { place: names(w?.bridges)[0] ?? "nothing yet" },
      };
    case "epair":
      return {
        title: "New epair",
        fields: [
          name,
          { path: "from", label: "End a", type: "choice", options: placeOptions() },
          { path: "to", label: "End b", type: "choice", options: placeOptions() },
          { path: "addresses", label: "Addresses of end b", type: "lines", help: "with prefix length, one a line" },
        ],
        start: {
          name: freeName("epair", names(w?.epairs)),
          from: placeOptions()[0] ?? "host",
          to: placeOptions().at(-2) ?? "host",
        },
      };
    default:
      return {
        title: "Interface into a jail",
        fields: [
          {
            path: "name",
            label: "Interface",
            type: "choice",
            options: (w?.interfaces ?? []).filter((item) => item.jail === null).map((item) => item.name),
            required: true,
          },
          { path: "jail", label: "Jail", type: "choice", options: names(w?.jails), required: true },
          { path: "addresses", label: "Addresses", type: "lines", help: "with prefix length, one a line" },
        ],
        start: { name: w?.interfaces.find((item) => item.jail === null)?.name ?? "", jail: names(w?.jails)[0] ?? "" },
      };
  }
}

function newJail(jail: string, made: JsonObject, then: () => void): void {
  const epair = freeName("epair", names(world.value?.epairs));
  void proposeEdit(
    `New jail ${jail}`,
    `Jail ${jail} is there`,
    (topology) => addJail(topology, jail, made, epair),
    then,
  );
}

function addJail(topology: Required<Topology>, jail: string, made: JsonObject, epair: string): void {
  topology.jails[jail] = { hostname: jail, routes: made.routes as Record<string, string> };
  if (made.place !== "nothing yet") {
    topology.epairs[epair] = { a: { bridge: String(made.place) }, b: { jail, addresses: made.addresses as string[] } };
  }
}

function changeOf(kind: Creatable, made: JsonObject): Proposal {
  const name = String(made.name);
  const addresses = made.addresses ?? [];
  switch (kind) {
    case "bridge": {
      const members = Object.fromEntries(((made.uplinks ?? []) as string[]).map((uplink) => [uplink, {}]));
      return {
        title: `New bridge ${name}`,
        done: `Bridge ${name} is there`,
        call: { method: "POST", path: "/v1/bridges", body: { name, addresses, members } },
      };
    }
    case "epair": {
      const body = { name, a: placeOf(String(made.from)), b: { ...placeOf(String(made.to)), addresses } };
      return {
        title: `New epair ${name}`,
        done: `Epair ${name} is there`,
        call: { method: "POST", path: "/v1/epairs", body },
      };
    }
    default:
      return {
        title: `${name} into jail ${String(made.jail)}`,
        done: `${name} is in jail ${String(made.jail)}`,
        call: {
          method: "PUT",
          path: `/v1/interfaces/${encodeURIComponent(name)}/jail`,
          body: { jail: made.jail, addresses },
        },
      };
  }
}

export function CreateDialog() {
  const kind = creating.value;
  if (kind === null) return null;
  const { title, fields, start } = fieldsOf(kind);
  const close = () => {
    creating.value = null;
  };
  const submit = (values: Values) => {
    const made = fromValues(fields, values, {});
    const name = String(made.name);
    const then = () => {
      close();
      select(kind === "attachment" ? `jail/${String(made.jail)}` : `${kind}/${name}`);
    };
    if (kind === "jail") newJail(name, made, then);
    else propose({ ...changeOf(kind, made), onDone: then });
  };
  return (
    <Dialog title={title} onClose={close}>
      <Form fields={fields} start={start} submit="Show the plan" onSubmit={submit} onCancel={close} />
    </Dialog>
  );
}
