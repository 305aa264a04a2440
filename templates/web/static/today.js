// Today by keyboard: what an act changes is put in place, and the mark stays where it was.
(() => {
  "use strict";
  const one = (what, inside = document) => inside.querySelector(what);
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let id = "";
  let at = 0;

  const remember = () => {
    const here = one("[data-row].here");
    if (!here) return;
    id = here.id;
    at = Math.max(rows().indexOf(here), 0);
  };
  const put = () => {
    const list = rows();
    const row = document.getElementById(id) || list[Math.min(at, list.length - 1)];
    if (row) (one("a.cover", row) || row).focus({ preventScroll: true });
    else one("#main")?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("focusin", remember);
  document.body.addEventListener("htmx:beforeRequest", remember);

  // A form with something wrong comes back as the panel alone.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const answer = event.detail.xhr.responseText.trimStart();
    if (event.detail.target?.id === "work" && answer.startsWith("<section class=\"panel\"")) event.detail.target = one("#panel");
  });

  // After htmx has settled: until then it lends what comes in the attributes of what it replaces.
  document.body.addEventListener("htmx:afterSettle", (event) => {
    const into = event.detail.target?.id; // none where the browser went back
    const panel = one("#panel");
    if (into === "panel") {
      panel.classList.add("open");
      const wrong = one("[aria-invalid=true]", panel) || one(".error", panel) && one("input[type=radio]:checked", panel);
      const mode = one("[data-mode]", panel)?.dataset.mode;
      const first = { do: "#do input[type=radio]", snooze: "#snooze input[type=date]" }[mode];
      (wrong || (first && one(first, panel)) || one("#panel-title"))?.focus();
      if (innerWidth < 832) panel.scrollIntoView({ block: "start" });
    } else if (into === "work") {
      const work = one("#work");
      history.replaceState(history.state, "", work.dataset.here);
      put();
    }
  });

  const away = (event) => {
    const panel = one("#panel.open");
    const link = panel && one("[data-close]", panel);
    if (!link) return;
    event.preventDefault();
    panel.classList.remove("open");
    panel.replaceChildren();
    history.replaceState(history.state, "", link.href);
    put();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest("dialog") && !event.target.closest("input:not([type=radio]), textarea, select")) away(event);
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-close]") && window.htmx) away(event); });
})();
