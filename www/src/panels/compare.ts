/** What differs between two topologies, both as the daemon tells them: every default written out. */
import type { components } from "../api/schema";
import type { Topology } from "../api/types";

type Change = components["schemas"]["RevisionDiff"]["changes"][number];
type Fields = Record<string, unknown>;

const kinds = { bridges: "bridge", epairs: "epair", jails: "jail", attachments: "attachment" } as const;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One line for each leaf that differs; lists count as leaves. */
function fields(object: string, path: string, from: unknown, to: unknown): Change[] {
  if (isFields(from) && isFields(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.flatMap((name) => fields(object, `${path}/${name}`, from[name], to[name]));
  }
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  return [{ op: "change", object, path, from: from ?? null, to: to ?? null }];
}

export function compare(from: Topology, to: Topology): Change[] {
  const changes: Change[] = [];
  for (const [key, kind] of Object.entries(kinds) as [keyof typeof kinds, string][]) {
    const [before, after]: [Fields, Fields] = [from[key] ?? {}, to[key] ?? {}];
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const object = `${kind}/${name}`;
      if (!(name in before)) changes.push({ op: "create", object, path: "", from: null, to: after[name] });
      else if (!(name in after)) changes.push({ op: "delete", object, path: "", from: before[name], to: null });
      else changes.push(...fields(object, "", before[name], after[name]));
    }
  }
  return changes;
}
