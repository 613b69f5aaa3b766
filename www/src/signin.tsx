/** A token lets in.  It stays in this tab. */
import { useState } from "preact/hooks";
import { messageOf, Problem } from "./api/client";
import { setToken } from "./api/session";
import { Logo } from "./shell";
import { enter } from "./state/world";

export function SignInPage() {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setToken(text.trim());
    try {
      await enter();
    } catch (cause) {
      setToken(null);
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
