/** What is around every view: name, navigation, connection, theme. */
import type { ComponentChildren } from "preact";
import { messageOf, request } from "./api/client";
import { isAdmin, mayChange, signIn } from "./api/session";
import { ConfirmBanner } from "./panels/confirm";
import { linkTo, type View, view } from "./state/route";
import { announce, theme } from "./state/ui";
import { link, linkReason, loadError, refresh, retryNow, server, world } from "./state/world";
import { Icon } from "./ui/icon";

export function Logo() {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" class="logo-back" />
        <path d="M6 11h20M10 11v8M22 11v8M16 5v6" class="logo-line" />
        <rect x="6" y="19" width="8" height="7" rx="1.6" class="logo-jail" />
        <rect x="18" y="19" width="8" height="7" rx="1.6" class="logo-jail" />
      </svg>
      jailnet
    </span>
  );
}

const always = { value: true };
const tabs: { view: View; name: string; shown?: { value: boolean } }[] = [
  { view: "topology", name: "Topology" },
  { view: "drift", name: "Drift" },
  { view: "macs", name: "MACs" },
  { view: "events", name: "Events" },
  { view: "audit", name: "Audit", shown: isAdmin },
  { view: "history", name: "History" },
  { view: "edit", name: "Edit JSON", shown: mayChange },
  { view: "tokens", name: "Tokens", shown: isAdmin },
  { view: "health", name: "Health" },
];

function Navigation() {
  const drifted = world.value?.drift.length ?? 0;
  const shown = tabs.filter((tab) => (tab.shown ?? always).value);
  return (
    <nav aria-label="Views">
      {shown.map((tab) => (
        <a key={tab.view} href={linkTo(tab.view)} aria-current={view.value === tab.view ? "page" : undefined}>
          {tab.name}
          {tab.view === "drift" && drifted > 0 && (
            <span class="count">
              {drifted}
              <span class="sr"> differences</span>
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}

const themes = ["auto", "light", "dark"] as const;
const themeIcons = { auto: "auto", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? "auto";
  return (
    <button
      type="button"
      class="icon"
      title={`Theme: ${theme.value}`}
      aria-label={`Theme: ${theme.value}. Switch to ${next}`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <Icon name={themeIcons[theme.value]} />
    </button>
  );
}

async function signOut(): Promise<void> {
  try {
    await request({ method: "DELETE", path: "/v1/session" });
    signIn.value = "out";
  } catch (error) {
    announce(messageOf(error));
  }
}

function ConnectionBanner() {
  if (link.value !== "lost") return null;
  return (
    <div class="banner passing" role="alert">
      <Icon name="warning" />
      <span>
        <b>Connection lost.</b> What you see may be old; nothing you typed is lost.{" "}
        <span class="muted">{linkReason.value}</span>
      </span>
      <button type="button" onClick={retryNow}>
        Try now
      </button>
    </div>
  );
}

/** The stream lives, but what it told of could not be read. */
function StaleBanner() {
  if (loadError.value === null || world.value === null || link.value === "lost") return null;
  return (
    <div class="banner passing" role="alert">
      <Icon name="warning" />
      <span>
        <b>What you see may be old.</b> It could not be read anew: <span class="muted">{loadError.value}</span>
      </span>
      <button type="button" onClick={refresh}>
        Read again
      </button>
    </div>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const info = server.value;
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header>
        <a class="home" href={linkTo("topology")} aria-label="jailnet, topology">
          <Logo />
        </a>
        {info?.sandbox && <span class="chip">sandbox</span>}
        <Navigation />
        <div class="tools">
          <span
            class={`live ${link.value}`}
            title={link.value === "live" ? "Live: events arrive as they happen" : linkReason.value}
          >
            <i aria-hidden="true" />
            {link.value}
          </span>
          <ThemeButton />
          <button
            type="button"
            class="icon"
            title={`Sign out ${info?.actor ?? ""}`}
            aria-label="Sign out"
            onClick={signOut}
          >
            <Icon name="leave" />
          </button>
        </div>
      </header>
      <div class="banners">
        <ConnectionBanner />
        <StaleBanner />
        <ConfirmBanner />
      </div>
      <main id="main" tabIndex={0}>
        {children}
      </main>
    </div>
  );
}
