/** Revisions: what each changed, how it differs from now, and the way back. */
import { useState } from "preact/hooks";
import type { components } from "../api/schema";
import { mayChange } from "../api/session";
import type { List } from "../api/types";
import { propose } from "../state/change";
import { server, world } from "../state/world";
import { useFetched } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Time } from "../ui/time";

type Revision = components["schemas"]["RevisionItem"];
type Diff = components["schemas"]["RevisionDiff"];

const short = (value: unknown) => (value === null || value === undefined ? "—" : JSON.stringify(value));

export function DiffRows({ diff }: { diff: Pick<Diff, "changes"> }) {
  if (diff.changes.length === 0) return <p class="calm">No difference.</p>;
  return (
    <ul class="diff">
      {diff.changes.map((change) => (
        <li key={`${change.op} ${change.object} ${change.path}`}>
          <span class={`op op-${change.op}`}>{change.op}</span>
          <code>
            {change.object}
            {change.path}
          </code>
          <span>
            {change.op !== "create" && <del>{short(change.from)}</del>}
            {change.op !== "delete" && <ins>{short(change.to)}</ins>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function restore(revision: number): void {
  propose({
    title: `Go back to revision ${revision}`,
    done: `The network is as in revision ${revision}`,
    call: { method: "POST", path: "/v1/topology/rollback", body: { revision } },
  });
}

function Compare({ from, to }: { from: number; to: number | null }) {
  const query = to === null ? `from=${from}` : `from=${from}&to=${to}`;
  const { value, error } = useFetched<Diff>(`/v1/revisions/diff?${query}`);
  if (error !== null) return <ProblemNote error={error} />;
  return value === null ? <p class="muted">Comparing…</p> : <DiffRows diff={value} />;
}

function counts(item: Revision): string {
  const parts = [
    [item.created, "created"],
    [item.updated, "changed"],
    [item.deleted, "deleted"],
  ].filter(([n]) => n !== 0);
  return parts.map(([n, word]) => `${n} ${word}`).join(", ") || "nothing";
}

function RevisionRow({
  item,
  newest,
  open,
  onToggle,
}: {
  item: Revision;
  newest: boolean;
  open: boolean;
  onToggle(): void;
}) {
  const [against, setAgainst] = useState<"before" | "now">("before");
  return (
    <li class={open ? "revision open" : "revision"}>
      <button type="button" class="revision-head" aria-expanded={open} onClick={onToggle}>
        <b>{item.revision}</b>
        <Time at={item.at} />
        <span>{counts(item)}</span>
        <span class="muted">
          {item.actor}
          {item.note ? ` · ${item.note}` : item.path ? ` · ${item.method} ${item.path}` : ""}
        </span>
      </button>
      {open && (
        <div class="revision-body">
          <div class="actions">
            <button type="button" aria-pressed={against === "before"} onClick={() => setAgainst("before")}>
              What it changed
            </button>
            <button type="button" aria-pressed={against === "now"} onClick={() => setAgainst("now")}>
              Compared with now
            </button>
            <span class="spring" />
            {mayChange.value && (
              <button type="button" disabled={newest} onClick={() => restore(item.revision)}>
                Restore…
              </button>
            )}
          </div>
          {against === "now" ? (
            <Compare from={item.revision} to={null} />
          ) : item.revision === 0 ? (
            <p class="muted">{item.note ?? "The beginning."}</p>
          ) : (
            <Compare from={item.revision - 1} to={item.revision} />
          )}
        </div>
      )}
    </li>
  );
}

export function HistoryView() {
  const { value, error } = useFetched<List<Revision>>("/v1/revisions?limit=200");
  const [open, setOpen] = useState<number | null>(null);
  const items = value?.items ?? [];
  return (
    <div class="page">
      <div class="page-head">
        <h1>History</h1>
        <span class="muted">
          {server.value && world.value?.etag ? `now at revision ${items[0]?.revision ?? 0}` : ""}
        </span>
      </div>
      {error !== null && <ProblemNote error={error} />}
      <ul class="revisions">
        {items.map((item, i) => (
          <RevisionRow
            key={item.revision}
            item={item}
            newest={i === 0}
            open={open === item.revision}
            onToggle={() => setOpen(open === item.revision ? null : item.revision)}
          />
        ))}
      </ul>
    </div>
  );
}
