/** One way to the API: typed answers, problems as exceptions. */
import { signIn } from "./session";
import type { Operation, ProblemBody } from "./types";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Call {
  method: Method;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Answer<T> {
  status: number;
  etag: string | null;
  location: string | null;
  body: T;
}

/** The API said no. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail || body.title);
  }
}

/** The API did not answer. */
export class Unreachable extends Error {
  constructor() {
    super("The daemon does not answer. What you typed is still here; try again when the connection is back.");
  }
}

function isProblem(value: unknown): value is ProblemBody {
  return typeof value === "object" && value !== null && "code" in value && "title" in value;
}

function unknownProblem(status: number, text: string): ProblemBody {
  return {
    type: "about:blank",
    title: `HTTP ${status}`,
    status,
    detail: text.slice(0, 300) || `the server answered ${status}`,
    instance: null,
    code: "internal",
    request_id: null,
    errors: [],
    errno: null,
    kernel_message: null,
    retryable: false,
  };
}

export async function send(call: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...call.headers };
  const init: RequestInit = { method: call.method, headers, credentials: "same-origin", cache: "no-store" };
  if (call.body !== undefined) {
    headers["Content-Type"] = call.method === "PATCH" ? "application/merge-patch+json" : "application/json";
    init.body = JSON.stringify(call.body);
  }
  if (call.signal) init.signal = call.signal;
  try {
    return await fetch(call.path, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new Unreachable();
  }
}

let ahead = Number.NEGATIVE_INFINITY;

/** Date is cut to whole seconds and some time old when it comes, so that the greatest difference is the truest; unless a clock was set. */
function compareClocks(date: string | null): void {
  const difference = date === null ? Number.NaN : Date.parse(date) - Date.now();
  if (difference > ahead || ahead - difference > 5000) ahead = difference;
}

/** What the daemon's clock says now: its deadlines are not ours. */
export const serverNow = () => Date.now() + (Number.isFinite(ahead) ? ahead : 0);

export async function request<T>(call: Call): Promise<Answer<T>> {
  const response = await send(call);
  compareClocks(response.headers.get("Date"));
  const text = await response.text();
  const type = response.headers.get("Content-Type") ?? "";
  const body: unknown = type.includes("json") && text !== "" ? JSON.parse(text) : text;
  if (!response.ok) {
    if (response.status === 401 && call.path !== "/v1/session") signIn.value = "out";
    throw new Problem(response.status, isProblem(body) ? body : unknownProblem(response.status, text));
  }
  return {
    status: response.status,
    etag: response.headers.get("ETag"),
    location: response.headers.get("Location"),
    body: body as T,
  };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await request<T>(signal ? { method: "GET", path, signal } : { method: "GET", path })).body;
}

/** "dry_run=plan" and the like, added to a path that may have a query already. */
export function withQuery(path: string, query: string): string {
  return path + (path.includes("?") ? "&" : "?") + query;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** For Idempotency-Key.  randomUUID() is not there on a page without TLS. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The daemon is away for a moment; what it was asked to do goes on. */
const isPassing = (error: unknown) =>
  error instanceof Unreachable || (error instanceof Problem && error.status === 503);

/** Where to ask for what became of it: an answer that came too early, or the refusal to a second try while the first one is under way. */
async function begin(call: Call): Promise<string | null> {
  try {
    const answer = await request<unknown>({ ...call, headers: { ...call.headers, Prefer: "wait=1" } });
    return answer.status === 202 ? answer.location : null;
  } catch (error) {
    const running =
      error instanceof Problem && error.status === 409 ? /under way: (op_\w+)/.exec(error.body.detail) : null;
    if (running === null) throw error;
    return `/v1/operations/${running[1]}`;
  }
}

/** Carries a change out; an operation that takes longer is followed to its end.  null = the daemon cannot be asked right now. */
export async function carryOut(call: Call, onProgress: (operation: Operation | null) => void): Promise<void> {
  const path = await begin(call);
  while (path !== null) {
    const operation = await get<Operation>(path).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return null;
    });
    onProgress(operation);
    if (operation?.state === "succeeded") return;
    if (operation !== null && operation.state !== "running") {
      const said = operation.error ?? unknownProblem(500, `the operation is ${operation.state}`);
      throw new Problem(said.status, said);
    }
    await pause(250);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
