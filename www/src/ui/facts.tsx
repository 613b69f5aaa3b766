/** Names and values, one below the other; what is empty is left out. */
import type { ComponentChildren } from "preact";

export type Fact = [name: string, value: ComponentChildren];

export function Facts({ rows }: { rows: Fact[] }) {
  const filled = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return (
    <dl class="facts">
      {filled.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export const lines = (list: string[] | undefined) =>
  (list ?? []).length === 0
    ? ""
    : (list ?? []).map((text) => (
        <code class="row" key={text}>
          {text}
        </code>
      ));

/** "key → value", one a line. */
export const pairs = (object: Record<string, unknown> | undefined) =>
  lines(Object.entries(object ?? {}).map(([key, value]) => (value === "" ? key : `${key} → ${String(value)}`)));
