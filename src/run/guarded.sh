# The guarded part of a run. Needs guard.sh, saved.sh, and GUARD_LIMIT, CONFIRM_WITHIN and save_all from the compiled script.
# Nothing of it counts, in the ledger either, before it is confirmed.
# Saves, arms the timer that undoes also when this process is dead, and only then lets the changes begin.
begin_guarded() {
  SAVED_IN=$GUARD/saved
  mkdir -- "$GUARD" "$GUARD/saved" && save_all || finish_run failed unsaved
  boot_id
  read_clock
  printf '%s %s\n' "$BOOT_ID" $((${NOW%.*} + GUARD_LIMIT)) >"$GUARD/until" && printf 'keep\n' >"$GUARD/.keep" &&
    printf 'put-back\n' >"$GUARD/.put-back" && sync -f "$GUARD" || finish_run failed unsaved
  : >"$GUARD/armed" && sync "$GUARD/armed" "$GUARD/until" "$GUARD" || finish_run failed unsaved
  arm || {
    disarm
    finish_run failed unsaved
  }
  GUARDED=1
}

arm() {
  if [ -n "$UNIT_OF_SYSTEMD" ] && [ -d /run/systemd/system ]; then
    systemd-run --quiet --collect --on-active="$GUARD_LIMIT" --timer-property=AccuracySec=1s --unit="$UNDO_UNIT" \
      /bin/sh "$UNDO" alone || return
    arm_boot || printf 'after a reboot nothing would be put back: %s cannot be written\n' "$BOOT_UNIT"
    return 0
  fi
  setsid /bin/sh -c 'sleep "$1"; exec /bin/sh "$2" alone' sh "$GUARD_LIMIT" "$UNDO" </dev/null >/dev/null 2>&1 8>&- 9>&- 6>&- &
}

arm_boot() {
  mkdir -p -- "${BOOT_WANTED%/*}" &&
    printf '[Unit]\nDescription=Puts back what run %s changed\n[Service]\nType=oneshot\nExecStart=/bin/sh %s alone\n' \
      "$RUN" "$UNDO" >"$BOOT_UNIT" &&
    ln -s -f -T -- "$BOOT_UNIT" "$BOOT_WANTED" && sync "$BOOT_UNIT" "${BOOT_WANTED%/*}" "${BOOT_UNIT%/*}"
} 2>/dev/null

save_firewall() {
  if ! command -v nft >/dev/null; then return 0; fi
  (exec nft list ruleset) >"$GUARD/saved/ruleset" 8>&- 9>&- 6>&-
}

# Confirmed: now it counts, and is said before anything else can fail. The changes stay also when they cannot be recorded.
await() {
  : >"$GUARD/awaiting" && sync "$GUARD"
  synced_event AWAIT "$CONFIRM_WITHIN"
  read_clock
  AWAITING_SINCE=${NOW%.*}
  while [ ! -e "$GUARD/decision" ]; do
    [ -z "$STOPPED" ] || undo_guarded stopped || break
    read_clock
    [ $((${NOW%.*} - AWAITING_SINCE)) -lt "$CONFIRM_WITHIN" ] || undo_guarded unconfirmed || break
    sleep 0.2
  done
  read -r DECIDED <"$GUARD/decision"
  [ "$DECIDED" = keep ] || undo_guarded unconfirmed
  GUARDED=
  synced_event KEPT
  record "${GUARDED_LINES%?}" || {
    disarm
    finish_run failed unrecorded
  }
  disarm
}

# undo_guarded WHY: ends the run, unless it was confirmed in the same moment.
undo_guarded() {
  synced_event UNDO
  /bin/sh "$UNDO" 8>&- 9>&- 6>&-
  case $? in
    0)
      FAILING=1
      on_failure
      always
      finish_run put-back "$1"
      ;;
    3) return 1 ;;
    *)
      # What is not as it was blocks the host until somebody looks.
      HELD=
      finish_run torn "$1"
      ;;
  esac
}
