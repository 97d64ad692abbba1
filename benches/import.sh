#!/usr/bin/env bash
# Measures an import against `sqlite3 .import` of the same file into a bare table: turn and turn about in one
# run, the whole process from start to sync. Prints medians, the ratio, and the peak of memory.
#
#   benches/import.sh [ROWS] [ROUNDS]
#
# Needs sqlite3 and GNU time (/usr/bin/time).
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${1:-1000000}
rounds=${2:-5}
creditbank=${CREDITBANK:-target/release/creditbank}
[ -n "${CREDITBANK:-}" ] || cargo build --release --quiet --bin creditbank
folder=$(mktemp -d -p target)
trap 'rm -rf "$folder"' EXIT
file=$folder/workload.csv
if [ -x target/release/examples/workload ] || [ -z "${CREDITBANK:-}" ]; then
    cargo build --release --quiet --example workload
    target/release/examples/workload --rows "$rows" --out "$file"
else
    cargo run --quiet --example workload -- --rows "$rows" --out "$file"
fi
echo "$rows rows, $(stat -c %s "$file") bytes, $rounds rounds"

# Wall seconds and peak kilobytes of a command, appended to a file.
measure() {
    local figures=$1
    shift
    /usr/bin/time -a -o "$figures" -f '%e %M' "$@" > "$folder/said" 2>&1 || {
        cat "$folder/said"
        exit 1
    }
}

ours() {
    rm -f "$folder"/bank.db*
    "$creditbank" --ledger "$folder/bank.db" init --name Bench --identifier bench.example \
        --home-system CN --time-zone Asia/Shanghai 2> /dev/null
    measure "$folder/ours" "$creditbank" --ledger "$folder/bank.db" \
        import "$file" --profile examples/workload/profile.toml
}

bare() {
    rm -f "$folder"/bare.db*
    measure "$folder/bare" sqlite3 "$folder/bare.db" \
        'PRAGMA journal_mode = wal' 'PRAGMA synchronous = full' ".import --csv $file results"
}

for round in $(seq "$rounds"); do
    if [ $((round % 2)) -eq 1 ]; then ours; bare; else bare; ours; fi
done

# The median of a column of figures.
median() { awk -v column="$2" '{ print $column }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

ours=$(median "$folder/ours" 1)
bare=$(median "$folder/bare" 1)
echo "creditbank import   $ours s, peak $(median "$folder/ours" 2) kB, $(stat -c %s "$folder/bank.db") bytes"
echo "sqlite3 .import     $bare s, peak $(median "$folder/bare" 2) kB, $(stat -c %s "$folder/bare.db") bytes"
awk -v a="$ours" -v b="$bare" 'BEGIN { printf("ratio               %.2f\n", (b > 0) ? a / b : 0) }'
