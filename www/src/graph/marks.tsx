/** A state is a shape as well as a colour. */
import type { Look } from "./model";

const lookNames: Record<Look, string> = {
  ready: "ready",
  applying: "applying",
  waiting: "waiting",
  drifted: "drifted",
  failed: "failed",
  dying: "dying",
  stopped: "stopped",
};

/* Made anew each time: an element that is kept and drawn again holds on to every tree it was in. */
const shapes: Record<Look, () => preact.JSX.Element> = {
  ready: () => <circle r="5" class="fill" />,
  applying: () => (
    <g class="turning">
      <circle r="4.2" class="stroke faint" />
      <path d="M0 -4.2 A4.2 4.2 0 0 1 4.2 0" class="stroke" />
    </g>
  ),
  waiting: () => (
    <>
      <circle r="4.2" class="stroke" />
      <path d="M0 -2.4 V0.4 L1.8 1.6" class="stroke thin" />
    </>
  ),
  drifted: () => <path d="M0 -6 L6 0 L0 6 L-6 0 Z" class="fill" />,
  failed: () => (
    <>
      <path d="M0 -6 L6.2 5 L-6.2 5 Z" class="fill" />
      <path d="M0 -2.2 V1.4 M0 3.2 V3.3" class="stroke inverse" />
    </>
  ),
  dying: () => <path d="M-4 -5 H4 L-4 5 H4 Z" class="fill" />,
  stopped: () => <rect x="-4.2" y="-4.2" width="8.4" height="8.4" rx="1" class="stroke" />,
};

export function Mark({ look, x, y }: { look: Look; x: number; y: number }) {
  return (
    <g class={`mark look-${look}`} transform={`translate(${x} ${y})`} aria-hidden="true">
      {shapes[look]()}
    </g>
  );
}

/** The same outside a drawing, with its name. */
export function StateBadge({ look, text }: { look: Look; text?: string }) {
  return (
    <span class={`badge look-${look}`}>
      <svg viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
        <g class={`mark look-${look}`}>{shapes[look]()}</g>
      </svg>
      {text ?? lookNames[look]}
    </span>
  );
}
