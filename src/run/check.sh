# check WORDS SECONDS UNITS PROBE ARGS: looks until what WORDS say is so, SECONDS at most, and tells what it waits for and
# what it saw last, every five seconds and whenever that changes. UNITS are watched meanwhile: one that has failed, or
# that died three times, ends the wait at once. Needs settle.sh, PROBE_TEXT, WORK and RUN_BEGUN.
# What a `measure` found is named in BASELINES. OVERDUE has the stacks whose checks an earlier run has left due.
# A cancel ends the wait as well, and sets CANCELLED.
# Status: 0 · 61 nothing answered · 62 another answer · 63 a unit failed · 64 a crash loop · 65 a limit of a bake was passed.
check() {
  WORDS=$1 WITHIN=$2 UNITS=$3 PROBE=$4 SEEN='nothing yet' LAST_TOLD='' AT='' WATCHED_AT=''
  shift 4
  read_clock
  CHECK_BEGUN=${NOW%.*} TOLD=$((${NOW%.*} - 99))
  [ "$PROBE" != measure ] || BASELINES="$BASELINES $4"
  remember_restarts
  while :; do
    read_clock
    SPENT=$((${NOW%.*} - CHECK_BEGUN))
    begin_probe "$@"
    while [ ! -s "$WORK/verdict" ]; do
      sleep 0.2
      tell_check
      watch_units || return
      [ -z "$STOPPED" ] || return 143
      [ -n "$FAILING" ] || [ ! -e "$STATE/runs/$RUN/cancel" ] || {
        CANCELLED=1
        return 143
      }
      kill -0 "$PROBE_ID" 2>/dev/null || break
    done
    # An answer that could not be written down, as where no room is left, is none.
    VERDICT=1
    [ ! -s "$WORK/verdict" ] || read -r VERDICT <"$WORK/verdict"
    [ "$VERDICT" -le 3 ] || VERDICT=1
    [ "$PROBE" != measure ] || VERDICT=0
    see_last
    [ "$VERDICT" -ne 0 ] || {
      read_clock
      printf '%s: %s, after %s s\n' "$WORDS" "$SEEN" "$((${NOW%.*} - CHECK_BEGUN))"
      return 0
    }
    [ "$VERDICT" -ne 3 ] || give_up 65 "$SEEN" || return
    tell_check
    watch_units || return
    [ "$SPENT" -lt "$WITHIN" ] || give_up "6$VERDICT" "not so within $WITHIN s; seen last: $SEEN" || return
    sleep 0.5
  done
}

# In a process of its own, so that the wait goes on being told. It is not to hold the lock of the host.
begin_probe() {
  rm -f "$WORK/verdict"
  : >"$WORK/seen"
  LEFT=$((WITHIN - SPENT))
  [ "$LEFT" -gt 0 ] || LEFT=1
  (
    "probe_$PROBE" "$@" >"$WORK/seen" 2>&1
    printf '%s\n' "$?" >"$WORK/verdict.new" && mv "$WORK/verdict.new" "$WORK/verdict"
  ) 6>&- 8>&- 9>&- &
  PROBE_ID=$!
}

probe_unit() {
  UNIT=$1
  look_at_unit || return 1
  printf '%s/%s, result %s\n' "$ActiveState" "$SubState" "${Result:-none}"
  [ "$LoadState" != not-found ] || return 1
  [ "$ActiveState" = active ]
}

# An answer takes five seconds at most, so that many are tried.
short() { if [ "$LEFT" -lt 5 ]; then printf %s "$LEFT"; else printf 5; fi; }

probe_tcp() { perl -e "$PROBE_TEXT" tcp "$(short)" "$@"; }

probe_http() { perl -e "$PROBE_TEXT" http "$(short)" "$WORK/answer" "$@"; }

