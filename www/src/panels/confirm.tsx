/** A change that rolls itself back unless somebody says it may stay: a countdown over every view. */
import { useEffect, useState } from "preact/hooks";
import { messageOf, request } from "../api/client";
import type { components } from "../api/schema";
import { announce } from "../state/ui";
import { refresh } from "../state/world";
import { useFetched } from "../ui/fetched";
import { Icon } from "../ui/icon";

type Confirmation = components["schemas"]["Confirmation"];

function useClock(running: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

export function ConfirmBanner() {
  const { value, reload } = useFetched<Confirmation>("/v1/topology/confirm");
  const pending = value?.pending ?? null;
  const now = useClock(pending !== null);
  if (pending === null) return null;
  const seconds = Math.max(0, Math.ceil((Date.parse(pending.deadline) - now) / 1000));

  const say = async (path: string, body: unknown, done: string) => {
    try {
      await request(body === undefined ? { method: "POST", path } : { method: "POST", path, body });
      announce(done);
    } catch (error) {
      announce(messageOf(error));
    }
    reload();
    refresh();
  };

  return (
    <div class="banner confirm" role="alertdialog" aria-label="A change waits to be confirmed">
      <Icon name="warning" />
      <span>
        <b>Keep revision {pending.revision}?</b> It is taken back in{" "}
        <b class="countdown" role="timer">
          {seconds} s
        </b>
        . <span class="muted">{pending.actor}</span>
      </span>
      <button type="button" onClick={() => say("/v1/topology/rollback", { revision: pending.base }, "Taken back")}>
        Take it back
      </button>
      <button type="button" class="primary" onClick={() => say("/v1/topology/confirm", undefined, "Kept")}>
        Keep it
      </button>
    </div>
  );
}
