/** A table that scrolls sideways on its own where there is no room for it. */
import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  /** Names of the columns; "Actions" is only spoken. */
  head: readonly string[];
  children: ComponentChildren;
}

export function Table({ label, head, children }: Props) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name}>{name === "Actions" ? <span class="sr">{name}</span> : name}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
