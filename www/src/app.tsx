/** The page: sign-in, or the shell with one of the views in it. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { messageOf, Problem, request } from "./api/client";
import { signIn, signInNote, takeCode } from "./api/session";
import { AuditView } from "./panels/audit";
import { ChangeDialog } from "./panels/change";
import { CreateDialog } from "./panels/create";
import { DriftView } from "./panels/drift";
import { EditDialog } from "./panels/edit";
import { EditorView } from "./panels/editor";
import { EventsView } from "./panels/events";
import { HealthView } from "./panels/health";
import { HistoryView } from "./panels/history";
import { MacsView } from "./panels/macs";
import { MoveDialog } from "./panels/move";
import { TokensView } from "./panels/tokens";
import { Shell } from "./shell";
import { SignInPage } from "./signin";
import { type View, view } from "./state/route";
import { announce, announcement } from "./state/ui";
import { enter } from "./state/world";
import { TopologyView } from "./topology";

const pages: Record<View, () => JSX.Element | null> = {
  topology: TopologyView,
  drift: DriftView,
  macs: MacsView,
  events: EventsView,
  audit: AuditView,
  history: HistoryView,
  edit: EditorView,
  tokens: TokensView,
  health: HealthView,
};

const TOAST_MS = 4000; // as long as its animation

function CurrentView() {
  const Page = pages[view.value];
  return <Page />;
}

/** Speaks for screen readers what only the eye would see. */
function Announcer() {
  const said = announcement.value;
  useEffect(() => {
    const timer = setTimeout(() => {
      announcement.value = null;
    }, TOAST_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div class="toast" aria-live="polite">
      {said && <span key={said.serial}>{said.text}</span>}
    </div>
  );
}

/** False: the link was used already; by this browser, perhaps, which has its cookie. */
async function exchange(code: string): Promise<boolean> {
  try {
    await request({ method: "POST", path: "/v1/session", body: { code } });
    return true;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false;
    throw error;
  }
}

async function start(): Promise<void> {
  const code = takeCode();
  const used = code !== null && !(await exchange(code));
  try {
    await enter();
  } catch (error) {
    if (used) signInNote.value = "This link has been used, or it is too old. Whoever made it can make another one.";
    throw error;
  }
}

function begin(): void {
  signInNote.value = null;
  start().catch((error: unknown) => {
    if (!(error instanceof Problem && error.status === 401)) announce(messageOf(error));
    signIn.value = "out";
  });
}

export function App() {
  useEffect(() => {
    begin();
    // a link that is opened where the page is already
    const onHash = () => location.hash.startsWith("#code=") && begin();
    window.addEventListener("hashchange", onHash);
    return () => window.removeEventListener("hashchange", onHash);
  }, []);
  if (signIn.value === "unknown") return <div class="blank" aria-busy="true" />;
  return (
    <>
      {signIn.value === "out" ? (
        <SignInPage />
      ) : (
        <Shell>
          <CurrentView />
        </Shell>
      )}
      <CreateDialog />
      <EditDialog />
      <MoveDialog />
      <ChangeDialog />
      <Announcer />
    </>
  );
}
