/* Passkeys: asks the house what to sign, the browser to sign it, and sends the answer with the form. Without it codes do. */
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

async function made(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  const publicKey = { ...options, user, challenge: bytes(options.challenge), excludeCredentials: known(options.excludeCredentials) };
  const key = await navigator.credentials.create({ publicKey });
  const { attestationObject, clientDataJSON } = key.response;
  return told(key, { attestationObject: text(attestationObject), clientDataJSON: text(clientDataJSON) });
}

async function used(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials) };
  const key = await navigator.credentials.get({ publicKey });
  const { authenticatorData, clientDataJSON, signature, userHandle } = key.response;
  return told(key, {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
    userHandle: userHandle ? text(userHandle) : null,
  });
}

function told(key, response) {
  return JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} });
}

async function answer(form) {
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  const asked = await fetch(form.dataset.ask, { method: "POST", body });
  if (!asked.ok || !asked.headers.get("Content-Type").includes("json")) throw new Error("not asked");
  const options = await asked.json();
  form.elements.answer.value = await (form.dataset.passkey === "add" ? made(options) : used(options));
}

for (const place of document.querySelectorAll("[data-passkeys]")) {
  if (!window.PublicKeyCredential) continue;
  place.hidden = false;
  for (const none of document.querySelectorAll("[data-no-passkeys]")) none.hidden = true;
  for (const form of place.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const said = place.querySelector("[data-said]");
      try {
        await answer(form);
        form.submit();
      } catch {
        said.hidden = false;
        said.focus();
      }
    });
  }
}
