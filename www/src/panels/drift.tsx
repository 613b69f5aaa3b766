/** Where the kernel differs: repair it, or want what it has. */
import { useState } from "preact/hooks";
import { type Call, request } from "../api/client";
import { mayChange } from "../api/session";
import type { Drift } from "../api/types";
import { propose } from "../state/change";
import { linkTo } from "../state/route";
import { announce } from "../state/ui";
import { refresh, world } from "../state/world";
import { SameWithCurl } from "../ui/copy";
import { NothingYet } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
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
  const call: Call = { method: "POST", path: `${pathOf(drift)}/repair` };
  const repair = async () => {
    setBusy(true);
    try {
      await request(call);
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
        {mayChange.value && (
          <>
            <button type="button" disabled={busy} onClick={repair}>
              Repair
            </button>
            <button type="button" onClick={() => adopt(drift)}>
              Adopt…
            </button>
            <SameWithCurl call={call} name="Repair with curl" />
          </>
        )}
      </td>
    </tr>
  );
}

export function DriftView() {
  const drift = world.value?.drift;
  const [error, setError] = useState<unknown>(null);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Drift</h1>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {drift === undefined ? (
        <NothingYet />
      ) : drift.length === 0 ? (
        <p class="empty">The kernel is as wanted. What is changed by hand shows here until it is repaired.</p>
      ) : (
        <Table label="Differences" head={["Object", "Wanted", "In the kernel", "Cause", "Since", "Actions"]}>
          {drift.map((item) => (
            <Row key={`${item.object} ${item.want}`} drift={item} onError={setError} />
          ))}
        </Table>
      )}
    </div>
  );
}
