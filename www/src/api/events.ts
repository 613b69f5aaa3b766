/**
 * The event stream.  fetch instead of EventSource: it can carry a token, shows status codes, and tells silence from a lost connection.
 * After an interruption it goes on after the last event seen.
 */
import { messageOf, Problem, send, Unreachable } from "./client";
import type { EventRow } from "./types";

export interface StreamHandlers {
  onOpen(resumed: boolean): void;
  onEvent(event: EventRow): void;
  /** Events were lost: whatever was built from them has to be read anew. */
  onReset(): void;
  onLost(why: string): void;
  onRefused(status: number): void;
}

const SILENCE_MS = 18_000; // the server says something every 15 s
const RETRY_MS = [300, 1000, 2000, 4000];

interface Frame {
  type: string;
  data: string;
}

/** Takes whole frames off the front of the text; what is left is the beginning of the next one. */
export function takeFrames(text: string, onFrame: (frame: Frame) => void): string {
  let rest = text;
  for (let end = rest.indexOf("\n\n"); end !== -1; end = rest.indexOf("\n\n")) {
    const frame: Frame = { type: "message", data: "" };
    for (const line of rest.slice(0, end).split("\n")) {
      if (line.startsWith("event: ")) frame.type = line.slice(7);
      else if (line.startsWith("data: ")) frame.data += line.slice(6);
    }
    rest = rest.slice(end + 2);
    if (frame.data !== "") onFrame(frame);
  }
  return rest;
}

export class EventStream {
  private lastSeq: number | null = null;
  private stopped = false;
  private failures = 0;
  private opened = false;
  private abort = new AbortController();
  private wake: (() => void) | null = null;

  constructor(private readonly handlers: StreamHandlers) {}

  start(): void {
    window.addEventListener("offline", this.cut);
    window.addEventListener("online", this.goOn);
    void this.run();
  }

  /** The browser knows before any silence tells. */
  private readonly cut = () => this.abort.abort();
  private readonly goOn = () => this.retryNow();

  stop(): void {
    window.removeEventListener("offline", this.cut);
    window.removeEventListener("online", this.goOn);
    this.stopped = true;
    this.abort.abort();
    this.wake?.();
  }

  /** Does not wait for the next try. */
  retryNow(): void {
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const why = await this.readOnce();
      if (this.stopped) return;
      this.handlers.onLost(why);
      const delay = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, delay);
      });
    }
  }

  private async readOnce(): Promise<string> {
    this.abort = new AbortController();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.lastSeq !== null) headers["Last-Event-ID"] = String(this.lastSeq);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.abort.abort(), SILENCE_MS);
    };
    try {
      const response = await send({ method: "GET", path: "/v1/events", headers, signal: this.abort.signal });
      if (!response.ok || response.body === null) {
        if (response.status === 401 || response.status === 403) {
          this.stopped = true;
          this.handlers.onRefused(response.status);
        }
        return `the server answered ${response.status}`;
      }
      listen();
      this.failures = 0;
      this.handlers.onOpen(this.opened);
      this.opened = true;
      await this.readBody(response.body, listen);
      return "the server ended the stream";
    } catch (error) {
      return error instanceof Unreachable || error instanceof Problem ? messageOf(error) : "the connection broke";
    } finally {
      clearTimeout(silence);
    }
  }

  private async readBody(body: ReadableStream<Uint8Array>, heard: () => void): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text = takeFrames(text + value, (frame) => this.frame(frame));
    }
  }

  private frame(frame: Frame): void {
    if (frame.type === "reset") {
      this.handlers.onReset();
      return;
    }
    const event = JSON.parse(frame.data) as EventRow;
    this.lastSeq = event.seq;
    this.handlers.onEvent(event);
  }
}
