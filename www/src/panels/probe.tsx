/** Real packets from one jail to another: round trips, or where it ends. */
import { useState } from "preact/hooks";
import { type Call, request } from "../api/client";
import type { Probe } from "../api/types";
import { buildGraph } from "../graph/model";
import { world } from "../state/world";
import { SameWithCurl } from "../ui/copy";
import { ProblemNote } from "../ui/problem";

/** Addresses of everything that has one, but the jail itself. */
function targets(from: string): { name: string; address: string }[] {
  const w = world.value;
  if (w === null) return [];
  return [...buildGraph(w).nodes.values()]
    .filter((node) => (node.kind === "jail" || node.kind === "host") && node.id !== `jail/${from}`)
    .flatMap((node) =>
      node.addresses.map((address) => ({ name: node.name, address: address.split("/")[0] ?? address })),
    );
}

type State = { name: "idle" } | { name: "busy" } | { name: "done"; probe: Probe } | { name: "failed"; error: unknown };

function Result({ probe, to }: { probe: Probe; to: string }) {
  const reached = probe.received > 0;
  const slowest = Math.max(...probe.rtt_ms, 0.001);
  return (
    <div class={reached ? "probe-result ok" : "probe-result bad"} role="status">
      <b>{reached ? `${probe.received} of ${probe.sent} answered` : `No answer from ${to}`}</b>
      {probe.error && <p>{probe.error}</p>}
      {reached && (
        <ol>
          {probe.rtt_ms.map((rtt, i) => (
            <li key={i}>
              <progress value={rtt} max={slowest} aria-hidden="true" />
              {rtt.toFixed(3)} ms
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

export function ProbeForm({ jail }: { jail: string }) {
  const known = targets(jail);
  const [to, setTo] = useState(known[0]?.address ?? "");
  const [state, setState] = useState<State>({ name: "idle" });
  const call: Call = { method: "POST", path: `/v1/jails/${encodeURIComponent(jail)}/probe`, body: { to, count: 3 } };

  const run = async (event: Event) => {
    event.preventDefault();
    setState({ name: "busy" });
    try {
      setState({ name: "done", probe: (await request<Probe>(call)).body });
    } catch (error) {
      setState({ name: "failed", error });
    }
  };

  return (
    <form class="probe" onSubmit={run}>
      <label class="field">
        <span>Send packets to</span>
        <input
          list="probe-targets"
          required
          spellcheck={false}
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
        <datalist id="probe-targets">
          {known.map(({ name, address }) => (
            <option key={`${name} ${address}`} value={address}>
              {name}
            </option>
          ))}
        </datalist>
      </label>
      <button type="submit" disabled={state.name === "busy"}>
        {state.name === "busy" ? "Sending…" : "Send"}
      </button>
      {state.name === "done" && <Result probe={state.probe} to={to} />}
      {state.name === "failed" && <ProblemNote error={state.error} />}
      <SameWithCurl call={call} />
    </form>
  );
}
