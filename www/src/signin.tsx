/** A token lets in; the daemon gives a session cookie for it. */
import { useState } from "preact/hooks";
import { messageOf, Problem, request } from "./api/client";
import { signInNote } from "./api/session";
import { Logo } from "./shell";
import { enter } from "./state/world";

export function SignInPage() {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await request({ method: "POST", path: "/v1/session", body: { token: text.trim() } });
      await enter();
    } catch (cause) {
      setError(
        cause instanceof Problem && cause.status === 401
          ? "This token is not known here, or it has expired."
          : messageOf(cause),
      );
    }
    setBusy(false);
  };

  return (
    <main class="signin">
      <form class="card" onSubmit={submit}>
        <Logo />
        <h1>Sign in</h1>
        <p class="muted">
          Paste an API token. The first one is in <code>admin.token</code> in the daemon's state directory.
        </p>
        {signInNote.value && (
          <p class="warn" role="alert">
            {signInNote.value}
          </p>
        )}
        <label class="field">
          <span>Token</span>
          <input
            type="password"
            name="token"
            autocomplete="current-password"
            placeholder="jnd_…"
            required
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        {error && (
          <p class="problem" role="alert">
            {error}
          </p>
        )}
        <button class="primary" type="submit" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
