/** What the daemon said no with: its words, the kernel's, and each field. */
import { messageOf, Problem } from "../api/client";

export function ProblemNote({ error }: { error: unknown }) {
  if (!(error instanceof Problem)) {
    return (
      <p class="problem" role="alert">
        {messageOf(error)}
      </p>
    );
  }
  const { title, detail, errors, kernel_message: kernel, request_id: id } = error.body;
  const fields = errors.filter((item) => item.pointer !== "" || item.detail !== detail);
  return (
    <div class="problem" role="alert">
      <b>{title}</b>
      {detail !== title && fields.length === 0 && <p>{detail}</p>}
      {fields.length > 0 && (
        <ul>
          {fields.map((item) => (
            <li key={`${item.pointer} ${item.detail}`}>
              <code>{item.pointer || "/"}</code> {item.detail}
            </li>
          ))}
        </ul>
      )}
      {kernel && (
        <p>
          The kernel says: <q>{kernel}</q>
        </p>
      )}
      {id && <small class="muted">request {id}</small>}
    </div>
  );
}
