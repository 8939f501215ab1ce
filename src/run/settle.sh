# settle UNIT SECONDS: whether a unit stays up. The exit status of `systemctl restart` is no proof: it is 0 for a program
# that is missing and for one that crashes again and again. Looks at once and then each second.
settle() {
  begin_settling "$1" "$2"
  while :; do
    [ -z "$STOPPED" ] || return 143
    look_whether_up
    VERDICT=$?
    [ "$VERDICT" -eq 2 ] || return "$VERDICT"
    sleep 1
  done
}

# begin_settling UNIT SECONDS
begin_settling() {
  UNIT=$1 WINDOW=$2 FIRST='' FIRST_RESTARTS='' UP_SINCE='' GIVE_UP=90
  read_clock
  BEGUN=${NOW%.*} TOLD=$BEGUN
}

# One look: 0 when it has stayed up for its window, 1 when it did not, 2 while nobody knows.
look_whether_up() {
  look_at_unit || return 1
  read_clock
  if [ -z "$FIRST" ]; then FIRST=$InvocationID; : "${FIRST_RESTARTS:=$NRestarts}"; fi
  case $LoadState in
    not-found) say_unit 'there is no such unit'; return 1 ;;
    masked) say_unit 'it is masked'; return 1 ;;
  esac
  case $ActiveState/$SubState in
    failed/*) say_unit 'it failed'; return 1 ;;
    */auto-restart*) say_unit 'it died and is being started again'; return 1 ;;
  esac
  if [ "$NRestarts" != "$FIRST_RESTARTS" ]; then say_unit 'it died and was started again'; return 1; fi
  if [ -n "$InvocationID" ] && [ "$InvocationID" != "$FIRST" ]; then say_unit 'it was started anew'; return 1; fi
  case $ActiveState in
    active | reloading | refreshing)
      : "${UP_SINCE:=${NOW%.*}}"
      [ $((${NOW%.*} - UP_SINCE)) -lt "$WINDOW" ] || return 0
      tell_settling "$((${NOW%.*} - UP_SINCE)) s of $WINDOW s"
      ;;
    inactive)
      if [ "$Type" = oneshot ] && [ "$Result" = success ]; then return 0; fi
      say_unit 'it ended'
      return 1
      ;;
    *)
      UP_SINCE=
      if [ $((${NOW%.*} - BEGUN)) -ge "$GIVE_UP" ]; then say_unit "it is not up after $GIVE_UP s"; return 1; fi
      tell_settling "$((${NOW%.*} - BEGUN)) s of $GIVE_UP s"
      ;;
  esac
  return 2
}

# Before a unit is spoken of; where several are watched, it says of which change it is.
turn_to_unit() { :; }

# Every five seconds.
tell_settling() {
  [ $((${NOW%.*} - TOLD)) -ge 5 ] || return 0
  TOLD=${NOW%.*}
  turn_to_unit
  printf 'waiting: %s stays up; seen last: %s/%s; %s\n' "$UNIT" "$ActiveState" "$SubState" "$1"
}

look_at_unit() {
  LoadState='' ActiveState='' SubState='' Result='' NRestarts='' InvocationID='' ExecMainStatus='' Type=''
  SHOWN=$(systemctl show --no-pager \
    -p LoadState,ActiveState,SubState,Result,NRestarts,InvocationID,ExecMainStatus,Type -- "$UNIT") || {
    turn_to_unit
    printf '%s: systemctl show failed\n%s\n' "$UNIT" "$SHOWN"
    return 1
  }
  OLD_IFS=$IFS
  IFS='
'
  for PROPERTY in $SHOWN; do
    case $PROPERTY in
      LoadState=*) LoadState=${PROPERTY#*=} ;;
      ActiveState=*) ActiveState=${PROPERTY#*=} ;;
      SubState=*) SubState=${PROPERTY#*=} ;;
      Result=*) Result=${PROPERTY#*=} ;;
      NRestarts=*) NRestarts=${PROPERTY#*=} ;;
      InvocationID=*) InvocationID=${PROPERTY#*=} ;;
      ExecMainStatus=*) ExecMainStatus=${PROPERTY#*=} ;;
      Type=*) Type=${PROPERTY#*=} ;;
    esac
  done
  IFS=$OLD_IFS
}

# What is said of a unit that did not stay up, and what its journal says since the change began. By time and not by
# invocation: of a program that has died already, journald may take the words for those of the next invocation.
say_unit() {
  turn_to_unit
  printf '%s: %s (%s/%s, result %s, exit status %s, restarts %s)\n' "$UNIT" "$1" \
    "$ActiveState" "$SubState" "${Result:-none}" "${ExecMainStatus:-none}" "${NRestarts:-0}"
  # The last words of a program that just died are still on their way into the journal.
  sleep 1
  journalctl -q --sync
  journal_since "$CHANGE_BEGUN"
  LOG=$(unit_journal "$UNIT" 50 "$SINCE")
  [ -n "$LOG" ] || LOG=$(unit_journal "$UNIT" 50)
  printf '%s\n' "$LOG"
  [ "$Result" != oom-kill ] || kernel_journal
}

# journal_since SECONDS: SINCE, for all that was said from that time since the boot on. The journal goes by the clock: where that was
# set forward during the run, so much earlier. Where it was set back, what was said before lies ahead, and is not left out.
journal_since() {
  read_clock
  FORWARD=$(($(date +%s) - CLOCK_BEGUN - ${NOW%.*} + RUN_BEGUN))
  [ "$FORWARD" -gt 0 ] || FORWARD=0
  SINCE=--since=-$((${NOW%.*} - $1 + FORWARD + 1))s
}

# Whom the kernel killed in the cgroup of UNIT, and how large that was: nothing of it is in the journal of the unit.
kernel_journal() {
  journalctl -q --no-pager -k -o short-iso "$SINCE" | grep -F -A 1 "/$UNIT,task" | tail -n 6
}

# unit_journal UNIT LINES [SINCE]: what -u shows (journalctl(1)), and what a process says of the unit before it becomes its
# program: that there is no such program. When it is gone already, journald no longer knows of which unit it was.
unit_journal() {
  journalctl -q --no-pager -n "$2" -o short-iso ${3:+"$3"} \
    "_SYSTEMD_UNIT=$1" + "UNIT=$1" + "OBJECT_SYSTEMD_UNIT=$1" + "COREDUMP_UNIT=$1"
}

# say_failed UNIT: after a command that did not bring it up; ends with the status of that command.
say_failed() {
  FAILED=$?
  UNIT=$1
  ! look_at_unit || say_unit 'it did not come up'
  return "$FAILED"
}
