// Review: marks and times lead to their moment of the video, a new comment takes the moment that is shown, a rejection asks for its note.

const player = () => document.querySelector("[data-player] video");

/** 63.25 -> 1:03.25, as the field of a comment takes it. */
function typed(seconds) {
  const rounded = Math.round(seconds * 100) / 100;
  const rest = rounded % 60;
  return `${Math.floor(rounded / 60)}:${rest < 10 ? "0" : ""}${rest.toFixed(2).replace(/\.?0+$/, "")}`;
}

function seek(event) {
  const mark = event.target.closest("[data-seek]");
  const video = mark && player();
  if (!video) return;
  video.pause();
  video.currentTime = Number(mark.dataset.seek);
  if (mark.closest(".remarks")) event.preventDefault(); // the mark itself leads to its comment
}

function takeTime(event) {
  const video = player();
  if (!event.target.matches("[data-at-player]") || !video) return;
  const at = event.target.form.querySelector("[data-at]");
  video.pause();
  if (at.value === "" && video.currentTime > 0) at.value = typed(video.currentTime);
}

function askForNote(event) {
  const button = event.target.closest("[data-needs-note]");
  const note = button?.form.querySelector("[data-note]");
  if (!note || note.value.trim()) return;
  event.preventDefault();
  note.setCustomValidity(note.dataset.note);
  note.reportValidity();
  note.focus();
}

function onInput(event) {
  if (event.target.matches("[data-note]")) event.target.setCustomValidity("");
}

/** Ctrl+Enter sends what was typed: the comment, or the rejection that the note is for. */
function onKey(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  if (event.target.matches("[data-at-player], .edit textarea")) event.target.form.requestSubmit();
  else if (event.target.matches("[data-note]")) event.target.form.querySelector("[data-needs-note]")?.click();
  else return;
  event.preventDefault();
}

function start() {
  document.addEventListener("click", seek);
  document.addEventListener("click", askForNote, true);
  document.addEventListener("focusin", takeTime);
  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onKey);
}

start();
