// <log-box>: output that grows. New text is added below; a reader at the end stays there, any other stays where they are.

const MOST_KEPT = 2_000_000;

// What of a newer end of the output comes after an older one; null when the two do not overlap.
function added(before, after) {
  if (after.startsWith(before)) return after.slice(before.length);
  const first = after.slice(0, after.indexOf("\n") + 1);
  if (!first) return null;
  for (let at = before.indexOf(first), tries = 0; at >= 0 && tries < 50; at = before.indexOf(first, at + 1), tries += 1) {
    const shared = before.slice(at);
    if (after.startsWith(shared)) return after.slice(shared.length);
  }
  return null;
}

customElements.define(
  "log-box",
  class extends HTMLElement {
    // Take over what a fresh copy of the page shows.
    take(fresh) {
      const box = this.querySelector("pre");
      const code = box?.querySelector("code");
      const now = fresh.querySelector("code");
      if (code && !now) return; // the server could not read it this time
      if (!code) {
        if (this.innerHTML !== fresh.innerHTML) this.replaceChildren(...fresh.childNodes);
        return;
      }
      const more = added(code.textContent, now.textContent);
      if (more === "") return;
      // the box is drawn from its end: 0 is there, and further up is below 0
      const atEnd = box.scrollTop > -4;
      const top = box.scrollTop + box.scrollHeight;
      if (more === null || (atEnd && code.textContent.length > MOST_KEPT)) code.textContent = now.textContent;
      else code.append(more);
      box.scrollTop = atEnd ? 0 : top - box.scrollHeight;
    }
  },
);
