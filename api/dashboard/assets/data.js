// A file that is too large for a request is named before it is sent; dropping one beside the zone does not leave the page.
(function () {
  function judge(event, files) {
    const said = document.getElementById("data-too-large");
    if (!said || !files || !files.length) {
      return;
    }
    const large = files[0].size > Number(said.dataset.most);
    said.style.display = large ? "" : "none";
    if (large) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  const inside = (target) => target instanceof Element && target.closest("#data-file") !== null;
  document.addEventListener("change", (event) => { if (inside(event.target)) { judge(event, event.target.files); } }, true);
  document.addEventListener("drop", (event) => {
    if (inside(event.target)) {
      judge(event, event.dataTransfer && event.dataTransfer.files);
    } else if (document.getElementById("data-file")) {
      event.preventDefault();
    }
  }, true);
  document.addEventListener("dragover", (event) => {
    if (document.getElementById("data-file")) {
      event.preventDefault();
    }
  });
})();
