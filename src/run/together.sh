# Changes that each bring up a unit, begun one after the other and watched together. Needs frame.sh and settle.sh.
# What is known of each is in variables that end with its number.
STARTED=
WATCHED=
BROKEN=

# start_change NUMBER LEDGER-LINE: as change, but for what settle_later leaves to watch_started. The first that fails ends the
# run, when those before it have been watched to their ends.
start_change() {
  if [ -n "$STOPPED$FULL" ] || [ -e "$STATE/runs/$RUN/cancel" ]; then watch_started; fi
  go_on
  begin_change "$1" || {
    watch_started
    stop_run full
  }
  "change_$1"
  STATUS=$?
  if [ "$STATUS" -eq 0 ]; then
    eval "LINE_$1=\$2 UNIT_$1=\$UNIT WINDOW_$1=\$WINDOW FIRST_$1= RESTARTS_$1=\$NRestarts UP_$1= SINCE_$1=\$CHANGE_BEGUN"
    STARTED="$STARTED $1"
    return
  fi
  end_change "$1" "$STATUS"
  BROKEN=1
  watch_started
}

# settle_later UNIT SECONDS: in the place of settle. Restarts count from here on, and what starts after this one may start it anew.
settle_later() {
  UNIT=$1 WINDOW=$2
  look_at_unit
}

# watch_started: each has its whole window; what comes after goes on only when all of them held.
watch_started() {
  LEFT=$STARTED STARTED=
  begin_settling '' ''
  for NUMBER in $LEFT; do eval "TOLD_$NUMBER=\$TOLD"; done
  while [ -n "$LEFT" ]; do
    OPEN=
    for NUMBER in $LEFT; do
      WATCHED=$NUMBER
      watch_one "$NUMBER" || OPEN="$OPEN $NUMBER"
    done
    LEFT=$OPEN
    [ -z "$LEFT" ] || sleep 1
  done
  WATCHED=
  [ -z "$BROKEN" ] || fail_run
}

# watch_one NUMBER: ends its change, unless it is still open.
watch_one() {
  eval "LINE=\$LINE_$1 UNIT=\$UNIT_$1 WINDOW=\$WINDOW_$1 FIRST=\$FIRST_$1 FIRST_RESTARTS=\$RESTARTS_$1"
  eval "UP_SINCE=\$UP_$1 TOLD=\$TOLD_$1 CHANGE_BEGUN=\$SINCE_$1"
  if [ -n "$STOPPED" ]; then
    VERDICT=143
  else
    look_whether_up
    VERDICT=$?
  fi
  eval "FIRST_$1=\$FIRST UP_$1=\$UP_SINCE TOLD_$1=\$TOLD"
  [ "$VERDICT" -ne 2 ] || return 1
  [ "$VERDICT" -ne 0 ] || record "$LINE" || VERDICT=$?
  end_change "$1" "$VERDICT"
  [ "$VERDICT" -eq 0 ] || BROKEN=1
}

turn_to_unit() {
  [ -z "$WATCHED" ] || event TURN "$WATCHED"
}
