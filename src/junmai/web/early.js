// Before the first paint, so that a light theme does not flash dark.
"use strict";
try {
  document.documentElement.dataset.theme = localStorage.getItem("junmai.theme") === "light" ? "light" : "dark";
} catch {
  document.documentElement.dataset.theme = "dark"; // storage is forbidden
}
