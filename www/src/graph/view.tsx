/** The drawing on its canvas: zoom, pan, keyboard, dragging a cable's end to another place. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Drawing, type Marked } from "./draw";
import type { Layout } from "./layout";
import type { Cable } from "./model";

interface Camera {
  x: number;
  y: number;
  k: number;
}
const ZOOM_MIN = 0.08;
const ZOOM_MAX = 2.5;
const MARGIN = 36;
const PAN_STEP = 80;

export interface CanvasHandle {
  zoom(by: number): void;
  fit(): void;
  show(id: string): void;
  svg(): SVGSVGElement | null;
}

interface Props {
  layout: Layout;
  cables: ReadonlyMap<string, Cable[]>;
  selected: string | null;
  lit: ReadonlySet<string> | null;
  onSelect(id: string | null): void;
  onToggle(group: string): void;
  /** The end of a cable was dropped on a jail or bridge. */
  onMove(port: string, target: string): void;
  handle: { current: CanvasHandle | null };
}

interface Place {
  id: string;
  x: number;
  y: number;
}

/** Middles of everything that can have the focus. */
function placesOf(layout: Layout): Place[] {
  const places: Place[] = [];
  for (const placed of layout.boxes.values()) {
    places.push({ id: placed.box.id, x: placed.x + placed.width / 2, y: placed.y + placed.box.height / 2 });
    if (!placed.box.group?.open) continue;
    for (const member of placed.box.group.members) {
      places.push({ id: member.node.id, x: placed.x + member.x + 66, y: placed.y + member.y + 17 });
    }
  }
  return places;
}

const arrows: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The nearest place in that direction; what lies aside counts double. */
function nextPlace(places: Place[], from: Place, [dx, dy]: [number, number]): Place | null {
  let best: Place | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const along = (place.x - from.x) * dx + (place.y - from.y) * dy;
    const aside = Math.abs((place.x - from.x) * dy) + Math.abs((place.y - from.y) * dx);
    if (along < 4) continue;
    const cost = along + aside * 2;
    if (cost < bestCost) [best, bestCost] = [place, cost];
  }
  return best;
}

function fitting(layout: Layout, width: number, height: number): Camera {
  // the frame and the uplinks' cables reach a little beyond the layout
  const [w, h] = [layout.width + 56, layout.height + 56];
  const k = Math.min(1.15, Math.max(ZOOM_MIN, Math.min((width - MARGIN) / w, (height - MARGIN) / h)));
  return { k, x: (width - layout.width * k) / 2, y: Math.max(MARGIN * k + 8, (height - layout.height * k) / 2) };
}

type Drag =
  | { what: "pan"; pointer: number; from: Camera; x: number; y: number; moved: boolean }
  | { what: "port"; pointer: number; port: string; x: number; y: number; moved: boolean };

const targetOf = (element: Element | null) => element?.closest("[data-node]")?.getAttribute("data-node") ?? null;

const placeOfElement = (element: Element) =>
  targetOf(element) ?? element.closest("[data-group]")?.getAttribute("data-group") ?? null;

