#!/usr/bin/env bash
# Fuzzes every target in turn, from seeds made of the examples.
#
#   fuzz/run.sh [SECONDS A TARGET] [TARGET…]
#
# Needs cargo-fuzz and a nightly toolchain. A run ends at the first input that panics, takes more than ten
# seconds, or takes more than 300 MB with all that the fuzzer itself keeps; it is kept in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-600}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(table workbook document profile rulebook draft)
examples=../examples

# A seed: an optional first byte, then a file.
seed() {
    local corpus=corpus/$1 first=$2 file=$3
    mkdir -p "$corpus"
    { printf "%b" "$first"; head -c 20000 "$file"; } > "$corpus/seed-$(printf '%s' "$first$file" | sha256sum | head -c 12)"
}

number=0
for file in workload/sample.csv riverside/{lanjiang,silbersee,beyond-school}/results.csv riverside/catalogue.csv \
    open-university/{results,outcomes}.csv formats/china/{courses,certificates,external}.csv \
    formats/india/{marksheets,catalogue}.csv riverside/silbersee/results.csv; do
    [ ! -f "$examples/$file" ] || seed table "\\x$(printf '%02x' "$number")" "$examples/$file"
    number=$((number + 1))
done
while read -r file; do
    seed profile "" "$file"
    seed rulebook "" "$file"
done < <(find "$examples" ../src/intake/profile/builtin -name '*.toml')
while read -r file; do seed draft "" "$file"; done < <(find "$examples" -name '*.csv')
while read -r file; do seed document "" "$file"; done < <(find "$examples" -name '*.xml' -o -name '*.json')
while read -r file; do seed workbook "" "$file"; done < <(find ../tests "$examples" -name '*.xlsx' -o -name '*.xls' -o -name '*.ods')

export TMPDIR=${TMPDIR:-/tmp}
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    cargo +nightly fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -max_len=65536 -timeout=10 \
        -rss_limit_mb=300 -print_final_stats=1
done