# While checks are due, what runs may be the version that failed them: only the numbers of before that one count.
probe_measure() {
  KEEP=$WORK/$4
  case " $OVERDUE " in
    *" ${4#bake-} "*)
      [ -s "$STATE/$4" ] || {
        printf 'checks are due since an earlier deploy, and no numbers of before that are kept\n'
        return
      }
      cat <"$STATE/$4" >"$KEEP"
      perl -e "$PROBE_TEXT" kept "$KEEP"
      ;;
    *) perl -e "$PROBE_TEXT" measure "$WITHIN" "$KEEP" "$1" "$2" "$3" ;;
  esac
}

probe_bake() {
  HOST=$1 PORT=$2 URL_PATH=$3 KEEP=$WORK/$4
  shift 4
  perl -e "$PROBE_TEXT" bake "$WITHIN" "$KEEP" "$HOST" "$PORT" "$URL_PATH" "$UNITS" "$@"
}

probe_command() {
  bounded run_in / timeout -k 5 "$LEFT" "$@"
  STATUS=$?
  printf '(exit status %s)\n' "$STATUS"
  case $STATUS in
    0) return 0 ;;
    124 | 137) return 1 ;;
    *) return 2 ;;
  esac
}

# see_last: the last line that was seen, and for a command the one before its status, too.
see_last() {
  LINE=$(tail -n 2 "$WORK/seen")
  case $PROBE in
    command) SEEN=$(printf %s "$LINE" | tr '\n' ' ') ;;
    *) SEEN=${LINE##*
} ;;
  esac
  [ -n "$SEEN" ] || SEEN='nothing'
}

tell_check() {
  read_clock
  [ "$((${NOW%.*} - TOLD))" -ge 5 ] || [ "$SEEN" != "$LAST_TOLD" ] || return 0
  case $PROBE in measure | bake) see_last ;; esac
  LAST_TOLD=$SEEN TOLD=${NOW%.*}
  printf 'waiting: %s; seen last: %s; %s s of %s s\n' "$WORDS" "$SEEN" "$((TOLD - CHECK_BEGUN))" "$WITHIN"
}

remember_restarts() {
  AT=' '
  for UNIT in $UNITS; do
    look_at_unit >/dev/null || continue
    AT="$AT$UNIT=${NRestarts:-0} "
  done
}

# Once a second. Names of units hold no blanks, and set -f keeps the shell from taking them for patterns.
watch_units() {
  [ "$WATCHED_AT" != "${NOW%.*}" ] || return 0
  WATCHED_AT=${NOW%.*}
  for UNIT in $UNITS; do
    look_at_unit >/dev/null || continue
    WAS=${AT#*" $UNIT="}
    WAS=${WAS%% *}
    [ "$ActiveState" != failed ] || give_up 63 "$UNIT failed (result $Result, exit status $ExecMainStatus)" || return
    [ $((${NRestarts:-0} - ${WAS:-0})) -lt 3 ] || give_up 64 "$UNIT died and was started again $((NRestarts - WAS)) times (exit status $ExecMainStatus)" || return
  done
}

# give_up STATUS WHY: says why first, and then all that helps to see the cause.
give_up() {
  read_clock
  printf '%s: %s (%s s of %s s)\n' "$WORDS" "$2" "$((${NOW%.*} - CHECK_BEGUN))" "$WITHIN"
  [ "$PROBE" != command ] || tail -n 40 "$WORK/seen"
  [ ! -s "$WORK/answer" ] || [ "$1" != 62 ] || {
    printf 'the last answer:\n'
    cat "$WORK/answer"
    printf '\n'
  }
  case $PROBE in tcp | http) perl -e "$PROBE_TEXT" listen ;; esac
  sleep 1
  journalctl -q --sync
  journal_since "$RUN_BEGUN"
  for UNIT in $UNITS; do
    printf 'the journal of %s:\n' "$UNIT"
    unit_journal "$UNIT" 40 "$SINCE"
  done
  return "$1"
}
