/** The plan on screen before anything happens; then its progress. */
import { useEffect, useState } from "preact/hooks";
import { type Call, carryOut, request, withQuery } from "../api/client";
import { curlLine } from "../api/curl";
import type { Operation, Plan, PlanStep } from "../api/types";
import { type Change, change } from "../state/change";
import { announce } from "../state/ui";
import { refresh } from "../state/world";
import { CopyBox } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { ProblemNote } from "../ui/problem";

export function Steps({ steps }: { steps: PlanStep[] }) {
  return (
    <ol class="steps">
      {steps.map((step, i) => (
        <li key={i}>
          <span class={`op op-${step.op}`}>{step.op}</span>
          <code>{step.object}</code>
          <span>{step.detail}</span>
          {step.interrupts && <em class="interrupts">{step.interrupts}</em>}
        </li>
      ))}
    </ol>
  );
}

function Summary({ steps }: { steps: PlanStep[] }) {
  const interruptions = [...new Set(steps.map((step) => step.interrupts).filter((text) => text !== null))];
  if (steps.length === 0) return <p class="calm">Nothing to do in the kernel: it is as wanted already.</p>;
  if (interruptions.length === 0) {
    return <p class="calm">{steps.length === 1 ? "1 step" : `${steps.length} steps`}; no traffic is interrupted.</p>;
  }
  return (
    <div class="warn">
      <b>{steps.length === 1 ? "1 step" : `${steps.length} steps`}, with interruption:</b>
      <ul>
        {interruptions.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

function close(): void {
  change.value = null;
}

type Phase =
  | { name: "planning" }
  | { name: "planned"; plan: Plan }
  | { name: "refused"; error: unknown }
  | { name: "applying"; plan: Plan; operation: Operation | null }
  | { name: "failed"; plan: Plan; error: unknown };

function Progress({ operation }: { operation: Operation | null }) {
  const steps = operation?.steps;
  return (
    <div class="progress" role="status">
      <progress {...(steps && steps.total > 0 ? { value: steps.done, max: steps.total } : {})} />
      <span>{steps && steps.total > 0 ? `Step ${steps.done} of ${steps.total}` : "Applying…"}</span>
    </div>
  );
}

/** How long the daemon waits for a confirmation before it takes the change back; 0 = it does not. */
function ConfirmChoice({ seconds, onChange }: { seconds: number; onChange(seconds: number): void }) {
  return (
    <label class="inline">
      Take it back unless confirmed
      <select value={String(seconds)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        <option value="0">never</option>
        <option value="30">within 30 s</option>
        <option value="60">within 1 min</option>
        <option value="300">within 5 min</option>
      </select>
    </label>
  );
}

function ChangeSteps({ current }: { current: Change }) {
  const [phase, setPhase] = useState<Phase>({ name: "planning" });
  const [confirm, setConfirm] = useState(0);
  const isWhole = current.call.path.startsWith("/v1/topology");
  const call: Call =
    confirm > 0 ? { ...current.call, path: withQuery(current.call.path, `confirm_timeout=${confirm}`) } : current.call;

  useEffect(() => {
    const stop = new AbortController();
    request<Plan>({ ...current.call, path: withQuery(current.call.path, "dry_run=plan"), signal: stop.signal }).then(
      ({ body }) => setPhase({ name: "planned", plan: body }),
      (error: unknown) => {
        if (!stop.signal.aborted) setPhase({ name: "refused", error });
      },
    );
    return () => stop.abort();
  }, [current]);

  const apply = async (plan: Plan) => {
    setPhase({ name: "applying", plan, operation: null });
    try {
      await carryOut(call, (operation) => setPhase({ name: "applying", plan, operation }));
      close();
      announce(current.done);
      refresh();
      current.onDone?.();
    } catch (error) {
      setPhase({ name: "failed", plan, error });
    }
  };

  const plan = "plan" in phase ? phase.plan : null;
  return (
    <>
      <div class="dialog-body">
        {current.note && <pre class="note">{current.note}</pre>}
        {phase.name === "planning" && (
          <p class="muted" aria-busy="true">
            Asking for the plan…
          </p>
        )}
        {plan && <Summary steps={plan.steps} />}
        {plan && plan.steps.length > 0 && <Steps steps={plan.steps} />}
        {"error" in phase && <ProblemNote error={phase.error} />}
        {phase.name === "applying" && <Progress operation={phase.operation} />}
        <details class="quiet">
          <summary>The same with curl</summary>
          <CopyBox label="curl line" text={curlLine(call)} />
        </details>
      </div>
      <div class="dialog-foot">
        {isWhole && phase.name === "planned" && <ConfirmChoice seconds={confirm} onChange={setConfirm} />}
        <span class="spring" />
        <button type="button" onClick={close}>
          {phase.name === "planned" || phase.name === "planning" ? "Cancel" : "Close"}
        </button>
        {plan && (phase.name === "planned" || phase.name === "failed") && (
          <button type="button" class="primary" data-autofocus onClick={() => apply(plan)}>
            {phase.name === "failed" ? "Try again" : "Apply"}
          </button>
        )}
      </div>
    </>
  );
}

export function ChangeDialog() {
  const current = change.value;
  if (current === null) return null;
  return (
    <Dialog title={current.title} onClose={close} wide>
      <ChangeSteps key={JSON.stringify(current.call)} current={current} />
    </Dialog>
  );
}
