#!/bin/bash
# Builds the H5 pages, with compressed copies beside the files that compress well.
set -euo pipefail
cd "$(dirname "$0")/../miniprogram"
../scripts/npm-ci.sh
../scripts/clips.sh
npm run --silent build:h5
find dist/build/h5 -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' -o -name '*.json' \) -exec gzip -9 -k -f {} +
touch dist/build/h5/index.html
