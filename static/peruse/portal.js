// What every page of the portal does in the browser. No inline script anywhere: all is delegated.
(() => {
  const text = (name) => document.body.dataset[name] || "";

  // --- Short notes at the lower right ---------------------------------------------------------
  function toast(message, kind = "info") {
    const place = document.getElementById("toasts");
    if (!place || !message) return;
    const note = document.createElement("div");
    note.className = `toast show align-items-center border-0 text-bg-${kind}`;
    note.textContent = message;
    place.replaceChildren(note);
    setTimeout(() => note.remove(), 4000);
  }

  // --- Colours ---------------------------------------------------------------------------------
  function markTheme() {
    const chosen = window.peruseTheme.chosen();
    document.querySelectorAll("[data-theme]").forEach((button) => {
      button.classList.toggle("active", button.dataset.theme === chosen);
    });
  }

  // --- Copy buttons ----------------------------------------------------------------------------
  async function copy(button) {
    const value = button.dataset.copy || document.querySelector(button.dataset.copyFrom)?.innerText;
    try {
      await navigator.clipboard.writeText(value);
      toast(text("textCopied"), "success");
    } catch {
      selectText(button.parentElement.querySelector("code"));
    }
  }

  function selectText(element) {
    if (element) window.getSelection().selectAllChildren(element);
  }

  // --- Confirmation ----------------------------------------------------------------------------
  function ask(question, goOn) {
    const dialog = document.getElementById("confirm");
    if (!dialog) return void (window.confirm(question) && goOn());
    dialog.querySelector("#confirm-text").textContent = question;
    dialog.returnValue = "no";
    dialog.onclose = () => dialog.returnValue === "yes" && goOn();
    dialog.showModal();
  }

  function confirmFirst(event) {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (!question || form.dataset.confirmed) return false;
    event.preventDefault();
    event.stopPropagation();
    const submitter = event.submitter;
    ask(question, () => {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.confirmed;
    });
    return true;
  }

  // --- A second click sends nothing ------------------------------------------------------------
  function sendOnce(form) {
    if (form.method !== "post" || form.hasAttribute("hx-post") || form.hasAttribute("data-again")) return;
    setTimeout(() => {
      form.querySelectorAll("button:not([type=button]), input[type=submit]").forEach((button) => {
        button.disabled = true;
      });
    });
  }

  function allowAgain() {
    document.querySelectorAll("form button[disabled]:not([data-off])").forEach((button) => {
      button.disabled = false;
    });
  }

  // --- Search palette (Ctrl-K) -----------------------------------------------------------------
  function openPalette() {
    const palette = document.getElementById("palette");
    if (!palette || palette.open) return;
    palette.showModal();
    const field = palette.querySelector("input");
    field.select();
    window.htmx?.trigger(field, "palette-open");
  }

  function movePalette(event) {
    const palette = event.target.closest("#palette");
    if (!palette) return;
    const options = [...palette.querySelectorAll("[role=option]")];
    const current = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") mark(options, (current + 1) % options.length);
    else if (event.key === "ArrowUp") mark(options, (current - 1 + options.length) % options.length);
    else if (event.key === "Enter") (options[current] || options[0])?.click();
    else return;
    event.preventDefault();
  }

  function mark(options, index) {
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    options[index]?.scrollIntoView({ block: "nearest" });
  }

  // --- Rows of a form that can be added and removed ----------------------------------------------
  function addRow(button) {
    const place = document.querySelector(button.dataset.addRow);
    const template = document.querySelector(`${button.dataset.addRow}-empty`);
    const total = document.querySelector(button.dataset.total);
    const number = Number(total.value);
    const copyOf = template.content.cloneNode(true);
    copyOf.querySelectorAll("*").forEach((element) => {
      for (const attribute of element.attributes) {
        attribute.value = attribute.value.replaceAll("__prefix__", String(number));
      }
    });
    place.append(copyOf);
    total.value = String(number + 1);
    const row = place.lastElementChild;
    window.htmx?.process(row);
    row.querySelector("input:not([type=hidden]), select")?.focus();
  }

  // --- A search beside a list: Enter goes on to what it found instead of sending the form ------
  function goToFound(event) {
    const search = event.key === "Enter" && event.target.closest("[data-find]");
    if (!search) return false;
    event.preventDefault();
    document.querySelector(search.dataset.find)?.focus();
    return true;
  }

  // --- Wiring ----------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    if (button.dataset.theme) { window.peruseTheme.choose(button.dataset.theme); markTheme(); }
    if (button.dataset.copy !== undefined || button.dataset.copyFrom) copy(button);
    if (button.dataset.openPalette !== undefined) openPalette();
    if (button.dataset.addRow) addRow(button);
    if (button.dataset.print !== undefined) window.print();
  });
  document.addEventListener("click", (event) => {
    if (event.target.matches("dialog.palette")) event.target.close();
  });
  document.addEventListener("submit", (event) => {
    if (!confirmFirst(event) && !event.defaultPrevented) sendOnce(event.target);
  }, true);
  document.addEventListener("change", (event) => {
    if (event.target.dataset.submitOnChange !== undefined) event.target.form.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (!goToFound(event)) movePalette(event);
  });
  window.addEventListener("pageshow", allowAgain);

  document.addEventListener("htmx:confirm", (event) => {
    const question = event.detail.elt.dataset?.confirm;
    if (!question || event.detail.elt.tagName === "FORM") return;
    event.preventDefault();
    ask(question, () => event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:configRequest", (event) => {
    // Empty filters stay out of the address.
    if (event.detail.verb !== "get") return;
    for (const [name, value] of [...event.detail.formData.entries()]) {
      if (value === "") event.detail.formData.delete(name);
    }
  });
  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    document.addEventListener(failure, () => toast(text("textFailed"), "danger"));
  }
  markTheme();
})();
