/** Members of a bridge as a table: each an interface of the host, and how it takes part. */
import { Icon } from "../ui/icon";
import type { Json, JsonObject } from "./form";

/** As it is typed in. */
interface Row {
  name: string;
  private: boolean;
  stp: boolean;
  edge: boolean;
  untagged: string;
  tagged: string; // "10, 20"
}

const fresh: Row = { name: "", private: false, stp: false, edge: false, untagged: "", tagged: "" };
const switches = [
  ["private", "Private"],
  ["stp", "STP"],
  ["edge", "Edge"],
] as const;

export function toRows(members: Record<string, unknown>): string {
  const rows = Object.entries(members).map(([name, port]) => {
    const { tagged, untagged, ...rest } = port as Partial<Row> & { tagged?: number[]; untagged?: number };
    return { ...fresh, ...rest, name, untagged: untagged ? String(untagged) : "", tagged: (tagged ?? []).join(", ") };
  });
  return JSON.stringify(rows);
}

export const numbersOf = (text: string): Json[] =>
  text
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map(Number);

const rowsOf = (text: string) => JSON.parse(text || "[]") as Row[];

export function fromRows(text: string): JsonObject {
  const rows = rowsOf(text).filter((row) => row.name.trim() !== "");
  return Object.fromEntries(
    rows.map(({ name, untagged, tagged, ...rest }) => {
      const port: JsonObject = { ...rest, tagged: numbersOf(tagged) };
      if (untagged.trim() !== "") port.untagged = Number(untagged);
      return [name.trim(), port];
    }),
  );
}

export function Ports({ name, value, onChange }: { name: string; value: string; onChange(value: string): void }) {
  const rows = rowsOf(value);
  const put = (next: Row[]) => onChange(JSON.stringify(next));
  const change = (at: number, part: Partial<Row>) => put(rows.map((row, i) => (i === at ? { ...row, ...part } : row)));
  const text = (row: Row, at: number, key: "name" | "untagged" | "tagged", label: string) => (
    <input
      aria-label={`${label} of row ${at + 1}`}
      placeholder={label}
      spellcheck={false}
      autocomplete="off"
      value={row[key]}
      onInput={(event) => change(at, { [key]: event.currentTarget.value })}
    />
  );
  return (
    <div class="ports-table" data-name={name}>
      {rows.map((row, at) => (
        <div key={at} class="port-row">
          {text(row, at, "name", "Interface")}
          {switches.map(([key, label]) => (
            <label key={key}>
              <input
                type="checkbox"
                checked={row[key]}
                onChange={(event) => change(at, { [key]: event.currentTarget.checked })}
              />
              {label}
            </label>
          ))}
          {text(row, at, "untagged", "Untagged VLAN")}
          {text(row, at, "tagged", "Tagged VLANs")}
          <button
            type="button"
            class="icon"
            aria-label={`Remove ${row.name || "row"}`}
            onClick={() => put(rows.filter((_, i) => i !== at))}
          >
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <button type="button" onClick={() => put([...rows, fresh])}>
        Add a member
      </button>
    </div>
  );
}
