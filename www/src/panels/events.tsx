/** Everything that happened, newest first, live. */
import { useState } from "preact/hooks";
import type { EventRow } from "../api/types";
import { events } from "../state/world";
import { NothingYet } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Time } from "../ui/time";
import { PAGE, useTrail } from "../ui/trail";

export function EventRows({ rows }: { rows: EventRow[] }) {
  return (
    <ul class="event-list">
      {rows.map((event) => (
        <li key={event.seq} data-seq={event.seq}>
          <Time at={event.at} />
          <span class={`event-type ${event.type.split(".")[1] ?? ""}`}>{event.type}</span>
          <span>{event.text}</span>
        </li>
      ))}
    </ul>
  );
}

const isOf = (event: EventRow, object: string) => event.object === object || event.object?.startsWith(`${object}:`);

interface Filter {
  object?: string;
  type?: string;
}

/** What is read, and what has come since: the stream tells sooner, and the list fills what the stream lost. */
export function useEvents({ object = "", type = "" }: Filter, limit = PAGE) {
  const query = new URLSearchParams({ order: "desc", limit: String(limit) });
  if (object !== "") query.set("object", object);
  if (type !== "") query.set("type", type);
  const { items, error, older } = useTrail<EventRow>(`/v1/events?${query}`);
  const newest = items?.[0]?.seq ?? (items === null ? Number.POSITIVE_INFINITY : 0);
  const live = events.value.filter(
    (event) => event.seq > newest && (object === "" || isOf(event, object)) && (type === "" || event.type === type),
  );
  return { rows: items === null ? null : [...live, ...items], error, older };
}

/** Types seen so far: what can be chosen. */
const types = new Set<string>();

export function EventsView() {
  const [text, setText] = useState("");
  const [type, setType] = useState("");
  const { rows, error, older } = useEvents({ type });
  for (const event of rows ?? []) types.add(event.type);
  const words = text.toLowerCase();
  const shown = (rows ?? []).filter((event) =>
    `${event.object ?? ""} ${event.actor} ${event.text}`.toLowerCase().includes(words),
  );
  return (
    <div class="page">
      <div class="page-head">
        <h1>Events</h1>
        <label class="search">
          <span class="sr">Search events</span>
          <input
            type="search"
            placeholder="Object, who, words"
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
          />
        </label>
        <select aria-label="Type" value={type} onChange={(e) => setType(e.currentTarget.value)}>
          <option value="">every type</option>
          {[...types].sort().map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {rows === null && error === null && <NothingYet error={null} />}
      {rows !== null && shown.length === 0 && (
        <p class="empty">
          {older === null ? "Nothing happened yet that fits." : "Nothing that fits among those read."}
        </p>
      )}
      <EventRows rows={shown} />
      {older !== null && (
        <button type="button" onClick={older}>
          Older events
        </button>
      )}
    </div>
  );
}
