# Lays a run down on the host and starts it. Needs STATE, WORKS, MACHINE, RUN, NONCE, UNIT_OF_SYSTEMD, LIMIT, KEEP, KEEP_KIB.
# A run appears under its name by one rename, whole; whoever finds the name taken only follows.
RUNS=$STATE/runs
NEW=$RUNS/.new-$RUN.$$
NEW_WORK=$WORKS/.new-$RUN.$$
REFUSED=
THERE=

refuse() { REFUSED=${REFUSED:-$1}; }

prepare() {
  SAID=$(mkdir -p -- "$RUNS" "$WORKS" 2>&1) || refuse "$RUNS or $WORKS cannot be made: $SAID"
  # A login without a home of its own has no place for the lock, and is only kept apart by its state directory.
  mkdir -p -- "${MACHINE:-$HOME/.ashore}" 2>/dev/null
  if [ -e "$RUNS/$RUN" ]; then THERE=1; fi
  waste_nothing || return 0
  SAID=$(mkdir -- "$NEW" "$NEW_WORK" "$NEW_WORK/blobs" "$NEW_WORK/secrets" 2>&1) ||
    refuse "$NEW or $NEW_WORK cannot be made: $SAID"
}

waste_nothing() { [ -z "$REFUSED" ] && [ -z "$THERE" ]; }

# put FILE BASE64
put() {
  waste_nothing || return 0
  SAID=$( (printf %s "$2" | base64 -d >"$1") 2>&1) || refuse "$1 cannot be written: $SAID"
}

# put_blob DIGEST BASE64: bytes that did not arrive whole are not used.
put_blob() {
  put "$NEW_WORK/blobs/$1" "$2"
  waste_nothing || return 0
  SUM=$(sha256sum <"$NEW_WORK/blobs/$1")
  [ "${SUM%% *}" = "$1" ] || refuse "blob $1 did not arrive whole"
}

# put_secret SEAL SUM BASE64: in a file of its own that only this login may read (umask 077), and in no word of any command:
# printf is the shell's own.
put_secret() {
  put "$NEW_WORK/secrets/$1" "$3"
  waste_nothing || return 0
  SUM=$(sha256sum <"$NEW_WORK/secrets/$1")
  [ "${SUM%% *}" = "$2" ] || refuse 'a secret did not arrive whole'
}

# The shared lock on `alive` is held here until the run itself holds it, so nobody takes a run that is about to begin
# for one that was lost.
launch() {
  if waste_nothing; then
    # Random, so that no file system makes it smaller: the room in which a run on a full disk says its end.
    SAID=$(head -c 65536 /dev/urandom 2>&1 >"$NEW/reserve") || refuse "$NEW/reserve cannot be written: $SAID"
    printf '\n@@%s LAID %s\n' "$NONCE" "$(date -u +%FT%TZ)" >"$NEW/journal" || refuse "$NEW/journal cannot be written"
    exec 8>>"$NEW/alive"
    flock -s 8
    sync "$NEW/journal" "$NEW/script" "$NEW/run.json" "$NEW/reserve" "$NEW" || refuse "$NEW cannot be synced"
  fi
  if waste_nothing; then
    if mv -T -- "$NEW" "$RUNS/$RUN"; then
      rm -rf -- "${WORKS:?}/$RUN"
      mv -T -- "$NEW_WORK" "$WORKS/$RUN" || refuse "$WORKS/$RUN cannot be made"
    else
      THERE=1
      [ -e "$RUNS/$RUN/journal" ] || refuse "$RUNS/$RUN cannot be made"
    fi
  fi
  rm -rf -- "$NEW" "$NEW_WORK"
  if [ -n "$REFUSED" ]; then
    printf 'REFUSED %s\n' "$REFUSED"
    return
  fi
  if [ -z "$THERE" ]; then
    sync "$RUNS"
    start_script
    sweep
  fi
  printf 'LAID\n'
}

start_script() {
  if [ -n "$UNIT_OF_SYSTEMD" ] && [ -d /run/systemd/system ]; then
    systemd-run --quiet --collect --service-type=exec --unit="ashore-$RUN.service" \
      --description="Ashore run $RUN" -p KillMode=mixed -p OOMPolicy=continue -p "RuntimeMaxSec=$LIMIT" \
      -p "ExecStopPost=/bin/rm -rf $WORKS/$RUN" \
      /bin/sh "$RUNS/$RUN/script" </dev/null >>"$RUNS/$RUN/journal" 2>&1 8>&- || {
      rm -rf -- "${WORKS:?}/$RUN"
      return 0
    }
  else
    setsid timeout --foreground -k 60 "$LIMIT" /bin/sh "$RUNS/$RUN/script" </dev/null >>"$RUNS/$RUN/journal" 2>&1 8>&- &
  fi
  TRIES=0
  while [ ! -e "$RUNS/$RUN/started" ] && [ "$TRIES" -lt 200 ]; do
    TRIES=$((TRIES + 1))
    sleep 0.05
  done
}

# Runs beyond the last KEEP, or beyond KEEP_KIB together, and what dead runs left behind; never of one that still goes on.
# The names of runs hold nothing but letters, digits and dashes.
sweep() {
  (cd "$RUNS" && ls -1t | xargs -r du -sk -- | sweep_old)
  for OLD in "$WORKS"/*; do
    OLD=${OLD##*/}
    [ "$OLD" != "$RUN" ] || continue
    [ ! -e "$RUNS/$OLD" ] || is_dead "$OLD" || continue
    rm -rf -- "${WORKS:?}/$OLD"
  done
  find "$RUNS" "$WORKS" -maxdepth 1 -name '.new-*' -mmin +60 -exec rm -rf -- '{}' +
}

sweep_old() {
  COUNT=0 SUM=0
  while read -r SIZE OLD; do
    COUNT=$((COUNT + 1)) SUM=$((SUM + SIZE))
    [ "$COUNT" -gt "$KEEP" ] || [ "$SUM" -gt "$KEEP_KIB" ] || continue
    [ "$OLD" = "$RUN" ] || ! is_dead "$OLD" || rm -rf -- "./$OLD"
  done
}

is_dead() { [ ! -e "$RUNS/$1/guard/armed" ] && (exec 7>>"$RUNS/$1/alive" && flock -n 7) 2>/dev/null; }
