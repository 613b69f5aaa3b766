/** A change on its way: first its plan is shown, then exactly that is carried out, or dropped. */
import { signal } from "@preact/signals";
import { type Call, messageOf, request } from "../api/client";
import type { Topology } from "../api/types";
import { announce } from "./ui";

export interface Proposal {
  title: string;
  call: Call;
  /** Done; "epair web0 moved". */
  done: string;
  /** Makes the call anew when the network has changed since. */
  remake?: () => Promise<Call>;
  /** It ends a change that waits for its confirmation, so it cannot wait for one itself. */
  final?: boolean;
  /** Runs when it is in the kernel. */
  onDone?: () => void;
}

export interface Change extends Proposal {
  serial: number;
}

export const change = signal<Change | null>(null);
let serial = 0;

export function propose(next: Proposal): void {
  change.value = { ...next, serial: ++serial };
}

/** A change of several objects at once: the whole topology, guarded by its ETag. */
export async function proposeEdit(
  title: string,
  done: string,
  edit: (topology: Required<Topology>) => void,
  onDone?: () => void,
): Promise<void> {
  const remake = async (): Promise<Call> => {
    const { body, etag } = await request<Required<Topology>>({ method: "GET", path: "/v1/topology" });
    edit(body);
    return { method: "PUT", path: "/v1/topology", body, headers: { "If-Match": etag ?? "*" } };
  };
  try {
    const call = await remake();
    propose(onDone ? { title, done, call, remake, onDone } : { title, done, call, remake });
  } catch (error) {
    announce(messageOf(error));
  }
}
