# Adds NEW_LINES to the ledger while no run holds the host, and only to the ledger that was read; where HOW is `instead`, in
# the place of all that is there. Needs STATE, LEDGER, NEW_LINES, HOW.
# A run that has just said its end may hold the lock a moment longer.
append() {
  mkdir -p -- "$STATE" || return
  exec 9>>"$STATE/lock"
  if ! flock -w 10 9; then
    read -r OTHER <"$STATE/holder" || OTHER='another process of Ashore'
    printf 'BUSY %s\n' "$OTHER"
    return
  fi
  if ! ledger_is "$LEDGER"; then
    printf 'MOVED\n'
    return
  fi
  if [ "$HOW" = instead ]; then
    ledger_put "$NEW_LINES" && printf 'ADDED\n'
    return
  fi
  ledger_mend && ledger_add "$NEW_LINES" && printf 'ADDED\n'
}
append
