// Choosing the look (preset, blend, whose settings) and the output.

import { pictures } from "./api.js";
import { fill, h } from "./dom.js";
import { presetTitle } from "./panel.js";
import { thumb } from "./tile.js";
import { has, t } from "./words.js";

const SMALL = 160;

function presetText(preset) {
  return has(`preset.${preset.name}.text`) ? t(`preset.${preset.name}.text`) : preset.description;
}

/** Presets as pictures of the chosen photo. `show(photoId)` draws them anew for another photo. */
export function presetList(presets, chosen, changed) {
  const thumbs = new Map();
  const list = presets.map((preset) => {
    const picture = thumb();
    thumbs.set(preset.name, picture);
    const input = h("input", { type: "radio", name: "preset", value: preset.name, checked: preset.name === chosen });
    const text = h("span", { class: "words" }, h("strong", {}, presetTitle(preset)), h("span", { class: "dim" }, presetText(preset)));
    return h("label", { class: "preset" }, input, picture.element, text);
  });
  const element = h(
    "fieldset",
    { class: "presets", on: { change: (event) => changed(event.target.value) } },
    h("legend", {}, t("look.preset")),
    list,
  );
  const show = (photoId) => {
    for (const [name, picture] of [...thumbs].reverse()) picture.set(photoId ? pictures.look(photoId, SMALL, name, 100) : null);
  };
  return { element, show, leave: () => thumbs.forEach((each) => each.drop()) };
}

/** How much of the preset: 0 to 100 %. */
export function blendSlider(changed) {
  const shown = h("output", { for: "blend" }, "100 %");
  const input = h("input", { type: "range", id: "blend", min: "0", max: "100", step: "5", value: "100" });
  input.addEventListener("input", () => {
    fill(shown, `${input.value} %`);
    input.setAttribute("aria-valuetext", `${input.value} %`);
    changed(Number(input.value));
  });
  return h("div", { class: "field" }, h("div", { class: "row" }, h("label", { for: "blend" }, t("look.blend")), shown), input);
}

// --- output --------------------------------------------------------------------------------------------------

function select(name, values, first) {
  const options = values.map((value) => h("option", { value, selected: value === first }, t(`${name}.${value}`)));
  return field(name, h("select", { id: `out-${name}`, name }, options));
}

function field(name, control, help = null) {
  if (help) control.setAttribute("aria-describedby", `help-${name}`);
  return h("div", { class: "field" }, h("label", { for: `out-${name}` }, t(`out.${name}`)), control, help ? h("p", { class: "dim", id: `help-${name}` }, help) : null);
}

const text = (name, props, help) => field(name, h("input", { type: "text", id: `out-${name}`, name, autocomplete: "off", spellcheck: "false", ...props }), help);
const number = (name, props) => field(name, h("input", { type: "number", id: `out-${name}`, name, ...props }));

/** Output options; `value()` is what `config.output` takes, defaults left out. */
export function outputForm() {
  const quality = number("quality", { min: "1", max: "100", value: "92", required: true });
  const parts = [
    h("div", { class: "two" }, select("format", ["jpeg", "tiff", "webp", "avif"], "jpeg"), quality),
    h("div", { class: "two" }, number("long_edge", { min: "16", max: "65500", placeholder: t("out.full") }), select("color_space", ["srgb", "display-p3", "adobe-rgb"], "srgb")),
    h("div", { class: "two" }, select("sharpen_for", ["none", "screen", "print"], "none"), select("metadata", ["all", "no_gps", "none"], "all")),
    text("folder", { placeholder: t("out.folder.own") }, t("out.folder.help")),
    text("name", { placeholder: "{session}/{date}_{name}" }, t("out.name.help")),
    text("copyright", {}),
  ];
  const element = h("details", { class: "output" }, h("summary", {}, t("out.title")), parts);
  element.addEventListener("change", () => {
    quality.querySelector("input").disabled = element.querySelector("[name=format]").value === "tiff";
  });
  const value = () => {
    const given = {};
    for (const control of element.querySelectorAll("[name]")) {
      if (control.value === "" || control.disabled) continue;
      given[control.name] = control.type === "number" ? Number(control.value) : control.value.trim();
    }
    return given;
  };
  const valid = () => {
    const wrong = [...element.querySelectorAll("input")].find((each) => !each.checkValidity());
    if (wrong) {
      element.open = true;
      wrong.reportValidity();
    }
    return !wrong;
  };
  return { element, value, valid };
}

/** Whose settings count beside the preset. */
export function settingsFrom() {
  const options = ["preset", "both"].map((value) => h("option", { value }, t(`settings_from.${value}`)));
  const control = h("select", { id: "settings-from" }, options);
  const element = h("div", { class: "field" }, h("label", { for: "settings-from" }, t("look.settings_from")), control);
  return { element, value: () => control.value };
}
