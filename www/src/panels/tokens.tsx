/** Who is let in: tokens, and links that sign a browser in once. */
import { useState } from "preact/hooks";
import { type Call, request } from "../api/client";
import { curlLine } from "../api/curl";
import type { components } from "../api/schema";
import type { List } from "../api/types";
import { announce } from "../state/ui";
import { CopyBox, SameWithCurl } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { useFetched } from "../ui/fetched";
import { ProblemNote } from "../ui/problem";
import { Table } from "../ui/table";
import { Time } from "../ui/time";
import { type Field, Form, fromValues, type Values } from "./form";

type Token = components["schemas"]["Token"];
type TokenCreated = components["schemas"]["TokenCreated"];

const fields: Field[] = [
  { path: "name", label: "What it is for", type: "text", required: true },
  { path: "role", label: "Role", type: "choice", options: ["viewer", "operator", "admin"] },
  { path: "selector", label: "Only objects with these labels", type: "text", help: "env=prod,team!=db; empty = all" },
  { path: "cidrs", label: "Only from these addresses", type: "lines", help: "one network a line; empty = any" },
  { path: "days", label: "Expires after days", type: "number", help: "0 = never" },
];

const inviteCall: Call = { method: "POST", path: "/v1/session/code", body: {} };
const revokeCall = (token: Token): Call => ({ method: "DELETE", path: `/v1/tokens/${token.id}` });

function createCall(values: Values): Call {
  const { days, ...made } = fromValues(fields, values, {});
  const body = { ...made, ...(typeof days === "number" ? { expires_in_seconds: days * 86_400 } : {}) };
  return { method: "POST", path: "/v1/tokens", body };
}

function Secret({ title, text, onClose }: { title: string; text: string; onClose(): void }) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        <p>It is shown now and never again.</p>
        <CopyBox label={title} text={text} />
      </div>
      <div class="dialog-foot">
        <span class="spring" />
        <button type="button" class="primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

function TokenRow({ token, onRevoke }: { token: Token; onRevoke(): void }) {
  const limits = [...token.scopes, ...token.cidrs, ...(token.selector ? [token.selector] : [])];
  return (
    <tr>
      <td>
        <b>{token.name}</b>
        <br />
        <code class="muted">{token.id}</code>
      </td>
      <td>{token.role}</td>
      <td>{limits.join(", ") || "none"}</td>
      <td>
        <Time at={token.created_at} />
      </td>
      <td>{token.expires_at ? <Time at={token.expires_at} /> : "never"}</td>
      <td>{token.last_used_at ? <Time at={token.last_used_at} /> : "never"}</td>
      <td class="actions-cell">
        <button type="button" class="danger" onClick={onRevoke} aria-label={`Revoke ${token.name}`}>
          Revoke
        </button>
      </td>
    </tr>
  );
}

export function TokensView() {
  const { value, error, reload } = useFetched<List<Token>>("/v1/tokens?limit=10000");
  const [asking, setAsking] = useState(false);
  const [inviting, setInviting] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const [secret, setSecret] = useState<{ title: string; text: string } | null>(null);
  const [refused, setRefused] = useState<unknown>(null);

  const attempt = async (what: () => Promise<void>) => {
    setRefused(null);
    try {
      await what();
    } catch (cause) {
      setRefused(cause);
    }
    reload();
  };
  const create = (values: Values) =>
    attempt(async () => {
      const answer = await request<TokenCreated>(createCall(values));
      setAsking(false);
      setSecret({ title: "New token", text: answer.body.token ?? "" });
    });
  const revoke = (token: Token) =>
    attempt(async () => {
      setRevoking(null);
      await request(revokeCall(token));
      announce(`${token.name} revoked`);
    });

  return (
    <div class="page">
      <div class="page-head">
        <h1>Tokens</h1>
        <button type="button" onClick={() => setInviting(true)}>
          Sign-in link…
        </button>
        <button type="button" class="primary" onClick={() => setAsking(true)}>
          New token…
        </button>
      </div>
      {error !== null && <ProblemNote error={error} />}
      {refused !== null && !asking && <ProblemNote error={refused} />}
      {value !== null && (
        <Table label="Tokens" head={["Name", "Role", "Limits", "Made", "Expires", "Last used", "Actions"]}>
          {value.items.map((token) => (
            <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />
          ))}
        </Table>
      )}
      {asking && (
        <Dialog title="New token" onClose={() => setAsking(false)}>
          {refused !== null && <ProblemNote error={refused} />}
          <Form
            fields={fields}
            start={{ role: "viewer", days: "90" }}
            submit="Make it"
            onSubmit={create}
            onCancel={() => setAsking(false)}
            below={(values) => <SameWithCurl call={createCall(values)} />}
          />
        </Dialog>
      )}
      {inviting && (
        <Dialog title="Sign-in link" onClose={() => setInviting(false)}>
          <div class="dialog-body">
            <p>
              A browser is signed in by a link that works once. A session cannot make one, or a stolen session could
              live for ever: a token can, and its <code>path</code> goes behind <code>{location.origin}</code>.
            </p>
            <CopyBox label="curl line" text={curlLine(inviteCall)} />
          </div>
          <div class="dialog-foot">
            <span class="spring" />
            <button type="button" class="primary" onClick={() => setInviting(false)}>
              Done
            </button>
          </div>
        </Dialog>
      )}
      {revoking && (
        <Dialog title={`Revoke ${revoking.name}?`} onClose={() => setRevoking(null)}>
          <div class="dialog-body">
            <p>Whoever uses it is shut out at once, and so are the sessions made with it.</p>
            <SameWithCurl call={revokeCall(revoking)} />
          </div>
          <div class="dialog-foot">
            <span class="spring" />
            <button type="button" onClick={() => setRevoking(null)}>
              Cancel
            </button>
            <button type="button" class="danger" onClick={() => revoke(revoking)}>
              Revoke
            </button>
          </div>
        </Dialog>
      )}
      {secret && <Secret {...secret} onClose={() => setSecret(null)} />}
    </div>
  );
}
