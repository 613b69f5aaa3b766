/** The plan on screen before anything happens; then its progress. */
import { useEffect, useState } from "preact/hooks";
import { type Call, carryOut, messageOf, newKey, Problem, request, Unreachable, withQuery } from "../api/client";
import type { Operation, Plan, PlanStep } from "../api/types";
import { type Change, change } from "../state/change";
import { announce, confirmAfter } from "../state/ui";
import { refresh } from "../state/world";
import { SameWithCurl } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { ProblemNote } from "../ui/problem";

export function Steps({ steps }: { steps: PlanStep[] }) {
  return (
    <ol class="steps" tabIndex={0} aria-label="Steps">
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

/** A plan as it is shown, and the request that carries out exactly that: the same one again when its answer was lost. */
interface Attempt {
  plan: Plan;
  call: Call;
}

type Phase =
  | { name: "planning" }
  | { name: "planned"; attempt: Attempt }
  | { name: "refused"; error: unknown }
  | { name: "applying"; attempt: Attempt; operation: Operation | null; lost: boolean }
  | { name: "failed"; attempt: Attempt; error: unknown };

function Progress({ operation, lost }: { operation: Operation | null; lost: boolean }) {
  const steps = operation?.steps;
  const counted = steps !== undefined && steps.total > 0;
  return (
    <div class="progress" role="status">
      <progress {...(counted ? { value: steps.done, max: steps.total } : {})} />
      <span>
        {lost
          ? "No answer; the daemon goes on with it, and is asked again…"
          : counted
            ? `Step ${steps.done} of ${steps.total}`
            : "Applying…"}
      </span>
    </div>
  );
}

/** How long the daemon waits for a confirmation before it takes the change back. */
function ConfirmChoice() {
  return (
    <label class="inline">
      Take it back unless confirmed
      <select
        value={confirmAfter.value}
        onChange={(event) => {
          confirmAfter.value = event.currentTarget.value as typeof confirmAfter.value;
        }}
      >
        <option value="0">never</option>
        <option value="30">within 30 s</option>
        <option value="60">within 1 min</option>
        <option value="300">within 5 min</option>
      </select>
    </label>
  );
}

function withConfirm(call: Call, isFinal: boolean): Call {
  if (isFinal || confirmAfter.value === "0") return call;
  return { ...call, path: withQuery(call.path, `confirm_timeout=${confirmAfter.value}`) };
}

async function planOf(call: Call, signal?: AbortSignal): Promise<Attempt> {
  const path = withQuery(call.path, "dry_run=plan");
  const { body } = await request<Plan>({ ...call, path, ...(signal ? { signal } : {}) });
  const pinned = withQuery(call.path, `if_revision=${body.revision}`);
  return { plan: body, call: { ...call, path: pinned, headers: { ...call.headers, "Idempotency-Key": newKey() } } };
}

const isStale = (error: unknown) => error instanceof Problem && error.status === 412;

function ChangeSteps({ current }: { current: Change }) {
  const [phase, setPhase] = useState<Phase>({ name: "planning" });
  const [call, setCall] = useState(current.call);
  const [moved, setMoved] = useState(false);
  const isFinal = current.final ?? false;

  useEffect(() => {
    const stop = new AbortController();
    planOf(current.call, stop.signal).then(
      (attempt) => setPhase({ name: "planned", attempt }),
      (error: unknown) => {
        if (!stop.signal.aborted) setPhase({ name: "refused", error });
      },
    );
    return () => stop.abort();
  }, [current]);

  const planAgain = async () => {
    setPhase({ name: "planning" });
    try {
      const next = current.remake ? await current.remake() : current.call;
      setCall(next);
      setPhase({ name: "planned", attempt: await planOf(next) });
    } catch (error) {
      setPhase({ name: "refused", error });
    }
  };

  const apply = async (attempt: Attempt) => {
    let operation: Operation | null = null;
    setMoved(false);
    setPhase({ name: "applying", attempt, operation, lost: false });
    try {
      await carryOut(withConfirm(attempt.call, isFinal), (seen) => {
        operation = seen ?? operation;
        setPhase({ name: "applying", attempt, operation, lost: seen === null });
      });
      if (change.value?.serial === current.serial) close();
      announce(current.done);
      refresh();
      current.onDone?.();
    } catch (error) {
      setMoved(isStale(error));
      if (change.value?.serial !== current.serial) announce(`${current.title}: ${messageOf(error)}`);
      else if (isStale(error)) await planAgain();
      else setPhase({ name: "failed", attempt, error });
    }
  };

  const plan = "attempt" in phase ? phase.attempt.plan : null;
  return (
    <>
      <div class="dialog-body">
        {moved && (
          <p class="warn" role="alert">
            The network has changed meanwhile, and nothing was done.{plan && " This is the plan as it is now."}
          </p>
        )}
        {phase.name === "planning" && (
          <p class="muted" aria-busy="true">
            Asking for the plan…
          </p>
        )}
        {plan && <Summary steps={plan.steps} />}
        {plan && plan.steps.length > 0 && <Steps steps={plan.steps} />}
        {"error" in phase && <ProblemNote error={phase.error} />}
        {phase.name === "applying" && <Progress operation={phase.operation} lost={phase.lost} />}
        <SameWithCurl call={withConfirm(call, isFinal)} />
      </div>
      <div class="dialog-foot">
        {!isFinal && phase.name === "planned" && <ConfirmChoice />}
        <span class="spring" />
        <button type="button" onClick={close}>
          {phase.name === "planned" || phase.name === "planning" ? "Cancel" : "Close"}
        </button>
        {phase.name === "planned" && (
          <button type="button" class="primary" data-autofocus onClick={() => apply(phase.attempt)}>
            Apply
          </button>
        )}
        {phase.name === "failed" && (
          <button
            type="button"
            class="primary"
            onClick={() => (phase.error instanceof Unreachable ? apply(phase.attempt) : planAgain())}
          >
            {phase.error instanceof Unreachable ? "Try again" : "Plan again"}
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
      <ChangeSteps key={current.serial} current={current} />
    </Dialog>
  );
}
