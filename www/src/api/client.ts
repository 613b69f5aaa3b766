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

export async function request<T>(call: Call): Promise<Answer<T>> {
  const response = await send(call);
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

/** Carries a change out; an operation that takes longer is followed to its end. */
export async function carryOut(call: Call, onProgress: (operation: Operation) => void): Promise<Answer<unknown>> {
  const answer = await request<unknown>({ ...call, headers: { ...call.headers, Prefer: "wait=1" } });
  if (answer.status !== 202 || answer.location === null) return answer;
  for (;;) {
    const operation = await get<Operation>(answer.location);
    onProgress(operation);
    if (operation.state === "succeeded") return answer;
    if (operation.state !== "running") {
      const said = operation.error ?? unknownProblem(500, `the operation is ${operation.state}`);
      throw new Problem(said.status, said);
    }
    await pause(250);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
