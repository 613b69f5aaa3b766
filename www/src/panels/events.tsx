/** Everything that happened, newest first, live. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import type { EventRow, List } from "../api/types";
import { linkTo } from "../state/route";
import { events } from "../state/world";
import { NothingYet } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Time } from "../ui/time";

const SHOWN = 500;

/** The last events before those that came live. */
async function readLast(): Promise<EventRow[]> {
  const first = (await get<List<EventRow>>("/v1/events?since=0&limit=1")).items[0]?.seq ?? 0;
  let page = await get<List<EventRow>>(`/v1/events?since=${Math.max(0, first - 1)}&limit=10000`);
  let rows = page.items;
  while (page.next !== null) {
    page = await get<List<EventRow>>(`/v1/events?since=${page.next}&limit=10000`);
    rows = [...rows, ...page.items].slice(-SHOWN);
  }
  return rows.slice(-SHOWN).reverse();
}

export function EventLink({ object }: { object: string | null }) {
  if (object === null) return null;
  return <a href={linkTo("topology", { select: object })}>{object}</a>;
}

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

/** isRead false: what was before is not known (yet). */
export function useEvents(): { rows: EventRow[]; isRead: boolean; error: unknown } {
  const [before, setBefore] = useState<EventRow[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    readLast().then(setBefore, setError);
  }, []);
  const live = events.value;
  const oldest = live.at(-1)?.seq ?? Number.POSITIVE_INFINITY;
  const older = (before ?? []).filter((event) => event.seq < oldest);
  return { rows: [...live, ...older].slice(0, SHOWN), isRead: before !== null, error };
}

export function EventsView() {
  const { rows, isRead, error } = useEvents();
  const [text, setText] = useState("");
  const [type, setType] = useState("");
  const types = [...new Set(rows.map((event) => event.type))].sort();
  const words = text.toLowerCase();
  const shown = rows.filter(
    (event) =>
      (type === "" || event.type === type) &&
      (words === "" || `${event.object ?? ""} ${event.actor} ${event.text}`.toLowerCase().includes(words)),
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
          {types.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {!isRead && error === null && <NothingYet error={null} />}
      {isRead && shown.length === 0 && <p class="empty">Nothing happened yet that fits.</p>}
      <EventRows rows={shown} />
    </div>
  );
}
