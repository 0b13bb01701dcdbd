// What a page does beyond showing: its live parts are put in place as the server sends them, and a few forms need no button.
// Without this script every page is whole, only not live.

class LiveRegion extends HTMLElement {
  #source = null;

  connectedCallback() {
    this.pulse = document.querySelector(`.pulse[data-for="${this.id}"]`);
    this.toggle = document.querySelector(`button[data-pauses="${this.id}"]`);
    this.toggle?.addEventListener("click", () => (this.#source ? this.pause() : this.open()));
    if (this.toggle) {
      this.toggle.hidden = false;
    }

    if (this.classList.contains("lines") || this.querySelector(".lines")) {
      this.#toEnd();
    }

    this.open();
  }

  disconnectedCallback() {
    this.#close();
  }

  open() {
    const address = new URL(this.getAttribute("src"), location.href);
    const last = this.querySelector("[data-number]:last-of-type")?.dataset.number;
    if (last && this.hasAttribute("tail")) {
      address.searchParams.set("after", last);
    }

    this.#source = new EventSource(address);
    this.#source.onopen = () => this.#show("live", "Live");
    this.#source.onerror = () => {
      this.#show("away", "Trying to reach the Console again");
      if (this.#source?.readyState === EventSource.CLOSED) {
        this.#close();
        setTimeout(() => this.open(), 3000);
      }
    };
    this.#source.addEventListener("html", (event) => replaceContent(this, JSON.parse(event.data)));
    this.#source.addEventListener("append", (event) => this.#append(JSON.parse(event.data)));
    this.#label("Pause");
  }

  pause() {
    this.#close();
    this.#show("paused", "Paused");
    this.#label("Go on");
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  #append(html) {
    const list = this.querySelector(".lines") ?? this;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.querySelector(".empty")?.remove();
    list.insertAdjacentHTML("beforeend", html);
    const most = Number(this.getAttribute("most") ?? 2000);
    while (list.children.length > most) {
      list.firstElementChild.remove();
    }

    if (isAtEnd) {
      this.#toEnd();
    }
  }

  #toEnd() {
    const list = this.querySelector(".lines") ?? this;
    list.scrollTop = list.scrollHeight;
  }

  #show(state, text) {
    if (this.pulse) {
      this.pulse.dataset.state = state;
      this.pulse.textContent = text;
    }
  }

  #label(text) {
    if (this.toggle) {
      this.toggle.textContent = text;
    }
  }
}

// Makes the content of an element that of the HTML, touching only what differs: what is focused, selected or opened stays so.
function replaceContent(element, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  align(element, wanted.content);
}

function align(old, wanted) {
  const keyed = new Map();
  for (const child of old.children) {
    if (keyOf(child)) {
      keyed.set(keyOf(child), child);
    }
  }

  let at = old.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = next.nodeType === Node.ELEMENT_NODE ? keyOf(next) : null;
    const match = key ? keyed.get(key) : at && !keyOf(at) && isAlike(at, next) ? at : null;
    if (!match) {
      old.insertBefore(next, at);
      continue;
    }

    if (match === at) {
      at = at.nextSibling;
    } else {
      old.insertBefore(match, at);
    }

    alignNode(match, next);
  }

  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function alignNode(old, wanted) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== wanted.nodeValue) {
      old.nodeValue = wanted.nodeValue;
    }

    return;
  }

  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !(name === "open" && old.localName === "details")) {
      old.removeAttribute(name);
    }
  }

  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }

  align(old, wanted);
}

const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset?.key || null : null);
const isAlike = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;

customElements.define("live-region", LiveRegion);

// Filters apply as soon as they are chosen; an empty one leaves no trace in the address.
for (const form of document.querySelectorAll("form.filters")) {
  form.addEventListener("change", () => form.requestSubmit());
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) {
      if (value === "") {
        formData.delete(name);
      }
    }
  });
  form.querySelector("button[data-unscripted]")?.setAttribute("hidden", "");
}

// Commands are sent without leaving the page; what came of them is said where it can be heard.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-command]")) {
    return;
  }

  event.preventDefault();
  const said = document.getElementById("said");
  const button = event.submitter;
  button?.setAttribute("disabled", "");
  try {
    const answer = await fetch(form.action, { method: "POST", headers: { accept: "text/plain" } });
    said.textContent = await answer.text();
    said.classList.toggle("bad", !answer.ok);
    said.hidden = false;
  } catch (error) {
    said.textContent = `The Console did not answer: ${error.message}`;
    said.hidden = false;
  } finally {
    button?.removeAttribute("disabled");
  }
});
