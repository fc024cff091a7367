#!/bin/bash
# Makes the recordings for reading aloud, before the pages are built: miniprogram/tools/voice/speak.mjs says how. Nothing that goes
# wrong here stops a build: the pages are built without, and it is said.
set -uo pipefail
cd "$(dirname "$0")/../miniprogram"
node tools/voice/speak.mjs || echo "no recordings for reading aloud were made (see above); the pages are built with those that are there" >&2
