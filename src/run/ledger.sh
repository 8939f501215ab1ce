# The ledger of this host. Needs STATE. A last line without its newline was cut off by a crash and was never written.

# ledger_is DIGEST: whether the ledger still has this SHA-256; a missing one counts as empty.
ledger_is() {
  if [ -e "$STATE/ledger" ]; then SUM=$(sha256sum <"$STATE/ledger"); else SUM=$(sha256sum </dev/null); fi
  [ "${SUM%% *}" = "$1" ]
}

# ledger_mend: drops a line that was cut off, lest the next one be glued to it. Needs no room, for that is why it was cut.
ledger_mend() {
  [ -s "$STATE/ledger" ] || return 0
  [ "$(tail -c 1 "$STATE/ledger" | base64)" != Cg== ] || return 0
  truncate -s "-$(tail -n 1 "$STATE/ledger" | wc -c)" "$STATE/ledger" && sync "$STATE/ledger"
}

# ledger_put LINES: in the place of the old ones, whole or not at all.
ledger_put() {
  printf '%s\n' "$1" >"$STATE/ledger.new" && sync "$STATE/ledger.new" && mv -f -T "$STATE/ledger.new" "$STATE/ledger" &&
    sync "$STATE" && return
  rm -f -- "$STATE/ledger.new"
  return 1
}

# ledger_add LINES: appends and waits for the disk.
ledger_add() {
  printf '%s\n' "$1" >>"$STATE/ledger" && sync "$STATE/ledger" "$STATE"
}
