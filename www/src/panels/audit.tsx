/** Who changed what, and who was refused what: the audit trail, newest first, page by page. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import type { components } from "../api/schema";
import { tick } from "../state/world";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
import { Time } from "../ui/time";

type AuditList = components["schemas"]["AuditList"];
type Entry = AuditList["items"][number];

const PAGE = 100;
const results = ["committed", "undone", "refused"] as const;

function pathOf(actor: string, result: string, cursor: string | null): string {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (actor !== "") query.set("actor", actor);
  if (result !== "") query.set("result", result);
  if (cursor !== null) query.set("cursor", cursor);
  return `/v1/audit?${query}`;
}

interface Trail {
  items: Entry[];
  next: string | null;
}

/** The first page follows the world; older ones are asked for. */
function useTrail(actor: string, result: string) {
  const [trail, setTrail] = useState<Trail | null>(null);
  const [error, setError] = useState<unknown>(null);
  const now = tick.value;
  useEffect(() => {
    const stop = new AbortController();
    get<AuditList>(pathOf(actor, result, null), stop.signal).then(
      (page) => {
        setTrail({ items: page.items, next: page.next });
        setError(null);
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setError(problem);
      },
    );
    return () => stop.abort();
  }, [actor, result, now]);
  const older = () => {
    if (trail?.next == null) return;
    get<AuditList>(pathOf(actor, result, trail.next)).then(
      (page) => setTrail({ items: [...trail.items, ...page.items], next: page.next }),
      setError,
    );
  };
  return { trail, error, older };
}

function AuditRow({ entry }: { entry: Entry }) {
  return (
    <tr data-seq={entry.seq}>
      <td>
        <Time at={entry.at} />
      </td>
      <td>
        {entry.actor ?? "nobody"}
        {entry.peer !== null && (
          <>
            <br />
            <code class="muted">{entry.peer}</code>
          </>
        )}
      </td>
      <td>
        <code>
          {entry.method} {entry.path}
        </code>
      </td>
      <td>
        {entry.result}
        {entry.status !== 0 && <span class="muted"> {entry.status}</span>}
      </td>
      <td>{entry.detail}</td>
    </tr>
  );
}

export function AuditView() {
  const [actor, setActor] = useState("");
  const [result, setResult] = useState("");
  const { trail, error, older } = useTrail(actor, result);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Audit</h1>
        <label class="search">
          <span class="sr">Who, exactly as it is written below</span>
          <input
            type="search"
            placeholder="uid:0, token:tk_…"
            maxLength={63}
            onChange={(e) => setActor(e.currentTarget.value.trim())}
          />
        </label>
        <select aria-label="Result" value={result} onChange={(e) => setResult(e.currentTarget.value)}>
          <option value="">every result</option>
          {results.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {trail?.items.length === 0 && <p class="empty">Nothing that fits.</p>}
      {trail !== null && trail.items.length > 0 && (
        <Table label="Audit trail" head={["When", "Who", "What", "Result", "Detail"]}>
          {trail.items.map((entry) => (
            <AuditRow key={entry.seq} entry={entry} />
          ))}
        </Table>
      )}
      {trail?.next != null && (
        <button type="button" onClick={older}>
          Older entries
        </button>
      )}
    </div>
  );
}
