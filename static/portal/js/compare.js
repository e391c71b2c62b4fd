// Players in step: one of them leads, the longest; the others follow its time.

const DRIFT_S = 0.08;

function players(box) {
  return [...box.querySelectorAll("video")];
}

function leader(box) {
  return players(box).reduce((one, other) => ((other.duration || 0) > (one?.duration || 0) ? other : (one ?? other)), null);
}

function place(video, at) {
  video.currentTime = Math.min(at, video.duration || at);
}

function seek(box, at) {
  for (const video of players(box)) place(video, at);
  if (leader(box)) show(box);
}

function play(box) {
  if (leader(box).ended) seek(box, 0); // as a player alone does
  const at = leader(box).currentTime;
  for (const video of players(box)) if (at < (video.duration || Infinity)) video.play().catch(() => {});
}

function show(box) {
  const lead = leader(box);
  const range = box.querySelector("[data-all-seek]");
  range.max = lead.duration || 1;
  range.value = lead.currentTime;
  range.setAttribute("aria-valuetext", `${lead.currentTime.toFixed(1)} s`);
  box.querySelector("[data-all-time]").textContent = lead.currentTime.toFixed(2);
  box.querySelector("[data-all=play]").setAttribute("aria-pressed", String(!lead.paused));
}

function isOn(box, name) {
  return box.querySelector(`[data-all=${name}]`).getAttribute("aria-pressed") === "true";
}

function follow(box, lead) {
  for (const video of players(box)) {
    if (video === lead || video.seeking || lead.currentTime >= (video.duration || 0)) continue;
    if (Math.abs(video.currentTime - lead.currentTime) > DRIFT_S) place(video, lead.currentTime);
    if (!lead.paused && video.paused) video.play().catch(() => {});
  }
}

function onTime(box, { target }) {
  const lead = leader(box);
  if (target !== lead) return;
  follow(box, lead);
  show(box);
}

function onEnd(box, { target }) {
  if (target !== leader(box)) return;
  if (isOn(box, "loop")) {
    seek(box, 0);
    play(box);
  } else show(box);
}

function onClick(event) {
  const button = event.target.closest("[data-compare] button");
  const box = button?.closest("[data-compare]");
  if (!box || !leader(box)) return;
  const { all, allStep, allSpeed } = button.dataset;
  if (all === "play") {
    if (leader(box).paused) play(box);
    else for (const video of players(box)) video.pause();
    show(box);
  }
  if (all === "loop") button.setAttribute("aria-pressed", String(!isOn(box, "loop")));
  if (allStep) {
    for (const video of players(box)) video.pause();
    const lead = leader(box);
    seek(box, Math.max(0, lead.currentTime + allStep / (Number(lead.dataset.fps) || 24)));
  }
  if (allSpeed) {
    for (const video of players(box)) video.playbackRate = Number(allSpeed);
    for (const other of box.querySelectorAll("[data-all-speed]")) other.setAttribute("aria-pressed", String(other === button));
  }
}

function start() {
  for (const box of document.querySelectorAll("[data-compare]")) {
    box.querySelector("[data-all-seek]").addEventListener("input", ({ target }) => seek(box, Number(target.value)));
    for (const video of players(box)) {
      for (const name of ["timeupdate", "loadedmetadata", "pause", "play", "seeked"]) video.addEventListener(name, (event) => onTime(box, event));
      video.addEventListener("ended", (event) => onEnd(box, event));
    }
  }
  document.addEventListener("click", onClick);
}

start();
