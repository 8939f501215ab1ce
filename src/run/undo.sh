# Puts back what the guarded changes of a run touched. Run by the run itself, or `alone`: by a timer, or at the next boot.
# Needs guard.sh, saved.sh, and restore_all from the compiled script. May be done again where it was cut off.
# Ends with 0 when all is as it was, 3 when the changes were confirmed, 1 when something could not be put back.
umask 077
SAVED_IN=$GUARD/saved
exec </dev/null >>"$STATE/runs/$RUN/journal" 2>&1

undo() {
  exec 7>>"$GUARD/lock"
  flock 7
  if [ -e "$GUARD/undone" ]; then
    read -r STATUS <"$GUARD/undone"
  elif put_back "$1"; then
    :
  else
    [ -z "$1" ] || say_kept
    return 3
  fi
  # While it is armed, nobody takes a run that has not said its end for one that is lost.
  [ -z "$1" ] || say_end
  disarm
  return "$STATUS"
}

put_back() {
  [ -e "$GUARD/armed" ] || return 3
  decide put-back || return 3
  # A run that only waits hears of it by itself; one that is still at its changes must not go on.
  if [ -n "$1" ] && [ -n "$UNIT_OF_SYSTEMD" ] && [ ! -e "$GUARD/awaiting" ]; then
    systemctl kill --signal=KILL "ashore-$RUN.service" 2>/dev/null
    flock -w 10 "$STATE/runs/$RUN/alive" true
  fi
  # On a full disk that is the room to put back in.
  rm -f -- "$STATE/runs/$RUN/reserve"
  STATUS=0
  restore_all || STATUS=1
  printf '%s\n' "$STATUS" >"$GUARD/undone"
  sync -f "$GUARD" || :
}

# Confirmed, and the run may be dead before it could say so, or go on: that it is left to finish.
say_kept() {
  [ -e "$GUARD/armed" ] || return 0
  if is_over; then
    rm -f -- "$STATE/runs/$RUN/reserve"
    printf '\n@@%s KEPT\n\n@@%s FINISHED torn kept\n' "$NONCE" "$NONCE"
    sync "$STATE/runs/$RUN/journal"
  fi
  disarm
}

is_over() { (exec 5>>"$STATE/runs/$RUN/alive" && flock -w 2 5); }

# The run that should say its end may be dead. Who follows it holds its `alive` for moments, to ask.
say_end() {
  is_over || return 0
  [ "$STATUS" -ne 0 ] || rm -f -- "$STATE/holder"
  if [ "$STATUS" -eq 0 ]; then WORD=put-back; else WORD=torn; fi
  printf '\n@@%s FINISHED %s lost\n' "$NONCE" "$WORD"
  sync "$STATE/runs/$RUN/journal"
}

# restore_unit NUMBER UNIT: what ran is started anew, because it has read what is no longer there.
restore_unit() {
  [ -e "$SAVED_IN/$1.unit" ] || return 0
  read_unit "$(cat -- "$SAVED_IN/$1.unit")"
  [ "$Id" = "$2" ] || return 0
  WAS=$ActiveState WAS_BOOT=$UnitFileState WAS_LOADED=$LoadState
  read_unit "$(systemctl show --no-pager -p Id,LoadState,ActiveState,UnitFileState -- "$2")"
  if [ "$WAS_BOOT" != "$UnitFileState" ]; then
    case $WAS_BOOT in
      enabled) systemctl enable -- "$2" || return ;;
      disabled) systemctl disable -- "$2" || return ;;
    esac
  fi
  case $WAS/$ActiveState/$2 in
    active/active/*.socket) ;;
    active/*) systemctl reset-failed -- "$2" 2>/dev/null; systemctl restart -- "$2" ;;
    */inactive/* | */failed/*) ;;
    *) [ "$WAS_LOADED" = not-found ] && [ "$LoadState" = not-found ] || systemctl stop -- "$2" ;;
  esac
}

# One transaction (nft(8)): there is no moment without rules. After the units, which load theirs from files.
restore_firewall() {
  [ -e "$GUARD/saved/ruleset" ] || return 0
  { printf 'flush ruleset\n' && cat -- "$GUARD/saved/ruleset"; } | nft -f -
}
