// Passkeys: a form with data-passkey asks the browser for one and sends what it answers.
//   add      makes a new one with the options in data-options
//   use      signs with one, with the options in data-options
//   sign-in  the same, with options that the form's own address gives
(() => {
  async function optionsOf(form) {
    if (form.dataset.passkey !== "sign-in") return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`no options: ${answer.status}`);
    return answer.json();
  }

  // A new one can sign in alone: it stays on the device, which makes sure of its owner.
  function lasting(options) {
    const wanted = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
    Object.assign(options.publicKey.authenticatorSelection, wanted);
    return options;
  }

  async function ask(form) {
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const options = await optionsOf(form);
      const said = form.dataset.passkey === "add"
        ? await window.webauthnJSON.create(lasting(options.creation_options))
        : await window.webauthnJSON.get(options.request_options);
      form.elements.credential.value = JSON.stringify(said);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form);
    });
  });
})();