export function Canvas(props: Props) {
  const { layout, cables, selected, lit } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [camera, setCamera] = useState<Camera | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [line, setLine] = useState<{ x1: number; y1: number; x2: number; y2: number } | null>(null);
  const drag = useRef<Drag | null>(null);
  const shown = useRef<string | null>(null); // the selected thing that has been brought into view
  const wanted = useRef<string | null>(null); // to be shown as soon as its group is open
  const pinch = useRef(new Map<number, { x: number; y: number }>());
  const touched = useRef(false); // until then the drawing is kept fitted
  const places = useMemo(() => placesOf(layout), [layout]);
  const tabStop = places.some((place) => place.id === focused) ? focused : (places[0]?.id ?? null);

  const size = () => svg.current?.getBoundingClientRect() ?? new DOMRect(0, 0, 800, 600);
  const fit = () => {
    touched.current = false;
    const box = size();
    setCamera(fitting(layout, box.width, box.height));
  };
  const zoomAt = (x: number, y: number, by: number) => {
    touched.current = true;
    setCamera((old) => {
      if (old === null) return old;
      const k = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, old.k * by));
      return { k, x: x - ((x - old.x) * k) / old.k, y: y - ((y - old.y) * k) / old.k };
    });
  };
  const pan = (dx: number, dy: number) => {
    touched.current = true;
    setCamera((old) => old && { ...old, x: old.x + dx, y: old.y + dy });
  };
  const bringIntoView = (place: Place) => {
    const box = size();
    setCamera((old) => {
      if (old === null) return old;
      const [x, y] = [old.x + place.x * old.k, old.y + place.y * old.k];
      const inside = x > 60 && y > 40 && x < box.width - 60 && y < box.height - 40;
      if (inside && old.k > 0.3) return old;
      touched.current = true;
      const k = Math.max(old.k, 0.6);
      return { k, x: box.width / 2 - place.x * k, y: box.height / 2 - place.y * k };
    });
  };

  /** Of a cable, that is the jail at its end. */
  const placeOf = (id: string): string => {
    const own = [...cables].find(([node, list]) => node.startsWith("jail/") && list.some((cable) => cable.id === id));
    return own?.[0] ?? id;
  };
  const show = (id: string) => {
    const node = placeOf(id);
    const place = places.find((one) => one.id === node);
    if (place) bringIntoView(place);
    const closed = [...layout.boxes.values()].find(({ box }) =>
      box.group?.members.some((member) => !box.group?.open && member.node.id === node),
    );
    wanted.current = closed ? node : null;
    if (closed) props.onToggle(closed.box.id);
  };

  useLayoutEffect(() => {
    if (!touched.current) fit();
    const place = places.find((one) => one.id === wanted.current);
    if (!place) return;
    wanted.current = null;
    bringIntoView(place);
  }, [layout]);

  useEffect(() => {
    if (selected !== null && selected !== shown.current) show(selected);
    shown.current = selected;
  }, [selected]);

  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => {
      if (!touched.current) fit();
    });
    watch.observe(element);
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoomAt(event.clientX - box.left, event.clientY - box.top, Math.exp(-event.deltaY * 0.0015));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      watch.disconnect();
      element.removeEventListener("wheel", onWheel);
    };
  }, [layout]);

  props.handle.current = {
    zoom: (by) => {
      const box = size();
      zoomAt(box.width / 2, box.height / 2, by);
    },
    fit,
    show,
    svg: () => svg.current,
  };

  const focusOn = (place: Place) => {
    setFocused(place.id);
    bringIntoView(place);
    requestAnimationFrame(() => {
      const query = place.id.startsWith("group/") ? "data-group" : "data-node";
      svg.current?.querySelector<SVGGElement>(`[${query}="${CSS.escape(place.id)}"]`)?.focus({ preventScroll: true });
    });
  };

  const activate = (element: Element | null) => {
    const group = element?.closest("[data-group]")?.getAttribute("data-group");
    const node = targetOf(element);
    const cable = element?.closest("[data-cable]")?.getAttribute("data-cable");
    if (node !== null) {
      setFocused(node);
      shown.current = node;
      props.onSelect(node);
    } else if (group) {
      setFocused(group);
      props.onToggle(group);
    } else {
      shown.current = cable?.startsWith("epair/") ? cable : null;
      props.onSelect(shown.current);
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = arrows[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow && event.shiftKey) pan(-arrow[0] * PAN_STEP, -arrow[1] * PAN_STEP);
    else if (arrow) {
      const from = places.find((place) => place.id === tabStop) ?? places[0];
      const next = from && nextPlace(places, from, arrow);
      if (next) focusOn(next);
    } else if (event.key === "Home" && places[0]) focusOn(places[0]);
    else if (event.key === "Enter" || event.key === " ") activate(event.target as Element);
    else if (event.key === "+" || event.key === "=") props.handle.current?.zoom(1.25);
    else if (event.key === "-") props.handle.current?.zoom(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Escape") props.onSelect(null);
    else return;
    event.preventDefault();
  };

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0 || camera === null) return;
    pinch.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const port = (event.target as Element).closest("[data-port]")?.getAttribute("data-port");
    const common = { pointer: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    drag.current =
      port && /^(epair|attachment)\//.test(port)
        ? { what: "port", port, ...common }
        : { what: "pan", from: camera, ...common };
  };

  const onPinch = (event: PointerEvent): boolean => {
    const before = pinch.current.get(event.pointerId);
    if (before === undefined) return false;
    const [other] = [...pinch.current].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    pinch.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (other === undefined) return false;
    const was = Math.hypot(before.x - other.x, before.y - other.y) || 1;
    const is = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    const box = size();
    zoomAt((event.clientX + other.x) / 2 - box.left, (event.clientY + other.y) / 2 - box.top, is / was);
    drag.current = null;
    return true;
  };

  const onPointerMove = (event: PointerEvent) => {
    if (onPinch(event)) return;
    const now = drag.current;
    if (now === null || now.pointer !== event.pointerId) return;
    const [dx, dy] = [event.clientX - now.x, event.clientY - now.y];
    if (!now.moved && Math.hypot(dx, dy) < 4) return;
    if (!now.moved) svg.current?.setPointerCapture(event.pointerId);
    now.moved = true;
    if (now.what === "pan") {
      touched.current = true;
      setCamera({ ...now.from, x: now.from.x + dx, y: now.from.y + dy });
    } else {
      const box = size();
      setLine({ x1: now.x - box.left, y1: now.y - box.top, x2: event.clientX - box.left, y2: event.clientY - box.top });
    }
  };

  const onPointerUp = (event: PointerEvent) => {
    const now = drag.current;
    pinch.current.delete(event.pointerId);
    drag.current = null;
    setLine(null);
    if (now === null) return;
    if (!now.moved) activate(event.target as Element);
    else if (now.what === "port") {
      const target = targetOf(document.elementFromPoint(event.clientX, event.clientY));
      if (target?.startsWith("jail/") || target?.startsWith("bridge/")) props.onMove(now.port, target);
    }
  };

  const marked: Marked = { selected, focused: tabStop, lit };
  const far = camera !== null && camera.k < 0.42;
  return (
    <svg
      ref={svg}
      role="group"
      aria-label="Topology. Arrow keys go from one to the next, with Shift they move the drawing, Enter shows details, plus and minus zoom."
      class={`canvas${far ? " far" : ""}${line ? " dragging" : ""}`}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => setFocused(placeOfElement(event.target as Element) ?? focused)}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
    >
      {camera !== null && (
        <g class="world" transform={`translate(${camera.x} ${camera.y}) scale(${camera.k})`}>
          <Drawing layout={layout} marked={marked} cables={cables} />
        </g>
      )}
      {line && <path class="rubber" d={`M${line.x1} ${line.y1} L${line.x2} ${line.y2}`} />}
    </svg>
  );
}
