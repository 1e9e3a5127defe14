/* Saves the form of a turn while one types, and says so: saved, saving, not saved yet. Keeps nothing in the browser. */
"use strict";

(() => {
  const form = document.getElementById("writing");
  const said = document.getElementById("saved");
  if (!form || !said) return;
  const pause = 1200, again = 5000;
  let edits = 0, savedEdits = 0, timer = null, running = false, stopped = false;
  form.elements.page.value = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());

  const tell = (state, text) => {
    said.classList.toggle("saved--not", state === "not");
    said.dataset.state = state;
    const look = document.querySelector(`template[data-look="${state}"]`).content.querySelector("svg").cloneNode(true);
    const words = document.createElement("span");
    words.textContent = text;
    said.replaceChildren(look, words);
  };
  const later = (wait) => { clearTimeout(timer); if (!stopped) timer = setTimeout(save, wait); };
  const lost = (text) => tell("not", text);

  async function save() {
    if (running || stopped || edits === savedEdits) return;
    running = true;
    const now = edits;
    tell("saving", "Saving");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "do")),
        redirect: "manual",
      });
      await heard(answer, now);
    } catch {
      lost("Not saved yet. No connection; trying again. Keep this page open.");
      later(again);
    }
    running = false;
  }

  async function heard(answer, now) {
    if (answer.ok) {
      const { saved, version, stop } = await answer.json();
      form.elements.version.value = version;
      savedEdits = now;
      if (stop) { savedEdits = edits; location.assign(form.dataset.stop); return; }
      if (edits === now) tell("saved", `Saved at ${saved}`); else later(pause);
    } else if (answer.status === 409) {
      stopped = true;
      lost("Not saved yet: you also wrote in another window. Press “Save draft” to see both texts.");
    } else if (answer.status === 413) {
      lost("Not saved: this is more than fits into one page. Keep it open, and shorten what is longest.");
    } else if ([400, 401, 403, 404].includes(answer.status) || answer.type === "opaqueredirect") {
      // What is typed after this is tried again with the next key, and takes the place of what was put aside.
      const { kept } = await answer.json().catch(() => ({ kept: false }));
      if (kept && edits === now) savedEdits = now; else if (kept) later(pause);
      lost(kept
        ? "Your sign-in has ended. What you wrote is put aside for you: sign in again, and it is here."
        : "Not saved. Your sign-in has ended: keep this page open, copy what you wrote, and sign in again in another tab.");
    } else {
      lost("Not saved yet. Something went wrong on our side; trying again. Keep this page open.");
      later(again);
    }
  }

  form.addEventListener("input", () => { edits += 1; later(pause); });
  form.addEventListener("change", () => { edits += 1; later(pause / 3); });
  form.addEventListener("submit", () => { savedEdits = edits; stopped = true; clearTimeout(timer); });
  window.addEventListener("online", () => later(0));
  window.addEventListener("goldseam:leaving", () => { savedEdits = edits; stopped = true; });
  window.addEventListener("beforeunload", (event) => { if (edits !== savedEdits) event.preventDefault(); });
})();
