/** A list newest first, page by page: its beginning follows the world, and older pages stay while they are read. */
import { useEffect, useRef, useState } from "preact/hooks";
import { get, withQuery } from "../api/client";
import type { List } from "../api/types";
import { tick } from "../state/world";

export const PAGE = 100;

interface Row {
  seq: number;
}

interface Trail<T> {
  path: string;
  items: T[];
  next: string | null;
  /** More than the first page is shown. */
  deep: boolean;
}

/** The newest rows, down to one that is known. */
async function readFront<T extends Row>(path: string, known: number, signal: AbortSignal): Promise<List<T>> {
  let page = await get<List<T>>(path, signal);
  const items = [...page.items];
  while (page.next !== null && (items.at(-1)?.seq ?? 0) > known) {
    page = await get<List<T>>(withQuery(path, `cursor=${page.next}`), signal);
    items.push(...page.items);
  }
  return { items, next: page.next };
}

/** What was read already is not thrown away: somebody reads it. */
function put<T extends Row>(old: Trail<T> | null, path: string, front: List<T>): Trail<T> {
  if (old === null || old.path !== path || !old.deep) return { path, ...front, deep: false };
  const last = front.items.at(-1)?.seq ?? 0;
  return { ...old, items: [...front.items, ...old.items.filter((row) => row.seq < last)] };
}

/** path: with limit and filters, without a cursor.  items null = not read (yet). */
export function useTrail<T extends Row>(path: string) {
  const [trail, setTrail] = useState<Trail<T> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const now = tick.value;
  const current = useRef<Trail<T> | null>(null);
  current.current = trail?.path === path ? trail : null;
  useEffect(() => {
    const stop = new AbortController();
    const known = current.current?.deep ? (current.current.items[0]?.seq ?? 0) : Number.POSITIVE_INFINITY;
    readFront<T>(path, known, stop.signal).then(
      (front) => {
        setTrail((old) => put(old, path, front));
        setError(null);
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setError(problem);
      },
    );
    return () => stop.abort();
  }, [path, now]);
  const cursor = current.current?.next ?? null;
  const older = () =>
    get<List<T>>(withQuery(path, `cursor=${cursor}`)).then(
      (page) =>
        setTrail((old) =>
          old?.path === path && old.next === cursor
            ? { path, items: [...old.items, ...page.items], next: page.next, deep: true }
            : old,
        ),
      setError,
    );
  return { items: current.current?.items ?? null, error, older: cursor === null ? null : () => void older() };
}
