// The player's own tools beside the browser's controls: loop, speed, single frames, and a frame saved as a picture.

function fps(box) {
  return Number(box.dataset.fps) || 24;
}

function two(number) {
  return String(Math.floor(number)).padStart(2, "0");
}

function showTime(box, video) {
  const clock = box.querySelector("[data-timecode]");
  const time = video.currentTime + 1e-4;
  if (clock) clock.textContent = `${two(time / 60)}:${two(time % 60)}:${two((time % 1) * fps(box))}`;
}

function step(box, video, frames) {
  video.pause();
  video.currentTime = Math.min(video.duration || 0, Math.max(0, video.currentTime + frames / fps(box)));
}

function setSpeed(box, video, button) {
  video.playbackRate = Number(button.dataset.speed);
  for (const other of box.querySelectorAll("[data-speed]"))
    other.setAttribute("aria-pressed", String(other === button));
}

function saveFrame(button, video) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: video.videoWidth,
    height: video.videoHeight,
  });
  canvas.getContext("2d").drawImage(video, 0, 0);
  canvas.toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), {
      href: URL.createObjectURL(blob),
      download: button.dataset.saveFrame,
    });
    link.click();
    URL.revokeObjectURL(link.href);
  }, "image/png");
}

function onClick(event) {
  const button = event.target.closest("[data-player] button");
  const box = button?.closest("[data-player]");
  const video = box?.querySelector("video");
  if (!video) return;
  if ("loop" in button.dataset) button.setAttribute("aria-pressed", String((video.loop = !video.loop)));
  if (button.dataset.speed) setSpeed(box, video, button);
  if (button.dataset.frame) step(box, video, Number(button.dataset.frame));
  if ("play" in button.dataset) video.paused ? video.play() : video.pause();
  if (button.dataset.saveFrame) saveFrame(button, video);
}

export function start() {
  document.addEventListener("click", onClick);
  for (const box of document.querySelectorAll("[data-player]")) {
    const video = box.querySelector("video");
    if (!video) continue;
    video.addEventListener("timeupdate", () => showTime(box, video));
    video.addEventListener("seeked", () => showTime(box, video));
    video.addEventListener("error", () => box.querySelector("[data-player-error]")?.removeAttribute("hidden"));
  }
}
