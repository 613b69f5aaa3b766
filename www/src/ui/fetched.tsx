/** Something of the API that a view reads for itself, read anew whenever the world changes. */
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import { tick } from "../state/world";

export interface Fetched<T> {
  value: T | null;
  error: unknown;
  reload(): void;
}

export function useFetched<T>(path: string): Fetched<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const [turn, setTurn] = useState(0);
  const now = tick.value;
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
