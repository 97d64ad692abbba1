#!/bin/sh
# Runs a small credit bank from its founding to its proof. All learners in it are fictitious.
#
#   sh examples/run.sh [FOLDER]
#
# FOLDER is where the ledger goes; without it a temporary folder is used and removed at the end.
# CREDITBANK names a program that is built already; without it, this builds one.
set -eu

bank=$(cd "$(dirname "$0")/riverside" && pwd)
if [ -z "${CREDITBANK:-}" ]; then
    (cd "$bank" && cargo build --release --quiet --bin creditbank)
    CREDITBANK=$(cd "$bank" && cargo metadata --no-deps --format-version 1 |
        sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/creditbank
fi

if [ $# -gt 0 ]; then
    folder=$1
    mkdir -p "$folder"
else
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
fi
export CREDITBANK_LEDGER="$folder/riverside.db"

# Shows a command and runs it.
run() {
    printf '\n$ creditbank'
    for word; do
        case $word in
        *" "*) printf " '%s'" "$word" ;;
        "$bank"/*) printf ' %s' "${word#"$bank"/}" ;;
        "$folder"/*) printf ' %s' "${word#"$folder"/}" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$CREDITBANK" "$@"
}

echo '== A bank, its catalogue, and three partners'
run init --name '滨江终身学习学分银行 Riverside Lifelong Learning Credit Bank' \
    --identifier creditbank.riverside.example --home-system CN --time-zone Asia/Shanghai
run import "$bank/catalogue.csv" --profile "$bank/catalogue.toml"

# The university's file has a row that contradicts the catalogue. Without --keep-going nothing of it
# would be imported; with it, the good rows are, and exit code 3 says that a row was refused.
run import "$bank/lanjiang/results.csv" --profile "$bank/lanjiang/profile.toml" \
    --keep-going --rejects "$folder/lanjiang.refused.csv" || [ $? -eq 3 ]
run import "$bank/silbersee/results.csv" --profile "$bank/silbersee/profile.toml"
run import "$bank/beyond-school/results.csv" --profile "$bank/beyond-school/profile.toml"

echo
echo '== The same file again deposits nothing'
run import "$bank/silbersee/results.csv" --profile "$bank/silbersee/profile.toml"

echo
echo '== Conversion: first what stands for a course of the university, then the rest into its credits'
run rule load "$bank/rules.toml"
run convert 88010001 88010002 88010003 88010004 88010005 88010006 --to LJU --date 2025-01-15
run convert --all --to CN --date 2025-01-15

echo
echo '== Grades, beside the originals'
run grade import "$bank/grades.toml"
run grade convert 88010004 --to-scale 'LJU 百分制'

echo
echo '== Reports'
run report statement 88010004
run report balances
run report totals --by institution,kind
run report trial-balance
run report open-items

echo
echo '== Proof'
run verify
