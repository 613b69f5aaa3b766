/** Above the drawing: search, filter, what is shown, zoom, export, and what can be made. */
import { useState } from "preact/hooks";
import { mayChange } from "./api/session";
import { figures, proposeFigure } from "./figures";
import { exportMermaid, exportPng, exportSvg } from "./graph/export";
import { bestMatch } from "./graph/find";
import type { Graph } from "./graph/model";
import type { CanvasHandle } from "./graph/view";
import { openCreate } from "./panels/create";
import { showV4, showV6 } from "./state/ui";
import { Icon } from "./ui/icon";
import { Menu } from "./ui/menu";

export interface ViewOptions {
  search: string;
  label: string; // "" = no filter, "env" or "env=prod"
  groupBy: string;
  focus: string | null; // only the way out of this jail is lit
}

interface Props {
  graph: Graph | null;
  options: ViewOptions;
  onChange(options: ViewOptions): void;
  canvas: { current: CanvasHandle | null };
}

function labelsOf(graph: Graph | null): { keys: string[]; pairs: string[] } {
  const pairs = new Set<string>();
  for (const node of graph?.nodes.values() ?? [])
    for (const [key, value] of Object.entries(node.labels)) pairs.add(`${key}=${value}`);
  const sorted = [...pairs].sort();
  return { keys: [...new Set(sorted.map((pair) => pair.slice(0, pair.indexOf("="))))], pairs: sorted.slice(0, 200) };
}

function Toggle({ on, name, onChange }: { on: boolean; name: string; onChange(on: boolean): void }) {
  return (
    <button type="button" class="toggle" aria-pressed={on} onClick={() => onChange(!on)}>
      {name}
    </button>
  );
}

function choose(what: typeof showV4, on: boolean): void {
  what.value = on ? "yes" : "no";
}

function SearchBox({ graph, options, onChange, canvas }: Props) {
  const firstHit = () => {
    const hit = graph && bestMatch(graph, options);
    if (hit) canvas.current?.show(hit);
  };
  return (
    <label class="search">
      <Icon name="search" />
      <span class="sr">Search names and addresses</span>
      <input
        type="search"
        placeholder="Search"
        value={options.search}
        onInput={(event) => onChange({ ...options, search: event.currentTarget.value, focus: null })}
        onKeyDown={(event) => {
          if (event.key === "Enter") firstHit();
          if (event.key === "Escape") onChange({ ...options, search: "" });
        }}
      />
    </label>
  );
}

export function Toolbar(props: Props) {
  const { graph, options, onChange, canvas } = props;
  const { keys, pairs } = labelsOf(graph);
  const [more, setMore] = useState(false);
  return (
    <div class={more ? "toolbar more" : "toolbar"} role="toolbar" aria-label="Drawing">
      <SearchBox {...props} />
      <div class="optional">
        <Toggle name="IPv4" on={showV4.value === "yes"} onChange={(on) => choose(showV4, on)} />
        <Toggle name="IPv6" on={showV6.value === "yes"} onChange={(on) => choose(showV6, on)} />
        {pairs.length > 0 && (
          <select
            aria-label="Filter by label"
            value={options.label}
            onChange={(e) => onChange({ ...options, label: e.currentTarget.value })}
          >
            <option value="">any label</option>
            {keys.map((key) => (
              <option key={key} value={key}>{`has ${key}`}</option>
            ))}
            {pairs.map((pair) => (
              <option key={pair}>{pair}</option>
            ))}
          </select>
        )}
        {keys.length > 0 && (
          <select
            aria-label="Group by"
            value={options.groupBy}
            onChange={(e) => onChange({ ...options, groupBy: e.currentTarget.value })}
          >
            <option value="">by bridge</option>
            {keys.map((key) => (
              <option key={key} value={key}>{`by ${key}`}</option>
            ))}
          </select>
        )}
      </div>
      <button type="button" class="toggle narrow-only" aria-expanded={more} onClick={() => setMore(!more)}>
        View
      </button>
      {options.focus !== null && (
        <button type="button" class="toggle" aria-pressed="true" onClick={() => onChange({ ...options, focus: null })}>
          {`path of ${options.focus.replace("jail/", "")}`} ×
        </button>
      )}
      <span class="spring" />
      {mayChange.value && (
        <Menu label="Add" icon="plus" primary>
          <button type="button" onClick={() => openCreate("jail")}>
            Jail on a bridge…
          </button>
          <button type="button" onClick={() => openCreate("bridge")}>
            Bridge…
          </button>
          <button type="button" onClick={() => openCreate("epair")}>
            Epair…
          </button>
          <button type="button" onClick={() => openCreate("attachment")}>
            Interface into a jail…
          </button>
          <hr />
          {figures.map((figure) => (
            <button type="button" key={figure.name} onClick={() => proposeFigure(figure)}>
              {`Load ${figure.name}`}
              <small>{figure.says}</small>
            </button>
          ))}
        </Menu>
      )}
      <Menu label="Export" icon="download">
        <button type="button" onClick={() => exportSvg(canvas.current?.svg() ?? null)}>
          SVG
        </button>
        <button type="button" onClick={() => void exportPng(canvas.current?.svg() ?? null)}>
          PNG
        </button>
        <button type="button" onClick={() => void exportMermaid()}>
          Mermaid
        </button>
      </Menu>
      <span class="zoom">
        <button type="button" class="icon" aria-label="Zoom out" onClick={() => canvas.current?.zoom(0.8)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="icon" aria-label="Fit to window" onClick={() => canvas.current?.fit()}>
          <Icon name="fit" />
        </button>
        <button type="button" class="icon" aria-label="Zoom in" onClick={() => canvas.current?.zoom(1.25)}>
          <Icon name="plus" />
        </button>
      </span>
    </div>
  );
}
