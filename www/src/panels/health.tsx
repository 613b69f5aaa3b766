/** Is the daemon well, what is it, and who are we to it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { send } from "../api/client";
import type { List, Operation, ServerInfo, Whoami } from "../api/types";
import { StateBadge } from "../graph/marks";
import { Facts } from "../ui/facts";
import { useFetched } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
import { Time } from "../ui/time";

const EVERY_MS = 5000;

/** "[+]worker ok" a line. */
function Checks({ text }: { text: string }) {
  const lines = text.split("\n").filter((line) => line.startsWith("["));
  return (
    <ul class="checks">
      {lines.map((line) => (
        <li key={line}>
          <StateBadge look={line.startsWith("[+]") ? "ready" : "failed"} text={line.slice(3)} />
        </li>
      ))}
    </ul>
  );
}

/** It says which check failed with 503, so that this is no error here. */
function useChecks(): { text: string; error: unknown } {
  const [state, setState] = useState<{ text: string; error: unknown }>({ text: "", error: null });
  useEffect(() => {
    const stop = new AbortController();
    const look = () =>
      send({ method: "GET", path: "/readyz?verbose", headers: { Accept: "text/plain" }, signal: stop.signal })
        .then((response) => response.text())
        .then(
          (text) => setState({ text, error: null }),
          (error: unknown) => {
            if (!stop.signal.aborted) setState((old) => ({ ...old, error }));
          },
        );
    void look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, []);
  return state;
}

function Card({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

const looks = { running: "applying", succeeded: "ready", failed: "failed", rolled_back: "drifted" } as const;

function Operations() {
  const { value } = useFetched<List<Operation>>("/v1/operations?limit=20");
  if (value === null) return null;
  if (value.items.length === 0) return <p class="muted">None yet.</p>;
  return (
    <Table label="Last operations" head={["State", "Request", "Who", "Progress", "When"]}>
      {value.items.map((item) => (
        <tr key={item.id}>
          <td>
            <StateBadge look={looks[item.state]} text={item.state.replace("_", " ")} />
          </td>
          <td>
            <code>{`${item.method} ${item.path}`}</code>
            {item.error && <p>{item.error.detail}</p>}
          </td>
          <td class="muted">{item.actor}</td>
          <td>{`${item.steps.done} of ${item.steps.total} steps`}</td>
          <td>
            <Time at={item.created_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function HealthView() {
  const { value: info } = useFetched<ServerInfo>("/v1", EVERY_MS);
  const ready = useChecks();
  const who = useFetched<Whoami>("/v1/whoami");
  return (
    <div class="page">
      <div class="page-head">
        <h1>Health</h1>
        <a href="/docs">API reference</a>
      </div>
      <div class="panels">
        <Card title="Checks">
          {ready.error !== null ? <ProblemNote error={ready.error} /> : <Checks text={ready.text} />}
        </Card>
        <Card title="Daemon">
          {info && (
            <Facts
              rows={[
                ["Version", info.version],
                ["Platform", info.platform],
                ["Features", info.features.join(", ")],
                ["Revision", `${info.revision}, applied ${info.applied_revision}`],
                ["Sandbox", info.sandbox ? "yes" : "no"],
                ["HTTP library", info.http_library],
              ]}
            />
          )}
        </Card>
        <Card title="You">
          {who.value && (
            <Facts
              rows={[
                ["Signed in as", who.value.actor],
                ["Role", who.value.role],
                ["By", who.value.via],
                ["Only", who.value.selector ?? "no limit"],
              ]}
            />
          )}
        </Card>
      </div>
      <h2 class="below">Last operations</h2>
      <Operations />
    </div>
  );
}
