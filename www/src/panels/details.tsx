/** All about one object, and what can be done with it. */
import { curlLine } from "../api/curl";
import { mayChange } from "../api/session";
import { StateBadge } from "../graph/marks";
import { buildGraph, type GraphNode, type Look } from "../graph/model";
import { type World, world } from "../state/world";
import { CopyBox } from "../ui/copy";
import { Facts, lines } from "../ui/facts";
import { Icon } from "../ui/icon";
import { Time } from "../ui/time";
import { actionsOf, type DetailsProps } from "./actions";
import { factsOf, find } from "./item";
import { ProbeForm } from "./probe";
import { Cables, EpairEnds, ObjectEvents, Repair, Section } from "./sections";
import { Traffic } from "./traffic";

function Head({ title, kind, look, onClose }: { title: string; kind: string; look: Look; onClose(): void }) {
  return (
    <div class="details-head">
      <div>
        <p class="eyebrow">{kind}</p>
        <h2>{title}</h2>
      </div>
      <StateBadge look={look} />
      <button type="button" class="icon" aria-label="Close details" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The host, an uplink: not ours to change. */
function Foreign({ node, props, w }: { node: GraphNode; props: DetailsProps; w: World }) {
  const seen = w.interfaces.find((item) => item.name === node.name);
  return (
    <aside class="details" aria-label={`Details of ${node.name}`}>
      <Head title={node.name} kind={node.kind} look={node.look} onClose={props.onClose} />
      <p class="muted">
        {node.kind === "host"
          ? "The machine itself: its addresses stand on the bridges."
          : "An interface of the host; jailnet only plugs it in."}
      </p>
      <Facts
        rows={[
          ["Addresses", lines(node.addresses)],
          ["Type", seen?.type ?? ""],
          ["MAC", seen?.mac ?? ""],
          ["MTU", seen ? String(seen.mtu) : ""],
        ]}
      />
    </aside>
  );
}

export function Details(props: DetailsProps) {
  const w = world.value;
  if (w === null) return null;
  const item = find(w, props.object);
  const graph = buildGraph(w);
  const node = graph.nodes.get(props.object) ?? null;
  if (item === null) {
    if (node !== null) return <Foreign node={node} props={props} w={w} />;
    return (
      <aside class="details" aria-label="Details">
        <Head title={props.object} kind="gone" look="stopped" onClose={props.onClose} />
        <p class="muted">There is no {props.object.replace("/", " ")} any more.</p>
      </aside>
    );
  }
  const seen = node ?? graph.cables.find((cable) => cable.id === props.object);
  const differences = seen?.differences ?? [];
  const { status } = item.value;
  return (
    <aside class="details" aria-label={`Details of ${item.kind} ${item.value.name}`} key={props.object}>
      <Head title={item.value.name} kind={item.kind} look={seen?.look ?? "ready"} onClose={props.onClose} />
      {status.reason && (
        <p class="reason">
          {status.reason}
          {status.since && (
            <span class="muted">
              {" since "}
              <Time at={status.since} />
            </span>
          )}
        </p>
      )}
      {differences.length > 0 && (
        <div class="warn">
          <b>The kernel differs</b>
          <ul>
            {differences.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <Repair object={props.object} />
        </div>
      )}
      <div class="actions">
        {actionsOf(item, props).map((action) => (
          <button
            type="button"
            key={action.name}
            class={action.danger ? "danger" : ""}
            aria-pressed={action.pressed}
            onClick={action.run}
          >
            <Icon name={action.icon} />
            {action.name}
          </button>
        ))}
      </div>
      {item.kind === "epair" && (
        <Section title="Ends">
          <EpairEnds epair={item.value} />
        </Section>
      )}
      {(item.kind === "jail" || item.kind === "bridge") && (
        <Section title="Interfaces">
          <Cables w={w} id={props.object} />
        </Section>
      )}
      {item.kind === "jail" && mayChange.value && (
        <Section title="Probe" open={false}>
          <ProbeForm jail={item.value.name} />
        </Section>
      )}
      {item.kind !== "interface" && (
        <Section title="Traffic" open={false} lazy>
          <Traffic kind={item.kind} name={item.value.name} />
        </Section>
      )}
      <Section title="Fields">
        <Facts rows={factsOf(item)} />
      </Section>
      <Section title="Events" open={false} lazy>
        <ObjectEvents object={props.object} />
      </Section>
      <Section title="JSON" open={false}>
        <CopyBox label="curl line" text={curlLine({ method: "GET", path: item.path })} />
        <CopyBox label="JSON" text={JSON.stringify(item.value, null, 2)} />
      </Section>
    </aside>
  );
}
