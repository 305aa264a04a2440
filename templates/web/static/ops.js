// The keyboard, the help, the toast and small confirmations. Everything works without it by links and forms.
//
//   data-row            j and k walk through these, Enter opens the first link in the one that is marked (.here)
//   data-go="t"         g then t follows this link
//   data-key="a"        a presses this button or follows this link: in the marked row, else anywhere on the page
//   data-search         / goes to this field
//   data-sure="…?"      a form that asks first
//   data-toast, data-dismiss   a word that can be put away
//   data-submit         a field whose change sends its form
(() => {
  "use strict";
  const all = (what, inside = document) => [...inside.querySelectorAll(what)];
  const one = (what, inside = document) => inside.querySelector(what);
  const shown = (node) => node.offsetParent !== null;

  // The server does not know the browser's zone: it reads it from here.
  try {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (zone) document.cookie = `relance-zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
  } catch { /* the server falls back to the creditor's zone */ }

  const rows = () => all("[data-row]").filter(shown);
  const here = () => one("[data-row].here");
  const mark = (row) => {
    here()?.classList.remove("here");
    row.classList.add("here");
    (one("a[href], button", row) || row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(here());
    mark(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(Math.max(at + by, 0), list.length - 1)]);
  };
  const press = (key) => {
    const wanted = `[data-key="${CSS.escape(key)}"]`;
    const row = here();
    const found = (row && all(wanted, row).find(shown)) || all(wanted).find((node) => shown(node) && !node.closest("[data-row]"));
    if (!found) return false;
    found.click();
    return true;
  };

  let going = 0; // until when the letter after g counts
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) { typing.blur(); return; }
    if (typing || one("dialog[open]")) return;
    const key = event.key;
    if (going > Date.now()) {
      going = 0;
      const link = one(`[data-go="${CSS.escape(key)}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (key === "g") { going = Date.now() + 1200; return; }
    const does = { j: () => step(1), k: () => step(-1), "?": () => one("#help")?.showModal(), "/": () => one("[data-search]")?.focus() }[key];
    if (does) { event.preventDefault(); does(); return; }
    if (key === "Enter" && here() && event.target.closest("a, button, summary") === null) { event.preventDefault(); one("a[href]", here())?.click(); return; }
    if (key.length === 1 && press(key)) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && !row.classList.contains("here")) { here()?.classList.remove("here"); row.classList.add("here"); }
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sure && !window.confirm(form.dataset.sure)) { event.preventDefault(); event.stopPropagation(); return; }
    // Twice pressed is not twice done.
    if (form.method === "post") setTimeout(() => all("button[type=submit]", form).forEach((b) => { b.disabled = true; }));
  }, true);
  addEventListener("pageshow", (event) => { if (event.persisted) all("button:disabled").forEach((b) => { b.disabled = false; }); });

  document.addEventListener("click", (event) => {
    const dismiss = event.target.closest("[data-dismiss]");
    if (dismiss) dismiss.closest("[data-toast]")?.remove();
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens)?.showModal();
    const unfolds = event.target.closest("[data-unfolds]");
    if (unfolds) document.getElementById(unfolds.dataset.unfolds)?.setAttribute("open", "");
    const prints = event.target.closest("[data-print]");
    if (prints) window.print();
  });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // A word without an undo goes by itself; one with it waits.
  all("[data-toast]").forEach((toast) => { if (!one("form", toast)) setTimeout(() => toast.remove(), 6000); });
  document.body.addEventListener("htmx:afterSwap", () => all("button:disabled").forEach((b) => { b.disabled = false; }));
})();
