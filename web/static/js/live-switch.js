// A button that pauses what a page follows. What its reader has paused stays so on every page of the tab.
const PAUSED = "runyard-live-paused";
let pausedHere = false; // where storage is switched off, on this page only

export function isPaused() {
  try {
    return sessionStorage.getItem(PAUSED) === "true";
  } catch {
    return pausedHere;
  }
}

function keep(paused) {
  pausedHere = paused;
  try {
    if (paused) sessionStorage.setItem(PAUSED, "true");
    else sessionStorage.removeItem(PAUSED);
  } catch {
    // it is paused on this page only
  }
}

// `begin()` follows and returns what ends that. Returns what ends it for good, and takes the button away.
export function addSwitch(begin) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button live-switch" });
  let end = () => {};
  const turn = () => {
    end();
    const paused = isPaused();
    button.textContent = paused ? "Paused" : "Live";
    button.title = paused ? "Follow what changes again" : "This page follows what changes. Pause that";
    button.dataset.is = paused ? "paused" : "live";
    end = paused ? () => {} : begin();
    if (paused) document.documentElement.dataset.live = "paused";
  };
  button.addEventListener("click", () => {
    keep(!isPaused());
    turn();
  });
  const place = () => {
    if (button.isConnected) return;
    const state = document.querySelector("#run-state, main .head .spacer");
    if (state?.matches(".spacer")) state.before(button);
    else if (state) state.after(button);
    else document.querySelector("main .head")?.append(button);
  };
  place();
  const heads = new MutationObserver(place); // a head may be drawn anew
  heads.observe(document.getElementById("main"), { childList: true });
  turn();
  return () => {
    end();
    heads.disconnect();
    button.remove();
  };
}
