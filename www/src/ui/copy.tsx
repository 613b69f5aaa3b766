/** Text to take along: JSON, a command line. */
import type { Call } from "../api/client";
import { curlLine } from "../api/curl";
import { announce } from "../state/ui";
import { Icon } from "./icon";

export function CopyBox({ text, label }: { text: string; label: string }) {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => announce(`${label} copied`),
      () => announce("The browser does not let us copy"),
    );
  return (
    <div class="copy-box">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <button type="button" class="icon" aria-label={`Copy ${label}`} title={`Copy ${label}`} onClick={copy}>
        <Icon name="copy" />
      </button>
    </div>
  );
}

/** The command line that does what the button beside it does. */
export function SameWithCurl({ call, name = "The same with curl" }: { call: Call; name?: string }) {
  return (
    <details class="quiet">
      <summary>{name}</summary>
      <CopyBox label="curl line" text={curlLine(call)} />
    </details>
  );
}
