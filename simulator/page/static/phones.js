"use strict";
// Sends every form without leaving the page, and asks once a second what is new on the phones.

const TYPING_MS = 25000; // as long as WhatsApp shows the dots
let seen = Number(document.body.dataset.seq);
let asking = Promise.resolve();
let lost = false;
let sending = 0;
let leaving = false;
const clock = document.getElementById("at");
const today = clock.getAttribute("value").slice(0, 10);
const dots = new Map();

const logOf = (phone) => document.querySelector(`[data-phone="${CSS.escape(phone)}"] .log`);

// The end of a chat is where its newest message is in sight; of one taller than the phone, where it begins.
function endOf(log) {
  const newest = [...log.querySelectorAll(".row")].at(-1);
  const bottom = log.scrollHeight - log.clientHeight;
  return newest ? Math.min(bottom, newest.offsetTop - 6) : bottom;
}
const atEnd = (log, grown = 0) => log.scrollTop > endOf(log) - grown - 90;
const toEnd = (log) => { log.scrollTop = Math.max(log.scrollTop, endOf(log)); };

function anew() {
  if (!leaving) location.reload(); // twice, and the sentence from the server would be lost with the first answer
  leaving = true;
}

function say(words) {
  const followed = [...document.querySelectorAll(".log")].filter((log) => atEnd(log)); // the line makes the phones shorter
  document.querySelector(".said").textContent = words;
  followed.forEach(toEnd);
}

function typing(phone, on) {
  const log = logOf(phone);
  const follow = atEnd(log);
  log.querySelector(".typing").hidden = !on;
  log.closest(".phone").querySelector(".presence").textContent = on ? "typing…" : "online";
  clearTimeout(dots.get(phone));
  if (on) dots.set(phone, setTimeout(() => typing(phone, false), TYPING_MS));
  if (follow) toEnd(log);
}

function put(log, sid, html) {
  const draft = document.createElement("template");
  draft.innerHTML = html; // made and escaped by our own server
  const fresh = draft.content.firstElementChild;
  const old = document.getElementById(sid);
  const follow = !old || atEnd(log);
  if (old) old.replaceWith(fresh);
  else log.insertBefore(fresh, log.querySelector(".typing"));
  if (follow) toEnd(log);
}

function show(event) {
  if (event.status === "reload") return anew();
  seen = Math.max(seen, event.seq);
  const log = logOf(event.phone);
  if (!log) return undefined;
  if (event.html) put(log, event.sid, event.html);
  else typing(event.phone, event.status === "typing");
  return undefined;
}

function tick(day, time) {
  for (const each of document.querySelectorAll(".status-bar .time")) each.textContent = time;
  const writing = [...document.querySelectorAll("input[name=text]")].some((field) => field.value);
  const busy = writing || sending || document.querySelector("dialog[open]");
  if (day !== today && !busy) anew(); // what is called today was yesterday
  if (document.activeElement === clock || clock.value !== clock.getAttribute("value")) return; // being set
  clock.value = `${day}T${time}`;
  clock.setAttribute("value", clock.value);
}

async function ask() {
  try {
    const answer = await fetch(`/events?after=${seen}`);
    if (answer.status === 503) throw new Error("The demo is starting.");
    if (!answer.ok) return;
    if (answer.headers.get("X-Run") !== document.body.dataset.run) return anew(); // it was started again meanwhile
    const events = await answer.json();
    tick(answer.headers.get("X-Day"), answer.headers.get("X-Clock"));
    events.forEach(show);
    if (lost) say("");
    lost = false;
  } catch (failure) {
    lost = true;
    say(failure.message === "The demo is starting." ? failure.message : "The demo does not answer. Is it still running?");
  }
}

function look() {
  asking = asking.then(ask); // never two at once, or a row would come twice
  return asking;
}

async function send(form, body) {
  const answer = await fetch(form.action, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(`That did not work (${answer.status}).`);
  const told = await answer.json();
  if (told.reload) anew();
  else if (told.said) say(told.said);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  const field = form.elements.text;
  const typed = field && !event.submitter?.value;
  event.preventDefault();
  if (typed && !field.value.trim()) return;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  if (typed) field.value = "";
  if (event.submitter && form.matches(".replies")) event.submitter.disabled = true;
  form.closest(".menu")?.removeAttribute("open");
  sending += 1;
  try {
    await send(form, body);
  } catch (failure) {
    if (typed) field.value = body.get("text");
    say(failure.message);
  }
  sending -= 1;
  await look();
});

document.addEventListener("load", ({ target }) => {
  const log = target.closest?.(".log");
  if (log && atEnd(log, target.height)) toEnd(log);
}, true);

document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll(".menu[open]")) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
});

// A wa.me link opens WhatsApp with words typed in. Here: on the phone of whoever it was forwarded to.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="https://wa.me/"]');
  if (!link) return;
  event.preventDefault();
  const words = new URL(link.href).searchParams.get("text") ?? "";
  const dialog = document.querySelector(".forward");
  dialog.querySelector("p").hidden = !words;
  dialog.querySelector(".words").textContent = words;
  dialog.returnValue = "";
  dialog.onclose = () => {
    const phone = document.querySelector(`[data-phone="${CSS.escape(dialog.returnValue)}"]`);
    if (!phone) return;
    const field = phone.querySelector("input[name=text]");
    field.value = words;
    field.focus();
    phone.scrollIntoView({ inline: "center", block: "nearest" });
  };
  dialog.showModal();
});

document.querySelectorAll(".log").forEach(toEnd);
setInterval(look, 1000);
