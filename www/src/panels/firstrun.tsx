/** Nothing there yet: what to start with. */
import { mayChange } from "../api/session";
import { figures, proposeFigure } from "../figures";
import { linkTo } from "../state/route";
import { openCreate } from "./create";

const sketches: Record<string, string> = {
  "Figure 1": "M60 6v14M12 20h96M26 20v14M60 20v14M94 20v14M14 34h24v16H14zM48 34h24v16H48zM82 34h24v16H82z",
  "Figure 2":
    "M30 6v14M10 20h44M66 20h44M20 20v14M44 20v14M76 20v14M100 20v14M11 34h18v16H11zM35 34h18v16H35zM67 34h18v16H67zM91 34h18v16H91zM42 10h36v6H42z",
  "Figure 3":
    "M40 4v8M10 12h96M22 12v8M46 12v8M90 12v8M12 20h20v12H12zM36 20h20v12H36zM80 20h20v12H80zM90 32v6M58 38h56M70 38v7M102 38v7M61 45h18v10H61zM93 45h18v10H93z",
};

export function FirstRun() {
  if (!mayChange.value) {
    return (
      <div class="first-run page">
        <h1>Nothing here yet</h1>
        <p class="muted">No bridge, jail or epair is wanted, and none is there. You may look, not change.</p>
      </div>
    );
  }
  return (
    <div class="first-run page">
      <h1>Nothing here yet</h1>
      <p class="muted">
        No bridge, jail or epair is wanted, and none is there. Start with one of the three figures that explain VNET;
        you see the plan before anything happens.
      </p>
      <ul class="figures">
        {figures.map((figure) => (
          <li key={figure.name}>
            <button type="button" onClick={() => proposeFigure(figure)}>
              <svg viewBox="0 0 120 60" aria-hidden="true">
                <path d={sketches[figure.name] ?? ""} />
              </svg>
              <b>{figure.name}</b>
              <span>{figure.says}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="muted">
        Or{" "}
        <button type="button" class="plain" onClick={() => openCreate("bridge")}>
          make a bridge
        </button>
        , or <a href={linkTo("edit")}>write the whole network as JSON</a>.
      </p>
    </div>
  );
}
