# Waits until the journal of a run has grown beyond OFFSET, or the run is dead, or TICKS looks, up to a quarter of a
# second apart, have found nothing; prints what is new, at most 1 MiB. Needs STATE, RUN, OFFSET, TICKS.
# Needs guard.sh. A run is alive while somebody holds its `alive`; that is asked before the size, so a dead run has said all it will say.
DIR=$STATE/runs/$RUN
TICK=0
# is_pending: whether the host still has to put back what a dead run changed, and its time for that is not over.
is_pending() {
  [ -e "$DIR/guard/armed" ] || return 1
  DECIDED=
  { read -r DECIDED <"$DIR/guard/decision"; } 2>/dev/null
  # Confirmed, and nothing is to be put back: what the timer would say is said now.
  if [ "$DECIDED" = keep ]; then
    /bin/sh "$DIR/undo" alone </dev/null >/dev/null 2>&1
    return 1
  fi
  boot_id
  read -r ARMED_IN UNTIL <"$DIR/guard/until" || return 1
  [ "$ARMED_IN" = "$BOOT_ID" ] || booted_at
  read -r NOW REST </proc/uptime
  [ "${NOW%.*}" -lt $((UNTIL + 300)) ]
}

# By PID 1 (proc_pid_stat(5), field 22, in hundredths): the clock of a container may be that of its machine, up for long.
booted_at() {
  UNTIL=0
  read -r STAT </proc/1/stat || return 0
  set -- ${STAT##*) }
  UNTIL=$((${20} / 100))
}

follow() {
  if [ ! -e "$DIR/journal" ]; then
    printf 'GONE\n'
    return
  fi
  while :; do
    ALIVE=ALIVE
    (exec 7>>"$DIR/alive" && flock -n 7) 2>/dev/null && ! is_pending && ALIVE=DEAD
    GROWN=$(find "$DIR/journal" -size "+${OFFSET}c")
    [ -z "$GROWN" ] && [ "$ALIVE" = ALIVE ] && [ "$TICK" -lt "$TICKS" ] || break
    TICK=$((TICK + 1))
    if [ "$TICK" -le 8 ]; then sleep 0.05; else sleep 0.25; fi
  done
  printf '%s\n' "$ALIVE"
  [ -z "$GROWN" ] || tail -c "+$((OFFSET + 1))" "$DIR/journal" | head -c 1048576 | base64 -w0
}
follow
