// What a page shows is kept up to date: one connection says when it has changed, and the page is then asked for again.
// Where there is no such connection (a proxy holds it back, too many are open) the page is asked for now and then.
const OPEN_MS = 6000;
const QUIET_MS = 45000; // the server says every 15 s that there is nothing new
const RETRY_MS = 60000;
const JITTER_MS = 300;

// `refresh(generation)` asks for the page: with a generation all who heard of it get the same answer.
// `busy()` says whether the page shows something that may move at any time, `concerns(runs)` whether changes of these
// runs, an empty list for a new one, may be seen on it. Returns what ends it.
export function follow(address, refresh, { pollMs = 5000, gapMs = 0, busy = () => false, concerns = () => true } = {}) {
  const timers = {};
  let source = null;
  let heard = 0;
  let connections = 0;
  let wanted = null; // the newest generation that is not shown yet
  let asking = false;
  let last = 0;

  const after = (name, ms, act) => {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(act, ms);
  };

  async function ask() {
    if (asking || wanted === null) return;
    asking = true;
    const generation = wanted;
    wanted = null;
    try {
      await refresh(generation);
    } catch {
      // the server is away: it says hello when it is back
    }
    last = performance.now();
    asking = false;
    if (wanted !== null) want(wanted);
  }

  function want(generation) {
    wanted = generation;
    if (!asking) after("ask", Math.max(Math.random() * JITTER_MS, last + gapMs - performance.now()), ask);
  }

  function poll() {
    document.documentElement.dataset.live = "polls";
    after("poll", pollMs + Math.random() * JITTER_MS, () => {
      want("");
      poll();
    });
  }

  function lost() {
    source?.close();
    source = null;
    poll();
    after("retry", RETRY_MS, connect);
  }

  function watch() {
    after("watch", QUIET_MS / 3, () => (performance.now() - heard > QUIET_MS ? lost() : watch()));
  }

  function connect() {
    source?.close();
    source = new EventSource(address);
    after("open", OPEN_MS, lost);
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        heard = performance.now();
        act(JSON.parse(event.data));
      });
    on("hello", ({ generation, quiet }) => {
      for (const name of ["open", "poll", "retry"]) clearTimeout(timers[name]);
      document.documentElement.dataset.live = "listens";
      watch();
      const age = performance.now() / 1000;
      if (connections++ || busy() || quiet < age + 1) want(generation); // it may have changed since the page was made
    });
    on("change", ({ generation, runs }) => (runs === null || concerns(runs)) && want(generation));
    on("beat", () => {});
    source.addEventListener("error", () => (source?.readyState === EventSource.CLOSED ? lost() : after("open", OPEN_MS, lost)));
  }

  function stop() {
    source?.close();
    source = null;
    for (const name of Object.keys(timers)) clearTimeout(timers[name]);
  }

  // A page that nobody sees holds no connection: a browser has six for a server.
  const turn = () => {
    stop();
    if (document.visibilityState === "visible") connect();
  };
  document.addEventListener("visibilitychange", turn);
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => event.persisted && turn());
  turn();
  return () => {
    document.removeEventListener("visibilitychange", turn);
    stop();
  };
}

// The page as the server has it now; null when it cannot be had.
export async function fetchPage(address, generation) {
  const headers = { Accept: "text/html" };
  if (generation) headers["X-Runyard-Live"] = generation;
  const answer = await fetch(address, { headers, cache: "no-store" });
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
}
