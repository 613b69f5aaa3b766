/** The whole network as JSON: checked while it is typed, compared with what is wanted now, applied through its plan. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { get, Problem, request, withQuery } from "../api/client";
import type { components } from "../api/schema";
import type { Topology } from "../api/types";
import { figures } from "../figures";
import { propose } from "../state/change";
import { ProblemNote } from "../ui/problem";
import { compare } from "./compare";
import { DiffRows } from "./history";

const CHECK_AFTER_MS = 350;
const DRAFT = "jailnet.draft";

interface Draft {
  text: string;
  etag: string | null;
  base: Topology;
}

/** Outlives the view and a reload: nothing typed is lost. */
const draft = signal<Draft | null>(readDraft());

function readDraft(): Draft | null {
  try {
    const text = sessionStorage.getItem(DRAFT);
    return text === null ? null : (JSON.parse(text) as Draft);
  } catch {
    return null;
  }
}

function keep(next: Draft | null): void {
  draft.value = next;
  if (next === null) sessionStorage.removeItem(DRAFT);
  else sessionStorage.setItem(DRAFT, JSON.stringify(next));
}

async function load(): Promise<void> {
  const { body, etag } = await request<Topology>({ method: "GET", path: "/v1/topology" });
  keep({ text: JSON.stringify(body, null, 2), etag, base: body });
}

type Verdict =
  | { name: "checking" }
  | { name: "good"; topology: Topology; complete: Topology }
  | { name: "syntax"; why: string }
  | { name: "bad"; error: unknown };

/** First the JSON, then the daemon's own schema and rules. */
function useVerdict(current: Draft | null): Verdict {
  const [verdict, setVerdict] = useState<Verdict>({ name: "checking" });
  const text = current?.text;
  useEffect(() => {
    if (text === undefined) return;
    let topology: Topology;
    try {
      topology = JSON.parse(text) as Topology;
    } catch (error) {
      setVerdict({ name: "syntax", why: error instanceof Error ? error.message : String(error) });
      return;
    }
    const stop = new AbortController();
    setVerdict({ name: "checking" });
    const timer = setTimeout(() => {
      request<components["schemas"]["Valid"]>({
        method: "PUT",
        path: withQuery("/v1/topology", "dry_run=validate"),
        body: topology,
        signal: stop.signal,
      }).then(
        ({ body }) => setVerdict({ name: "good", topology, complete: body.topology ?? topology }),
        (error: unknown) => {
          if (!stop.signal.aborted) setVerdict({ name: "bad", error });
        },
      );
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return verdict;
}

function VerdictNote({ verdict, base }: { verdict: Verdict; base: Topology }) {
  switch (verdict.name) {
    case "checking":
      return <p class="muted">Checking…</p>;
    case "syntax":
      return (
        <p class="problem" role="alert">
          <b>Not JSON yet.</b> {verdict.why}
        </p>
      );
    case "bad":
      return <ProblemNote error={verdict.error} />;
    default:
      return <DiffRows diff={{ changes: compare(base, verdict.complete) }} />;
  }
}

export function EditorView() {
  const [error, setError] = useState<unknown>(null);
  const current = draft.value;
  const verdict = useVerdict(current);
  useEffect(() => {
    if (current === null) load().catch(setError);
  }, [current === null]);

  const apply = async (topology: Topology) => {
    const call = { method: "PUT" as const, path: "/v1/topology", body: topology };
    const headers = current?.etag ? { "If-Match": current.etag } : undefined;
    propose({
      title: "Change the whole network",
      done: "The network is as written",
      call: headers ? { ...call, headers } : call,
      onDone: () => keep(null),
    });
  };
  const rebase = async () => {
    try {
      const { body, etag } = await request<Topology>({ method: "GET", path: "/v1/topology" });
      if (current) keep({ ...current, etag, base: body });
    } catch (cause) {
      setError(cause);
    }
  };
  const [stale, setStale] = useState(false);
  useEffect(() => {
    if (current?.etag == null) return;
    const stop = new AbortController();
    get<Topology>("/v1/topology", stop.signal).then(
      (now) => setStale(JSON.stringify(now) !== JSON.stringify(current.base)),
      (cause: unknown) => {
        if (cause instanceof Problem) setError(cause);
      },
    );
    return () => stop.abort();
  }, [current?.etag]);

  return (
    <div class="page editor">
      <div class="page-head">
        <h1>Edit as JSON</h1>
        <select
          aria-label="Start from"
          value=""
          onChange={(event) => {
            const figure = figures.find((one) => one.name === event.currentTarget.value);
            if (figure && current) keep({ ...current, text: JSON.stringify(figure.topology, null, 2) });
          }}
        >
          <option value="">start from…</option>
          {figures.map((figure) => (
            <option key={figure.name}>{figure.name}</option>
          ))}
        </select>
        <button type="button" onClick={() => keep(null)}>
          Discard
        </button>
        <button
          type="button"
          class="primary"
          disabled={verdict.name !== "good"}
          onClick={() => verdict.name === "good" && void apply(verdict.topology)}
        >
          Show the plan
        </button>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {stale && (
        <div class="warn">
          The network has changed since this text was begun.{" "}
          <button type="button" onClick={() => void rebase().then(() => setStale(false))}>
            Compare with what it is now
          </button>
        </div>
      )}
      {current && (
        <div class="editor-columns">
          <textarea
            aria-label="Topology as JSON"
            spellcheck={false}
            value={current.text}
            onInput={(event) => keep({ ...current, text: event.currentTarget.value })}
          />
          <section aria-label="What changes" aria-live="polite">
            <h2>What changes</h2>
            <VerdictNote verdict={verdict} base={current.base} />
          </section>
        </div>
      )}
    </div>
  );
}
