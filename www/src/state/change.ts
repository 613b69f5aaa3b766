/** A change on its way: first its plan is shown, then it is carried out or dropped. */
import { signal } from "@preact/signals";
import { type Call, messageOf, request } from "../api/client";
import type { Topology } from "../api/types";
import { announce } from "./ui";

export interface Change {
  title: string;
  call: Call;
  /** Done; "epair web0 moved". */
  done: string;
  /** What is drawn of it as text above the plan, e.g. a diff. */
  note?: string;
  /** Runs when it is in the kernel. */
  onDone?: () => void;
}

export const change = signal<Change | null>(null);

export function propose(next: Change): void {
  change.value = next;
}

/** A change of several objects at once: the whole topology, guarded by its ETag. */
export async function proposeEdit(
  title: string,
  done: string,
  edit: (topology: Required<Topology>) => void,
  onDone?: () => void,
): Promise<void> {
  try {
    const { body, etag } = await request<Required<Topology>>({ method: "GET", path: "/v1/topology" });
    edit(body);
    const call: Call = { method: "PUT", path: "/v1/topology", body };
    if (etag !== null) call.headers = { "If-Match": etag };
    propose(onDone ? { title, done, call, onDone } : { title, done, call });
  } catch (error) {
    announce(messageOf(error));
  }
}
