# Confirms the guarded changes of a run, if it still waits for that. Needs guard.sh.
confirm() {
  if [ ! -e "$GUARD/armed" ]; then
    DECIDED=
    [ ! -e "$GUARD/decision" ] || read -r DECIDED <"$GUARD/decision"
    if [ "$DECIDED" = keep ]; then printf 'KEPT\n'; else printf 'PUT-BACK\n'; fi
    return
  fi
  if [ ! -e "$GUARD/awaiting" ]; then
    printf 'NOT-YET\n'
  elif (exec 7>>"$STATE/runs/$RUN/alive" && flock -n 7) 2>/dev/null; then
    printf 'PUT-BACK\n'
  elif decide keep; then
    printf 'KEPT\n'
  else
    printf 'PUT-BACK\n'
  fi
}
confirm
