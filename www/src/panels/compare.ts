/** What differs between two topologies; a field left out has its default, and is not a difference. */
import type { components } from "../api/schema";
import type { Topology } from "../api/types";

type Change = components["schemas"]["RevisionDiff"]["changes"][number];
type Fields = Record<string, unknown>;

const kinds = { bridges: "bridge", epairs: "epair", jails: "jail", attachments: "attachment" } as const;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isDefault = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isFields(value) && Object.values(value).every(isDefault));

function fields(object: string, path: string, from: unknown, to: unknown): Change[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  if (isFields(from) && isFields(to)) {
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.flatMap((name) => fields(object, `${path}/${name}`, from[name], to[name]));
  }
  // the daemon writes defaults out: true, 1500 and "jailnet" may be left out as well
  if (to === undefined || (isDefault(from) && isDefault(to)))
    return isDefault(from) || !isCollection(from) ? [] : [{ op: "change", object, path, from, to: null }];
  return [{ op: "change", object, path, from: from ?? null, to: to ?? null }];
}

const isCollection = (value: unknown) => Array.isArray(value) || isFields(value) || typeof value === "string";

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
