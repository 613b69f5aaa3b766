/** Who changed what, and who was refused what: the audit trail, newest first, page by page. */
import { useState } from "preact/hooks";
import type { components } from "../api/schema";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { PAGE, useTrail } from "../ui/trail";

type AuditList = components["schemas"]["AuditList"];
type Entry = AuditList["items"][number];

const results = ["committed", "undone", "refused"] as const;

function pathOf(actor: string, result: string): string {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (actor !== "") query.set("actor", actor);
  if (result !== "") query.set("result", result);
  return `/v1/audit?${query}`;
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
  const { items, error, older } = useTrail<Entry>(pathOf(actor, result));
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
      {items?.length === 0 && <p class="empty">Nothing that fits.</p>}
      {items !== null && items.length > 0 && (
        <Table label="Audit trail" head={["When", "Who", "What", "Result", "Detail"]}>
          {items.map((entry) => (
            <AuditRow key={entry.seq} entry={entry} />
          ))}
        </Table>
      )}
      {older !== null && (
        <button type="button" onClick={older}>
          Older entries
        </button>
      )}
    </div>
  );
}
