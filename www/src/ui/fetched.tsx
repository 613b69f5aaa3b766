/** Something of the API that a view reads for itself, read anew whenever the world changes. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import { loadError, tick } from "../state/world";

/** What stands where there is nothing to show yet: it is being read, or it could not be. */
export function NothingYet({ error = loadError.value }: { error?: string | null }) {
  return error === null ? (
    <p class="muted" aria-busy="true">
      Reading…
    </p>
  ) : (
    <p class="problem" role="alert">
      {error}
    </p>
  );
}

export interface Fetched<T> {
  value: T | null;
  error: unknown;
  reload(): void;
}

/** every: also read anew after so many milliseconds. */
export function useFetched<T>(path: string, every = 0): Fetched<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const [turn, setTurn] = useState(0);
  const now = tick.value;
  useEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => setTurn((old) => old + 1), every);
    return () => clearInterval(timer);
  }, [every]);
  useEffect(() => {
    const stop = new AbortController();
    get<T>(path, stop.signal).then(
      (value) => setState({ value, error: null }),
      (error: unknown) => {
        if (!stop.signal.aborted) setState((old) => ({ ...old, error }));
      },
    );
    return () => stop.abort();
  }, [path, turn, now]);
  return { ...state, reload: () => setTurn((old) => old + 1) };
}
