/** The main view: the drawing, what searches and filters it, and the details of what is selected. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { matches } from "./graph/find";
import { type Layout, layOut, warmUp } from "./graph/layout";
import { buildGraph, cablesByNode, type Graph, pathOf } from "./graph/model";
import { buildScene, type Scene } from "./graph/scene";
import { fontsReady } from "./graph/text";
import { Canvas, type CanvasHandle } from "./graph/view";
import { Details } from "./panels/details";
import { FirstRun } from "./panels/firstrun";
import { openMove } from "./panels/move";
import { select, selected } from "./state/route";
import { showV4, showV6 } from "./state/ui";
import { isEmpty, loadError, type World, world } from "./state/world";
import { Toolbar, type ViewOptions } from "./toolbar";

warmUp();
const fonts = fontsReady();

/** Lays out one scene at a time, then the newest: in a storm of changes something is drawn all the same. */
function useLayout(scene: Scene | null): { layout: Layout | null; error: string | null } {
  const [state, setState] = useState<{ layout: Layout | null; error: string | null }>({ layout: null, error: null });
  const next = useRef<Scene | null>(null);
  const running = useRef(false);
  const work = async () => {
    running.current = true;
    for (let now = next.current; now !== null; now = next.current) {
      next.current = null;
      try {
        const layout = await layOut(now);
        setState({ layout, error: null });
      } catch (error) {
        setState((old) => ({ ...old, error: String(error) }));
      }
    }
    running.current = false;
  };
  useEffect(() => {
    next.current = scene;
    if (scene !== null && !running.current) void work();
  }, [scene]);
  return state;
}

/** What is on the host and not jailnet's is not drawn among the rest: it can be many.  It is said. */
function Others({ world: w, drawn }: { world: World; drawn: Graph | null }) {
  const list = w.interfaces.filter(
    (item) =>
      item.jail === null && !drawn?.nodes.has(`uplink/${item.name}`) && !drawn?.nodes.has(`bridge/${item.name}`),
  );
  if (list.length === 0) return null;
  return (
    <details class="others">
      <summary>{`${list.length} more on this host`}</summary>
      <ul>
        {list.map((item) => (
          <li key={item.name}>
            <b>{item.name}</b> {item.type}
            {item.bridge && ` in ${item.bridge}`}
            {item.up ? "" : ", down"} <span class="muted">{item.addresses.join(" ")}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

const start: ViewOptions = { search: "", label: "", groupBy: "", focus: null };

export function TopologyView() {
  const data = world.value;
  const [options, setOptions] = useState<ViewOptions>(start);
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [ready, setReady] = useState(false);
  const canvas = useRef<CanvasHandle | null>(null);
  useEffect(() => void fonts.finally(() => setReady(true)), []);

  const graph = useMemo(() => (data ? buildGraph(data) : null), [data]);
  const cables = useMemo(() => (graph ? cablesByNode(graph) : new Map()), [graph]);
  const [v4, v6] = [showV4.value === "yes", showV6.value === "yes"];
  const scene = useMemo(
    () => (graph && ready ? buildScene(graph, { v4, v6, groupBy: options.groupBy, toggled }) : null),
    [graph, ready, v4, v6, options.groupBy, toggled],
  );
  const { layout, error } = useLayout(scene);
  const lit = useMemo(() => {
    if (graph === null) return null;
    return options.focus !== null && graph.nodes.has(options.focus)
      ? pathOf(graph, options.focus)
      : matches(graph, options);
  }, [graph, options]);

  if (data === null) {
    return loadError.value === null ? (
      <div class="blank" aria-busy="true" />
    ) : (
      <p class="problem page">{loadError.value}</p>
    );
  }
  if (isEmpty.value) return <FirstRun />;

  const toggle = (id: string) => {
    const group = layout?.boxes.get(id)?.box.group;
    if (group) setToggled(new Map(toggled).set(id, !group.open));
  };
  return (
    <div class={selected.value === null ? "topology" : "topology with-details"}>
      <div class="stage">
        <Toolbar graph={graph} options={options} onChange={setOptions} canvas={canvas} />
        {error && <p class="problem page">The drawing cannot be laid out: {error}</p>}
        {layout && (
          <Canvas
            layout={layout}
            cables={cables}
            selected={selected.value}
            lit={lit}
            onSelect={select}
            onToggle={toggle}
            onMove={openMove}
            handle={canvas}
          />
        )}
        <Others world={data} drawn={graph} />
      </div>
      {selected.value !== null && (
        <Details
          object={selected.value}
          focus={options.focus}
          onFocus={(focus) => setOptions({ ...options, focus })}
          onClose={() => select(null)}
        />
      )}
    </div>
  );
}
