#!/usr/bin/env bash
# Installs what this comparison runs, all of it in this folder and by package name. What cannot be had is named at the end, and the comparison says
# so too and goes on without. A second run does only what is missing.
set -uo pipefail
cd "$(dirname "$0")"
missing=()

# try WHAT COMMAND…: notes what failed, and why it matters.
try() {
  local what=$1
  shift
  echo "== $what"
  "$@" || missing+=("$what")
}

python() {
  [ -x .venv/bin/python ] || python3 -m venv .venv || return
  # One by one, so that one that cannot be had leaves the others.
  while read -r package; do
    try "$package" .venv/bin/pip install --quiet "$package"
  done < requirements.txt
}

tfjs() { (cd tfjs && npm install --no-package-lock --no-audit --no-fund --silent); }

# The loader's headers are Debian's where the system has none.
layer() {
  local headers=()
  if [ ! -e /usr/include/vulkan/vk_layer.h ]; then
    if [ ! -d layer/headers ]; then
      (cd layer && apt-get download libvulkan-dev && dpkg -x libvulkan-dev_*.deb headers && rm libvulkan-dev_*.deb) || return
    fi
    headers=(-Ilayer/headers/usr/include)
  fi
  cc -O2 -Wall -shared -fPIC "${headers[@]}" -o layer/libdawn_on_lavapipe.so layer/dawn_on_lavapipe.c
}

try "Python's packages" python
try "TensorFlow.js and Dawn (tfjs/package.json)" tfjs
try "the layer that lets Dawn take lavapipe" layer
try "burn (half an hour on two cores)" cargo build --release --package plunge-peer-burn

if [ ${#missing[@]} -gt 0 ]; then
  printf 'not installed: %s\n' "${missing[@]}"
else
  echo "all is installed"
fi
