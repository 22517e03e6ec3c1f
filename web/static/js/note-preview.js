// <note-preview>: around the field of a note in Markdown, shows what the note will look like.

document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("../css/note-preview.css", import.meta.url).href }));

customElements.define(
  "note-preview",
  class extends HTMLElement {
    connectedCallback() {
      if (this.button) return;
      this.field = this.firstElementChild;
      this.view = Object.assign(document.createElement("div"), { className: "prose", hidden: true, tabIndex: 0 });
      this.view.setAttribute("role", "region");
      this.view.setAttribute("aria-label", "Preview");
      this.button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Preview" });
      this.button.addEventListener("click", () => (this.view.hidden ? this.show() : this.turn(false)));
      this.append(this.view, this.button);
    }

    turn(shown) {
      this.view.hidden = !shown;
      this.field.hidden = shown;
      this.button.textContent = shown ? "Write" : "Preview";
      if (!shown) this.querySelector("textarea").focus();
    }

    async show() {
      const address = new URL("ui/notes/preview", new URL(document.body.dataset.home, location.href));
      const text = this.querySelector("textarea").value;
      try {
        const answer = await fetch(address, { method: "POST", body: new URLSearchParams({ text }) });
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        this.view.innerHTML = (await answer.text()) || "<p>Nothing is written yet.</p>"; // cleaned by the server as all notes are
      } catch (problem) {
        this.view.textContent = `There can be no preview now: ${problem.message}.`;
      }
      this.turn(true);
    }
  },
);
