// What a look into a file does with scripts: pictures in two sizes, keys for the next one, the line that was asked for.

function turn(link) {
  const view = document.querySelector("image-view");
  const actual = view.classList.toggle("actual");
  const address = new URL(location.href);
  link.textContent = actual ? "Fit to page" : "Actual size";
  actual ? address.searchParams.set("zoom", "1") : address.searchParams.delete("zoom");
  history.replaceState(history.state, "", address);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-zoom]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  turn(link);
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, summary, audio, video")) return;
  if (!document.querySelector("image-view")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const scrolls = document.querySelector("image-view.actual") === event.target;
  if (rel && !scrolls) document.querySelector(`.preview a[rel="${rel}"]`)?.click();
});

// in a narrow window the tree is a short box above the look
const [tree, current] = [document.querySelector(".files > nav"), document.querySelector(".tree [aria-current]")];
if (tree && current) tree.scrollTop = current.offsetTop - tree.offsetTop - tree.clientHeight / 2;

// a line that cannot be reached by the address's fragment alone: it was asked for with a form
const hit = document.getElementById("hit");
(hit ?? document.querySelector(".numbers .here"))?.scrollIntoView({ block: "center", inline: "nearest" });
