// Hands dropped files straight to the store, one after the other: the server announces each and signs its form.
(() => {
  "use strict";
  const zone = document.querySelector("[data-drop]");
  if (!zone) return;
  const list = document.getElementById("files-list");
  const field = zone.querySelector("input[type=file]");
  const tooLarge = zone.querySelector("[data-too-large]");
  const said = tooLarge.textContent;
  zone.querySelector("[data-plain]").hidden = true;
  zone.querySelector("[data-scripted]").hidden = false;

  const announce = async (file) => {
    const form = new URLSearchParams(new FormData(zone.querySelector("[data-plain]")));
    form.set("name", file.name);
    const answer = await fetch(zone.dataset.begin, { method: "POST", body: form, headers: { "HX-Request": "true" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const made = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html").querySelector("li");
    list.hidden = false;
    document.getElementById("no-files")?.remove();
    list.prepend(document.adoptNode(made));
    return made;
  };

  const send = (row, file) => new Promise((done, failed) => {
    const form = row.querySelector("form");
    const content = new FormData(form);
    content.append("file", file); // last: what comes after the file is not read
    const request = new XMLHttpRequest();
    const bar = row.querySelector("progress");
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = 100 * event.loaded / event.total; });
    request.addEventListener("load", () => (request.status < 300 ? done() : failed(new Error(String(request.status)))));
    request.addEventListener("error", () => failed(new Error("network")));
    request.open("POST", form.action);
    request.send(content);
  });

  const take = async (files) => {
    tooLarge.hidden = true;
    for (const file of files) {
      if (file.size > Number(zone.dataset.largest)) {
        tooLarge.textContent = `${file.name} ${said}`;
        tooLarge.hidden = false;
        continue;
      }
      let row;
      try {
        row = await announce(file);
        await send(row, file);
        // From here on the row asks by itself.
        await window.htmx.ajax("GET", row.dataset.file, { target: row, swap: "outerHTML" });
      } catch {
        if (!row) { location.reload(); return; }
        row.querySelector("[data-failed]").hidden = false;
        row.querySelector("progress").remove();
      }
    }
  };

  field.addEventListener("change", () => { take([...field.files]); field.value = ""; });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop") take([...event.dataTransfer.files]);
    });
  }
})();
