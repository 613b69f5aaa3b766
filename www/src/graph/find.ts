/** What a search and a filter by label leave lit.  Pure. */
import type { Graph } from "./model";

export interface Wanted {
  search: string;
  label: string; // "" = no filter, "env" or "env=prod"
}

/** Nodes and cables; null = nothing is looked for. */
export function matches(graph: Graph, options: Wanted): Set<string> | null {
  const words = options.search.trim().toLowerCase();
  if (words === "" && options.label === "") return null;
  const [key = "", value] = options.label.split("=");
  const found = new Set<string>();
  for (const node of graph.nodes.values()) {
    const text = [node.name, ...node.addresses].join(" ").toLowerCase();
    const labelled = options.label === "" || (value === undefined ? key in node.labels : node.labels[key] === value);
    if (labelled && (words === "" || text.includes(words))) found.add(node.id);
  }
  for (const cable of graph.cables) {
    const named =
      words !== "" &&
      [cable.id.slice(cable.id.indexOf("/") + 1), ...cable.ends.map((end) => end.ifname)].some((t) =>
        t.toLowerCase().includes(words),
      );
    if (named && options.label === "") {
      found.add(cable.id);
      for (const end of cable.ends) found.add(end.node);
    } else if (cable.ends.every((end) => found.has(end.node))) found.add(cable.id);
  }
  return found;
}

/** What Enter in the search leads to: what is called so, else the first that has it in it. */
export function bestMatch(graph: Graph, options: Wanted): string | null {
  const words = options.search.trim().toLowerCase();
  const found = [...(matches(graph, options) ?? [])];
  return found.find((id) => id.slice(id.indexOf("/") + 1).toLowerCase() === words) ?? found[0] ?? null;
}
