/** Where the kernel differs: repair it, or want what it has. */
import { useState } from "preact/hooks";
import { request } from "../api/client";
import type { Drift } from "../api/types";
import { propose } from "../state/change";
import { linkTo } from "../state/route";
import { announce } from "../state/ui";
import { refresh, world } from "../state/world";
import { ProblemNote } from "../ui/problem";
import { Time } from "../ui/time";

/** "epair/web0" is "epair:web0" in the drift's own paths. */
const pathOf = (drift: Drift) => `/v1/drift/${encodeURIComponent(drift.object.replace("/", ":"))}`;

function adopt(drift: Drift): void {
  propose({
    title: `Adopt what the kernel has of ${drift.object}`,
    done: `${drift.object} is wanted as it is`,
    call: { method: "POST", path: `${pathOf(drift)}/adopt` },
  });
}

function Row({ drift, onError }: { drift: Drift; onError(error: unknown): void }) {
  const [busy, setBusy] = useState(false);
  const repair = async () => {
    setBusy(true);
    try {
      await request({ method: "POST", path: `${pathOf(drift)}/repair` });
      announce(`${drift.object} repaired`);
      refresh();
    } catch (error) {
      onError(error);
    }
    setBusy(false);
  };
  return (
    <tr>
      <td>
        <a href={linkTo("topology", { select: drift.object })}>{drift.object}</a>
      </td>
      <td>{drift.want || "nothing"}</td>
      <td>{drift.have || "nothing"}</td>
      <td>{drift.cause}</td>
      <td>
        <Time at={drift.since} />
      </td>
      <td class="actions-cell">
        <button type="button" disabled={busy} onClick={repair}>
          Repair
        </button>
        <button type="button" onClick={() => adopt(drift)}>
          Adopt…
        </button>
      </td>
    </tr>
  );
}

export function DriftView() {
  const drift = world.value?.drift ?? [];
  const [error, setError] = useState<unknown>(null);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Drift</h1>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {drift.length === 0 ? (
        <p class="empty">The kernel is as wanted. What is changed by hand shows here until it is repaired.</p>
      ) : (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Table">
          <table>
            <thead>
              <tr>
                <th>Object</th>
                <th>Wanted</th>
                <th>In the kernel</th>
                <th>Cause</th>
                <th>Since</th>
                <th>
                  <span class="sr">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {drift.map((item) => (
                <Row key={`${item.object} ${item.want}`} drift={item} onError={setError} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}
