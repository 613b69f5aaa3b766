/** A change that rolls itself back unless somebody says it may stay: a countdown over every view. */
import { useEffect, useState } from "preact/hooks";
import { type Call, messageOf, request, serverNow } from "../api/client";
import type { components } from "../api/schema";
import { mayChange } from "../api/session";
import { propose } from "../state/change";
import { announce } from "../state/ui";
import { refresh } from "../state/world";
import { SameWithCurl } from "../ui/copy";
import { useFetched } from "../ui/fetched";
import { Icon } from "../ui/icon";

type Confirmation = components["schemas"]["Confirmation"];

/** Draws again four times a second. */
function useSeconds(running: boolean): void {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setTurn((turn) => turn + 1), 250);
    return () => clearInterval(timer);
  }, [running]);
}

export function ConfirmBanner() {
  const { value, reload } = useFetched<Confirmation>("/v1/topology/confirm");
  const pending = value?.pending ?? null;
  useSeconds(pending !== null);
  if (pending === null) return null;
  const seconds = Math.max(0, Math.ceil((Date.parse(pending.deadline) - serverNow()) / 1000));

  const keep: Call = { method: "POST", path: `/v1/topology/confirm?if_revision=${pending.revision}` };
  const back: Call = { method: "POST", path: "/v1/topology/rollback", body: { revision: pending.base } };
  const onKeep = async () => {
    try {
      await request(keep);
      announce("Kept");
    } catch (error) {
      announce(messageOf(error));
    }
    reload();
    refresh();
  };
  const onBack = () =>
    propose({
      title: `Take revision ${pending.revision} back`,
      done: "Taken back",
      call: back,
      final: true,
      onDone: reload,
    });

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
      {mayChange.value && (
        <>
          <button type="button" onClick={onBack}>
            Take it back…
          </button>
          <button type="button" class="primary" onClick={onKeep}>
            Keep it
          </button>
          <SameWithCurl call={keep} name="Keep it with curl" />
        </>
      )}
    </div>
  );
}
