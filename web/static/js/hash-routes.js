// Clients of MLflow print addresses such as /#/experiments/1/runs/abc: the part after # never reaches the server.
(() => {
  const base = document.currentScript.dataset.base.replace(/\/$/, "");
  const hash = location.hash;
  if (!hash.startsWith("#/")) return;
  const [path, query = ""] = hash.slice(2).split("?");
  const parts = path.split("/").filter(Boolean);
  const to = (target) => location.replace(base + target);
  const ids = (name) => {
    try {
      const list = JSON.parse(new URLSearchParams(query).get(name));
      return Array.isArray(list) ? list.map(String).map(encodeURIComponent).join(",") : "";
    } catch {
      return "";
    }
  };
  if (parts[0] === "models") {
    const version = parts[2] === "versions" && parts[3] ? `/versions/${parts[3]}` : "";
    to(parts[1] ? `/models/${parts[1]}${version}` : "/models");
  } else if (parts[0] === "experiments" && parts[2] === "models") {
    to(`/experiments/${parts[1]}/models${parts[3] ? `/${parts[3]}` : ""}`);
  } else if (parts[0] === "experiments" && parts[2] === "runs" && parts[3]) {
    const tail = parts[4] === "artifacts" ? "/artifacts" : "";
    to(`/runs/${parts[3]}${tail}`);
  } else if (parts[0] === "experiments" && parts[1]) {
    to(`/experiments/${parts[1]}`);
  } else if (parts[0] === "compare-runs") {
    to(`/compare?runs=${ids("runs")}`);
  } else if (parts[0] === "metric") {
    const key = new URLSearchParams(query).get("metric") || parts[1] || "";
    let plain = key;
    try {
      plain = JSON.parse(key);
    } catch {
      // older clients send the key as it is
    }
    to(`/metric?key=${encodeURIComponent(plain)}&runs=${ids("runs")}`);
  } else {
    to("/");
  }
})();
